"""How a lone manager kept its state before there was a replicated log: read once, to take it over."""

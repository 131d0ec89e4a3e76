"""gRPC reads its settings while it is loaded, so the package that makes them comes first."""

import warren.api

assert warren.api.are_suites_set()

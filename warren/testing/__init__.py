"""Fakes of the world outside Warren, for its tests and simulations: a disk that loses power."""

"""Fakes of the world outside Warren, for its tests and simulations: a host without SSH, a failing disk."""

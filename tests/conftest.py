"""Fixtures that every test may use. Helpers are in `tests/support`: import them from there."""

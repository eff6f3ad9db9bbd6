"""How many generated examples a law is tried with, where the profile's number would take long."""

from hypothesis import settings


def examples(number: int) -> int:
    """`number` in the suite, and ten times as many in `./run explore`."""
    return number * 10 if settings.get_current_profile_name() == "explore" else number

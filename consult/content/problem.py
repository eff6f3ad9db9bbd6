"""Something in an edition that has to be changed before an owner sees it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """``place`` is where an editor finds it (file and ids), ``message`` what to do about it."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

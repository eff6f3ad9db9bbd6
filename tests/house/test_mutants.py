"""The mutation test: it makes the changes that matter, one at a time, and leaves the rest alone."""

import ast

from tools.mutants import mutants_of

SOURCE = '''
"""Told apart."""
Level = Literal["low", "high"]

@dataclass(frozen=True)
class Firm:
    """A firm."""

    score: int | None = 50

    def high(self, cut: int) -> bool:
        if cut < 0:
            raise ValueError("below 0")
        return self.score >= cut
'''

CHANGES = [
    ("50", "51"),
    ("cut < 0", "not cut < 0"),
    ("Lt", "LtE"),
    ("0", "1"),
    ("return self.score >= cut", "return None"),
    ("GtE", "Gt"),
]


def test_what_decides_is_changed_once_in_its_place_and_what_only_speaks_is_not() -> None:
    found = [str(mutant) for mutant in mutants_of(ast.parse(SOURCE))]
    assert found == [f"{old}  ->  {new}" for old, new in CHANGES]
    original = ast.unparse(ast.parse(SOURCE)).splitlines()
    for number in range(len(CHANGES)):
        tree = ast.parse(SOURCE)
        list(mutants_of(tree))[number].apply()
        changed = ast.unparse(tree).splitlines()
        assert sum(old != new for old, new in zip(original, changed, strict=True)) == 1

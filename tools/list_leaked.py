"""Make `consult/staff/accounts/leaked_passwords.bin` from a list of passwords, one a line.

    python tools/list_leaked.py LIST.txt

The result is committed, so this runs only for a better list. Of shorter passwords than we let
people choose, nothing is kept.
"""

import argparse
from pathlib import Path

from consult.staff.accounts.passwords import (
    LEAKED_FILE,
    PASSWORD_MAX,
    PASSWORD_MIN,
    leaked_prefix,
)


def main() -> None:
    """Read the list that the command line names, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    lines = parser.parse_args().list.read_text("utf-8", errors="replace").split("\n")
    prefixes = {leaked_prefix(line) for line in lines if PASSWORD_MIN <= len(line) <= PASSWORD_MAX}
    LEAKED_FILE.write_bytes(b"".join(sorted(prefixes)))


if __name__ == "__main__":
    main()

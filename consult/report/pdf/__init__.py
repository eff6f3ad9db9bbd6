"""The PDF of a report: WeasyPrint, what it gets wrong, and the process that it runs in."""

import ctypes.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def libraries_by_name() -> Iterator[None]:
    """Import WeasyPrint inside: on Linux it asks no compiler then where its libraries are.

    It looks for them under names of Windows first, and for each of those Python runs `ldconfig`,
    `gcc` and `ld`: two fifths of what the import computes. The name on Linux is found without.
    """
    find_library = ctypes.util.find_library
    if sys.platform == "linux":
        ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = find_library

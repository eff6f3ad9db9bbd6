"""WeasyPrint, which is imported here and nowhere else.

It looks for its libraries under names of Windows first, and for each of them Python runs
`ldconfig`, `gcc` and `ld`: two fifths of what the import computes. The name that Linux has is
found without them.
"""

import ctypes.util
import sys

_find_library = ctypes.util.find_library
if sys.platform == "linux":
    ctypes.util.find_library = lambda name: None
try:
    from weasyprint import CSS, HTML, cssselect2
    from weasyprint.pdf import tags
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher
finally:
    ctypes.util.find_library = _find_library

__all__ = [
    "CSS",
    "HTML",
    "FatalURLFetchingError",
    "FontConfiguration",
    "URLFetcher",
    "cssselect2",
    "tags",
]

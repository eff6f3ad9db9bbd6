"""Templates compiled once for all processes of a run: all of them take two seconds of computing."""

import os
from contextlib import suppress
from types import CodeType

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from tests.support import TEMPLATES


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps what this process uses in memory, and what any compiled in the files of a folder."""

    def __init__(self, folder: str | None) -> None:
        self._is_shared = folder is not None
        self._code: dict[tuple[str, str], CodeType | None] = {}
        if folder is not None:
            super().__init__(folder)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill in the code of a template that is known."""
        key = (bucket.key, bucket.checksum)
        if key not in self._code and self._is_shared:
            super().load_bytecode(bucket)
            self._code[key] = bucket.code
        bucket.code = self._code.get(key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template that was compiled."""
        self._code[bucket.key, bucket.checksum] = bucket.code
        if self._is_shared:
            with suppress(OSError):  # such as in a test of a full disk
                super().dump_bytecode(bucket)


COMPILED = CompiledTemplates(os.environ.get(TEMPLATES))
"""For `Flask.jinja_options`."""

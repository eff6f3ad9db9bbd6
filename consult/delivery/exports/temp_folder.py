"""Folders for files in the making, which may hold what people wrote."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

_OLD_SECONDS = 86_400


@contextmanager
def scratch_folder(scratch: Path) -> Iterator[Path]:
    """A folder below `scratch` that only we may read, deleted with all in it on leaving."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        yield Path(folder)


def clear_scratch(scratch: Path) -> None:
    """Delete what a process that was killed left behind a day ago or earlier."""
    long_ago = time.time() - _OLD_SECONDS
    for folder in scratch.glob("*"):
        with suppress(FileNotFoundError):  # whoever made it is done with it by now
            if folder.stat().st_mtime < long_ago:
                shutil.rmtree(folder, ignore_errors=True)

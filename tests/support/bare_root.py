"""A bare root directory: what one Python process read and loaded, and nothing else of this machine.

Made for a test that the same work comes out the same where nothing else is installed. Python tells
which modules it read, and Linux which libraries it loaded; these are copied, and a process is
started with the copy as its root. That takes root's rights or a user namespace.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_TELL = """
import sys
_files = {file for module in list(sys.modules.values())
          for file in (getattr(module, "__file__", None), getattr(module, "__cached__", None))}
with open("/proc/self/maps") as _maps:
    _files.update(line.split(None, 5)[5].strip() for line in _maps if ".so" in line)
sys.stderr.write("\\n".join(sorted(filter(None, _files))))
"""
_ALWAYS = ("/etc/ld.so.cache", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")


def record(
    code: str, given: bytes, environment: dict[str, str], folder: Path
) -> tuple[bytes, list[Path]]:
    """What `code`, a Python program run in `folder`, writes, and the files that it took."""
    done = subprocess.run(
        [sys.executable, "-c", code + _TELL],
        input=given,
        capture_output=True,
        check=True,
        cwd=folder,
        env=environment,
    )
    return done.stdout, [Path(file) for file in done.stderr.decode().splitlines()]


def make(root: Path, files: Iterable[Path], trees: Iterable[Path]) -> None:
    """Fills `root` with what a Python program takes to run: the files that were recorded.

    `trees` are folders of which everything is needed, as files are not known that are only read.
    """
    for file in (*files, *map(Path, _ALWAYS), *_of_python()):
        _copy(file, root)
    for tree in trees:
        shutil.copytree(tree, root / str(tree).lstrip("/"), dirs_exist_ok=True)
    (root / "tmp").mkdir(exist_ok=True)  # made already when the project itself lies below /tmp


def may_enter() -> bool:
    if os.geteuid() == 0:
        return True
    return subprocess.run(["unshare", "-r", "true"], capture_output=True).returncode == 0


def run(root: Path, code: str, given: bytes, environment: dict[str, str]) -> bytes:
    """What `code` writes, run with `root` as its root directory and nothing but `environment`."""
    enter = ["chroot", str(root)] if os.geteuid() == 0 else ["unshare", "-r", "chroot", str(root)]
    done = subprocess.run(
        [*enter, sys.executable, "-c", code],
        input=given,
        stdout=subprocess.PIPE,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": "/tmp", **environment},  # noqa: S108 - in `root`
    )
    return done.stdout


def _of_python() -> list[Path]:
    """What the interpreter looks for before it can tell what it opens."""
    library = Path(os.__file__).parent
    binary = Path(sys.executable)
    chain = [binary]
    while chain[-1].is_symlink():
        chain.append(chain[-1].parent / chain[-1].readlink())
    start = (library / name for name in ("os.py", "site.py", "codecs.py", "io.py", "abc.py"))
    return [*chain, Path(sys.prefix, "pyvenv.cfg"), *start, *library.glob("encodings/*.py")]


def _copy(file: Path, root: Path) -> None:
    """Copies a file to its place under `root`; what is a link on the way becomes a folder."""
    place = root / str(file).lstrip("/")
    if file.is_absolute() and file.is_file() and not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)  # with its time, by which Python knows what it compiled
        if ".so." in file.name:  # it is asked for by another name: libz.so.1 for libz.so.1.2.13
            for other in file.parent.glob(f"{file.name.partition('.so.')[0]}.so.*"):
                _copy(other, root)

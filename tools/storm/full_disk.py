"""A small disk that can be filled, which only this process and those that it starts can see.

Root may mount one, and so may anyone where user namespaces are allowed; it goes with the process.
"""

import ctypes
import os
from pathlib import Path

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER
_RECURSIVE, _PRIVATE = 1 << 14, 1 << 18  # MS_REC, MS_PRIVATE
_DETACH = 2  # MNT_DETACH


class SmallDisk:
    """A disk of so many megabytes at a folder; mount it before any thread is started.

    `is_mounted` is False where the system allows no mount; then the folder is on the usual disk,
    and cannot be filled.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._ballast = folder / "ballast"
        folder.mkdir(parents=True)
        try:
            _own_mounts()
            _mount("tmpfs", str(folder), "tmpfs", 0, f"size={megabytes}m,mode=755")
        except OSError:
            self.is_mounted = False
        else:
            self.is_mounted = True

    def fill(self) -> None:
        """Take all room that is left, but for a few pages."""
        with self._ballast.open("wb") as file:
            room = os.statvfs(file.fileno())
            step, size = room.f_bavail * room.f_frsize, 0
            while step >= room.f_frsize:  # others write as well, so all at once may be too much
                try:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
                except OSError:
                    step //= 2

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        if self.is_mounted:
            _call("umount2", str(self._ballast.parent).encode(), _DETACH)


def _own_mounts() -> None:
    """Give this process mounts of its own; what it mounts is gone when it ends."""
    user, group = os.getuid(), os.getgid()
    if os.geteuid() == 0:
        _call("unshare", _NEW_MOUNTS)
    else:
        _call("unshare", _NEW_MOUNTS | _NEW_USER)
        me = Path("/proc/self")
        (me / "setgroups").write_text("deny")
        (me / "uid_map").write_text(f"{user} {user} 1")
        (me / "gid_map").write_text(f"{group} {group} 1")
    _mount("", "/", "", _RECURSIVE | _PRIVATE, "")


def _mount(source: str, folder: str, kind: str, flags: int, options: str) -> None:
    texts = [text.encode() or None for text in (source, folder, kind)]
    _call("mount", *texts, flags, options.encode() or None)


def _call(name: str, *arguments: object) -> None:
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except AttributeError as missing:  # not Linux
        raise OSError(f"this system has no {name}") from missing
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)

"""The secret key: created once, and stored in a file that only its owner can read."""

import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

SECRET_KEY_MIN_LENGTH = 32


class SettingsError(Exception):
    """A setting is missing or has a value that cannot be used; the text is for the operator."""


def stored_key(path: Path) -> str:
    """The key in a file, which is created if it does not exist.

    Raises SettingsError when the file cannot be read or written, or is damaged.
    """
    try:
        if not path.exists():
            _store_new_key(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the secret key cannot be stored or read: {error}") from error
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise SettingsError(f"{path} is damaged: delete it to get a new key")
    return key


def _store_new_key(path: Path) -> None:
    """Write a new random key; if another process creates one at the same time, the first wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A temporary file has mode 0600 from the start; a hard link never overwrites.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        with suppress(FileExistsError):
            path.hardlink_to(file.name)

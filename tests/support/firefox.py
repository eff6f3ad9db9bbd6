"""The machine's own Firefox, driven by Marionette: the protocol that Mozilla's driver speaks to it.

Playwright drives a Firefox of its own only, and one newer than Debian has; Mozilla's driver would
be a program more to install. Commands are those of WebDriver, as JSON over a local connection.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from tests.support.patience import patience, wait_until

COMMANDS = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
# Marionette itself turns off what phones home.
PREFERENCES = {
    "browser.startup.page": 0,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.newtabpage.enabled": False,
    "browser.sessionstore.resume_from_crash": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "extensions.enabledScopes": 0,
    "gfx.webrender.software": True,
    "marionette.port": 0,
    "toolkit.startup.max_resumed_crashes": -1,
}


def find_firefox() -> str:
    """The machine's Firefox. Fails with what to install when there is none."""
    for candidate in filter(None, (os.environ.get("FIREFOX"), *COMMANDS)):
        if found := shutil.which(candidate):
            return found
    raise AssertionError(
        "a browser test needs Firefox: install the package `firefox-esr` (Debian), `firefox` "
        "(Ubuntu, Fedora, brew), or name one in FIREFOX"
    )


class WebDriverError(Exception):
    """A command that Firefox refused, such as one to a page that is just being left."""


class Firefox:
    """One window. Scripts run in the page, or in the frame that was entered last."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file: BinaryIO = connection.makefile("rb")
        self._commands = 0
        self._receive()  # a greeting
        self.command("WebDriver:NewSession", capabilities={})

    def command(self, name: str, **fields: Any) -> Any:
        self._commands += 1
        sent = json.dumps([0, self._commands, name, fields]).encode()
        self._connection.sendall(b"%d:%b" % (len(sent), sent))
        _, _, error, result = self._receive()
        if error is not None:
            raise WebDriverError(f"{name}: {error['error']}: {error['message']}")
        return result.get("value", result) if isinstance(result, dict) else result

    def look(self, width: int, height: int) -> None:
        self.command("WebDriver:SetWindowRect", width=width, height=height)

    def open(self, address: str) -> None:
        self.command("WebDriver:Navigate", url=address)

    def enter(self, script: str) -> None:
        """Enter the frame that a script returns."""
        self.command("WebDriver:SwitchToFrame", id=None)
        self.command("WebDriver:SwitchToFrame", element=self.run(script))

    def leave(self) -> None:
        self.command("WebDriver:SwitchToFrame", id=None)

    def run(self, script: str, *given: Any) -> Any:
        fields = {"script": f"return ({script})", "args": list(given), "sandbox": None}
        return self.command("WebDriver:ExecuteScript", **fields)

    def wait(self, script: str, *given: Any) -> Any:
        """What a script returns once it is true, also on a page that is still to come."""

        def happened() -> Any:
            with suppress(WebDriverError):
                return self.run(script, *given)

        return wait_until(happened, script)

    def cookies(self) -> Any:
        return self.command("WebDriver:GetCookies")

    def _receive(self) -> Any:
        length = b""
        while (byte := self._file.read(1)) != b":":
            assert byte, "Firefox has gone"
            length += byte
        return json.loads(self._file.read(int(length)))


@contextmanager
def starting_firefox() -> Iterator[Callable[[], Firefox]]:
    """Start Firefox with a fresh profile and without a window on the screen.

    That takes seconds, in which others may go on; what it yields waits until it's there.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(
            TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        )
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items())
        Path(folder, "user.js").write_text("\n".join(lines))
        process = subprocess.Popen(
            [find_firefox(), "--headless", "--marionette", "--no-remote", "--profile", folder],
            env={**os.environ, "HOME": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(process.wait)
        stack.callback(os.killpg, process.pid, signal.SIGKILL)  # it has several processes

        def connect() -> Firefox:
            port = wait_until(lambda: _port(Path(folder)), "Firefox to start")
            address = ("127.0.0.1", port)
            return Firefox(stack.enter_context(socket.create_connection(address, patience(60))))

        yield connect


def _port(profile: Path) -> int:
    """The port that Firefox has chosen and written down; 0 until it has."""
    file = profile / "MarionetteActivePort"
    return int(file.read_text() or 0) if file.exists() else 0

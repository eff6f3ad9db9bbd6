"""The template engine, with one shortcut."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class FlatEnvironment(Environment):
    """Gives each template its globals as one plain dict, made when the template is loaded.

    Jinja chains two mappings, so that globals may change later, and compares them at each macro
    import. Ours never change once the app is made, and a question page gets a third faster.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals for a template that is being loaded."""
        return {**self.globals, **(d or {})}

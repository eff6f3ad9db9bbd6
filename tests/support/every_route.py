"""Every route of the app, with something behind each of its addresses."""

from functools import cached_property
from pathlib import Path

from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.staff.access_matrix import names_in_path
from tests.support.access_fixture import ADMIN, World
from tests.support.results import public_tokens


class Site:
    """An app with something behind each of its addresses, and an admin who may open them all."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.app = self.world.app
        invitation = self.world.objects(ADMIN)["token"]["own"]
        self.tokens = public_tokens(self.app) | {"/staff/": invitation}
        self.world.keep()

    def path_of(self, rule: Rule) -> str:
        objects = self.world.objects(ADMIN)
        values = {name: objects.get(name, {}).get("own") for name in names_in_path(rule)}
        token = next((t for start, t in self.tokens.items() if rule.rule.startswith(start)), None)
        known = {"token": token, "page_id": "who", "filename": "css/site.css", "name": "logo"}
        values |= {name: text for name, text in known.items() if name in values}
        return self.app.url_map.bind("localhost").build(rule.endpoint, values)

    @cached_property
    def pages(self) -> dict[str, str]:
        """The address of every route that can be opened, by its rule."""
        rules = [rule for rule in self.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
        return {rule.rule: self.path_of(rule) for rule in rules}

    @cached_property
    def usual(self) -> dict[str, int]:
        """What each page answers while all is well, by its rule."""
        self.world.restore()
        usual = {}
        for rule, path in self.pages.items():
            with self.ask("GET", path) as answer:
                usual[rule] = answer.status_code
        self.world.restore()
        return usual

    def ask(self, method: str, path: str) -> TestResponse:
        return self.world.ask(ADMIN, method, path, {})

"""What most processes of the tests do first, done once where they are forked from: import it there.

Editions are loaded, templates and addresses compiled, an owner answers, and a worker has work.
"""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.apps import deliver, make_app, services_of
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR

with TemporaryDirectory() as _folder:
    _app = make_app(Path(_folder))
    with closing(services_of(_app).database):
        Journey(PageClient(_app), BATON_ON_THE_FLOOR.answers).to_result()
        deliver(_app)

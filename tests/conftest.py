"""Fixtures that every test may use. Helpers are in `tests/support`: import them from there."""

import gc
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadScopeScheduling

from tests.support import TEMPLATES

# Tests in these folders work without the application, whose import takes seconds.
WITHOUT_APP = {"editing", "questionnaire", "report", "scoring", "settings", "workflow"}
WITH_APP = ("tests.support.databases", "tests.support.app_fixtures")
"""The fixtures that need it."""
TESTS = Path(__file__).parent

# A folder's own conftest, which is loaded first, may import them too.
pytest.register_assert_rewrite(*WITH_APP)

_GENERATES = {"given", "run_state_machine_as_test"}

# What takes longest comes first, so that no worker is left with it at the end.
_LONGEST = ("tests/browser/", "tests/storm/", "tests/benchmarks/", "tests/house/")

_MOST_SECONDS = 5
"""Of a file: whoever changes something waits for its tests."""

_NO_TIME = 0.005
"""Seconds; `--durations` doesn't list less."""

# An app leaves many objects behind; checking all of them often took a fifth of the time.
gc.set_threshold(100_000, 20, 50)

# The suite tries the same generated examples in every run, so it never fails by luck.
# `./run explore` looks for new ones and prints how to reproduce a failure. Slowness is not one.
hypothesis_settings.register_profile("suite", deadline=None, derandomize=True, max_examples=30)
hypothesis_settings.register_profile(
    "explore", deadline=None, derandomize=False, max_examples=300, print_blob=True
)
hypothesis_settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of `./run test` beside pytest's own."""
    parser.addoption(
        "--every-look",
        action="store_true",
        help="look at every page state in all widths and colors, and at each firm’s report",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures that need the application, unless only other tests were asked for."""
    if TEMPLATES not in os.environ:
        folder = TemporaryDirectory(prefix="templates-")
        os.environ[TEMPLATES] = folder.name
        config.add_cleanup(folder.cleanup)
    if config.getoption("numprocesses", None):
        return  # the processes that this one starts run the tests
    asked = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    folders = {path.relative_to(TESTS).parts[0] for path in asked if TESTS in path.parents}
    if folders - WITHOUT_APP or not all(TESTS in path.parents for path in asked):
        for plugin in WITH_APP:
            config.pluginmanager.import_plugin(plugin)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Give all tests of a file to the same worker, and all browser tests to one.

    What a file sets up once is then set up once, and there are one browser and one site.
    """
    config.option.loadscopereorder = False  # by numbers of tests; see `_LONGEST`
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _shares_fixtures
    return scheduler


def _shares_fixtures(test_id: str) -> str:
    file = test_id.partition("::")[0]
    return "browser" if file.startswith("tests/browser/") else file


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; mark also tests that generate examples inside, on a database."""
    items.sort(key=lambda item: [not item.nodeid.startswith(one) for one in _LONGEST])
    for item in items:
        code = getattr(getattr(item, "function", None), "__code__", None)
        if code and not _GENERATES.isdisjoint(code.co_names):
            item.add_marker("hypothesis")


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Report of a test that passed that it did, and no set-up or clean-up that took no time.

    With pytest-xdist, to send and take six messages per test took a third of what many tests do.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return None
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        if report.when == "call" or not report.passed or report.duration > _NO_TIME:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the files that took too long: on an idle machine, those are to be divided."""
    seconds: dict[str, float] = defaultdict(float)
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            seconds[report.nodeid.partition("::")[0]] += report.duration
    for file, taken in seconds.items():
        if taken > _MOST_SECONDS:
            terminalreporter.write_line(f"{file} took {taken:.1f} s, more than {_MOST_SECONDS}")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what every test needs."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    """Set aside what tests fork processes from, while there is no thread and nothing is caught."""
    if forks := sys.modules.get("tests.support.forks"):
        forks.forks()
    return (yield)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """A developer's own settings have no say in what the tests find."""
    for name in [name for name in os.environ if name.startswith("CONSULT_")]:
        del os.environ[name]

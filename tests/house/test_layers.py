"""The ground floor stands on almost nothing, and every module is used."""

import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]

MAY_STAND_ON = {"consult.questionnaire": {"yaml"}, "consult.scoring": set[str]()}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("consult", include_external_packages=True, cache_dir=None)


@pytest.mark.parametrize("floor", MAY_STAND_ON)
def test_the_ground_floor_imports_no_framework(graph: grimp.ImportGraph, floor: str) -> None:
    modules = {floor} | graph.find_descendants(floor)
    imported = {
        target.partition(".")[0]
        for module in modules
        for target in graph.find_modules_directly_imported_by(module)
    }
    foreign = imported - {"consult"} - sys.stdlib_module_names
    assert foreign <= MAY_STAND_ON[floor]


def test_every_module_is_used(graph: grimp.ImportGraph) -> None:
    """A module that nothing imports is dead, unless something finds it by its name."""
    alone = {
        module
        for module in graph.modules
        if module.startswith("consult.")
        and not graph.find_modules_that_directly_import(module)
        and not graph.find_children(module)
        and not found_by_name(module)
    }
    assert not alone


def found_by_name(module: str) -> bool:
    """Commands, migrations and editions are looked up; some modules are programs."""
    if module.startswith(("consult.commands.", "consult.storage.migrations.")):
        return True
    if module.startswith("consult.questionnaire.editions."):
        return True
    source = ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text("utf-8")
    return module.endswith("__main__") or 'if __name__ == "__main__":' in source

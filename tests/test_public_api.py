"""The names other code is written against."""

from __future__ import annotations

import importlib.metadata
import inspect
import tomllib
from pathlib import Path

import pytest

import qtrain

CONTRACT = {
    "diagnose", "dla", "dla_growth", "light_cone", "gradient_variance", "simulability", "scaling", "fit_decay", "search", "load",
    "symmetrize", "local", "remove_dead", "TrainableAnsatz", "TrainableQNNClassifier", "Architecture", "Budget", "SearchSpace",
    "SearchResult", "GradientStats", "DLAResult", "DLAGrowth", "LightCone", "Simulability", "Scaling", "DecayFit",
    "TrainabilityReport", "RegistryEntry", "QTrainError",
}  # fmt: skip
KEYWORDS = {
    "diagnose": {"initialization", "noise", "shots", "budget", "seed"},
    "dla": {"observable", "max_dimension", "seconds"},
    "dla_growth": {"observable", "budget"},
    "gradient_variance": {"method", "initialization", "noise", "samples", "seed"},
    "search": {"storage", "n_trials", "n_jobs", "tracking_uri", "seed"},
}


def test_contract_is_exported():
    assert set(qtrain.__all__) >= CONTRACT
    assert set(dir(qtrain)) >= set(qtrain.__all__)


@pytest.mark.parametrize("name", sorted(set(qtrain.__all__) - {"__version__"}))
def test_every_name_loads_and_is_documented(name):
    value = getattr(qtrain, name)
    assert callable(value) or inspect.ismodule(value), name
    assert (inspect.getdoc(value) or "").strip(), f"{name} has no docstring"


@pytest.mark.parametrize("name", sorted(KEYWORDS))
def test_options_are_keyword_only(name):
    parameters = inspect.signature(getattr(qtrain, name)).parameters
    keyword_only = {p.name for p in parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    assert keyword_only >= KEYWORDS[name]


def test_only_public_names_are_listed():
    assert set(dir(qtrain)) == set(qtrain.__all__)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="No qtrain attribute barren|no attribute 'barren'"):
        qtrain.barren  # noqa: B018


def test_no_package_bears_the_name_of_a_verb():
    """Importing a submodule binds it in its package, over the verb."""
    both = {p.stem for p in Path(qtrain.__file__).parent.iterdir()} & set(qtrain.__all__)
    assert all(inspect.ismodule(getattr(qtrain, name)) for name in both), both


def test_version_and_entry_points_agree_with_the_project_file(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert project["version"] == qtrain.__version__
    groups = project["entry-points"] | {"console_scripts": project["scripts"]}
    for group, entries in groups.items():
        installed = {e.name: e for e in importlib.metadata.entry_points(group=group)}
        for name, target in entries.items():
            assert installed[name].value == target
            assert callable(installed[name].load())


def test_wrong_input_is_a_value_error():
    assert issubclass(qtrain.QTrainError, ValueError)
    with pytest.raises(qtrain.QTrainError, match=r"seconds should be positive. Got 0."):
        qtrain.Budget(seconds=0)


def test_functions_that_use_qtrain_travel_to_other_processes():
    import cloudpickle

    import qtrain

    assert cloudpickle.loads(cloudpickle.dumps(qtrain)) is qtrain

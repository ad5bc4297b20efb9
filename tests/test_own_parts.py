"""Searches with parts of the user's own: objectives as functions; Optuna's sampler, pruner and study."""

from __future__ import annotations

import matplotlib
import optuna
import pytest
from fake_study import essence

import qtrain
from qtrain.errors import QTrainError
from qtrain.studies.objectives import OBJECTIVES, Objective, own_objectives
from qtrain.studies.propose.samplers import SAMPLERS, adopt_sampler
from qtrain.studies.spec.search_spec import read_spec

SPEC = {
    "name": "own", "qubits": 3, "task": {"kind": "tfim"}, "trials": 12, "batch": 6, "constraints": {"max_dead_fraction": 1.0},
    "space": {"layers": [1], "repetitions": [1, 2]}, "objectives": {"use": ["task_loss", "two_qubit_depth"]},
    "training": {"steps": 12, "starts": 1}, "limits": {"seconds": 300},
}  # fmt: skip


@pytest.fixture(autouse=True)
def rows():
    """Here alone: other tests see the tables as the package makes them."""
    yield
    for table, mine in ((OBJECTIVES, ("own_gates", "own_energy")), (SAMPLERS, [n for n in SAMPLERS if n.startswith("optuna:")])):
        for name in mine:
            if name in table:
                table.remove(name)


def test_objectives_as_functions_reach_the_workers():
    weight = 2.0
    own = {
        "own_gates": lambda c: weight * c.circuit.size(),
        "own_energy": Objective("", "maximize", "training", lambda c: -c.metrics["energy"]),
    }
    spec = SPEC | {"trials": 6, "objectives": {"own": own, "use": ["task_loss", "own_gates", "own_energy"]}}
    result = qtrain.search(spec, tracking_uri="off")
    assert result.directions == ("minimize", "minimize", "maximize") and result.counts["failed"] == 0
    for trial in result.trials:
        if trial.state == "complete":
            family = qtrain.Architecture.from_dict(dict(trial.architecture))
            assert trial.objectives["own_gates"] == 2.0 * family.circuit(3).size()
            assert trial.objectives["own_energy"] == -trial.metrics["energy"]
    assert len(qtrain.search(spec, tracking_uri="off").trials) == 6  # the same functions: it goes on
    weight = 3.0
    with pytest.raises(QTrainError, match="Got other values for objectives.own"):
        qtrain.search(spec, tracking_uri="off")
    read = read_spec(result.spec.to_dict())
    assert read == result.spec and read.objectives.own[0][0] == "own_gates"


@pytest.mark.parametrize("own, message", [
    ({"trainability": len}, "names that are free. Got 'trainability'"), ({"own_gates": 3}, "should be a function of a candidate. Got 3"),
    ({"a b": len}, "letters, digits"), ({"own_gates": Objective("", "sideways", "training", len)}, "direction should be one of"),
])  # fmt: skip
def test_bad_objectives_are_one_sentence(own, message):
    with pytest.raises(QTrainError, match=message) as caught:
        own_objectives(own)
    assert "\n" not in str(caught.value)


def test_a_study_a_sampler_and_a_pruner_of_the_users_own():
    """The trials are in the study, with names; the result depends on neither jobs nor where it is kept."""
    matplotlib.use("Agg")
    study = optuna.create_study(directions=["minimize", "minimize"])
    options = {"sampler": optuna.samplers.NSGAIISampler, "pruner": optuna.pruners.MedianPruner(n_startup_trials=2), "tracking_uri": "off"}
    result = qtrain.search(SPEC, study=study, **options)
    other = qtrain.search(SPEC, n_jobs=2, name="other", **options)
    assert essence(result) == essence(other) and result.spec.sampler == "optuna:NSGAIISampler"
    assert any("MedianPruner ended it at step" in t.reason for t in result.trials)
    assert len(study.trials) == 12 and study.metric_names == ["task_loss", "two_qubit_depth"]
    assert {t.number for t in study.best_trials} <= {t.number for t in result.trials if t.state == "complete"}
    for trial, ours in zip(study.trials, result.trials, strict=True):
        assert trial.user_attrs["architecture"] == str(qtrain.Architecture.from_dict(dict(ours.architecture)))
        assert trial.user_attrs.get("reason", "") == ours.reason
    assert list(study.trials_dataframe()["values_task_loss"].dropna()) == [t.objectives["task_loss"] for t in result.trials if t.objectives]
    plots = optuna.visualization.matplotlib
    assert plots.plot_pareto_front(study).get_xlabel() == "task_loss"
    for draw in (plots.plot_optimization_history, plots.plot_slice, plots.plot_edf, plots.plot_parallel_coordinate):
        draw(study, target=lambda t: t.values[0], target_name="task_loss")
    plots.plot_timeline(study)
    assert set(optuna.importance.get_param_importances(study, target=lambda t: t.values[0])) <= {k for t in study.trials for k in t.params}


def test_a_study_of_one_objective_has_its_curves():
    study = optuna.create_study()
    spec = SPEC | {"objectives": {"use": ["task_loss"]}, "trials": 6}
    qtrain.search(spec, study=study, pruner=optuna.pruners.NopPruner(), tracking_uri="off")
    assert study.best_value == min(t.value for t in study.trials if t.value is not None)
    assert all(len(t.intermediate_values) == 12 for t in study.trials if t.state.name == "COMPLETE")


@pytest.mark.parametrize("options, message", [
    ({"study": lambda: optuna.create_study()}, "directions of the objectives, minimize task_loss, minimize two_qubit_depth. Got minimize"),
    ({"study": lambda: optuna.create_study(directions=["minimize"] * 2), "storage": lambda: "x.journal"}, "Got both"),
    ({"sampler": lambda: 3}, "an Optuna sampler, or a function"), ({"sampler": lambda: "nsga4"}, "nsga4"),
    ({"sampler": lambda: (lambda seed: "no")}, "make an Optuna sampler of a seed. Got 'no'"), ({"sampler": lambda: (lambda: 0)}, "Got TypeError"),
    ({"pruner": lambda: "median"}, "a pruner of Optuna"), ({"seconds": lambda: 0}, "positive number"),
])  # fmt: skip
def test_parts_that_do_not_fit_are_one_sentence(options, message):
    with pytest.raises(QTrainError, match=message) as caught:
        qtrain.search(SPEC, tracking_uri="off", **{name: make() for name, make in options.items()})
    assert "\n" not in str(caught.value)


def test_a_study_with_foreign_trials_is_refused():
    study = optuna.create_study(directions=["minimize", "minimize"])
    study.add_trial(optuna.trial.create_trial(values=[0.0, 0.0]))
    with pytest.raises(QTrainError, match="should hold no foreign study"):
        qtrain.search(SPEC, study=study, tracking_uri="off")


def test_samplers_by_class_function_and_object():
    for sampler in (optuna.samplers.TPESampler, lambda seed: optuna.samplers.TPESampler(seed=seed), optuna.samplers.TPESampler(seed=1)):
        name = adopt_sampler(sampler)
        assert isinstance(SAMPLERS[name].build(3), optuna.samplers.TPESampler) and not SAMPLERS[name].children
    assert adopt_sampler("random") == "random"

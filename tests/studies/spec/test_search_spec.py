"""Specs: every unknown key named, every bad value one sentence, plain data and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.studies.spec.search_spec import SCHEMA, SearchSpec, read_spec

GOOD = {"name": "t", "qubits": 4, "task": {"kind": "tfim"}}


def test_defaults_and_round_trip():
    spec = read_spec(GOOD)
    assert (spec.trials, spec.batch, spec.seed, spec.training.steps, spec.training.starts) == (100, 8, 0, 100, 3)
    assert spec.device is None and spec.winner.rule == "lexicographic"
    assert read_spec(spec) is spec
    assert read_spec(json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize("folder", ["001_tfim_heavy_hex", "002_breast_cancer_qnn"])
def test_the_experiments_specs_read_and_round_trip(folder):
    spec = read_spec(REPOSITORY / "experiments" / folder / "config.toml")
    assert read_spec(json.loads(json.dumps(spec.to_dict()))) == spec


def test_every_unknown_key_is_named_at_once():
    bad = GOOD | {"trails": 5, "space": {"reps": 2}, "task": {"kind": "tfim", "delta": 1}, "device": {"nme": "x"}}
    with pytest.raises(QTrainError) as caught:
        read_spec(bad)
    for key in ("'trails' (did you mean 'trials'?)", "'space.reps'", "'task.delta'", "'device.nme'"):
        assert key in str(caught.value)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"name": "a/b"}, "name should be letters"),
        ({"qubits": 0}, "qubits should be a whole number, from 1 to 1000. Got 0."),
        ({"qubits": True}, "qubits should be a whole number"),
        ({"qubits": 1}, "qubits should be at least 2 for the task 'tfim'"),
        ({"trials": 0}, "trials should be a whole number, at least 1. Got 0."),
        ({"trials": 1.5}, "trials should be a whole number, at least 1. Got 1.5."),
        ({"seed": -1}, "seed should be a whole number"),
        ({"sampler": "magic"}, "sampler should be one of 'evolution', .* Got 'magic'."),
        ({"task": {"kind": "factoring"}}, "task.kind should be one of .*'tfim'"),
        ({"task": 7}, "task should be a table with a kind"),
        ({"task": {"kind": "tfim", "field": "strong"}}, "task.field should be a finite number. Got 'strong'."),
        ({"task": {"kind": "tfim", "field": float("nan")}}, "task.field should be a finite number"),
        ({"objectives": {"use": []}}, "objectives.use should be a list with at least one value"),
        ({"objectives": {"use": ["task_loss", "task_loss"]}}, "should not repeat a value"),
        ({"objectives": {"use": ["speed"]}}, r"objectives.use\[0\] should be one of"),
        ({"objectives": {"quantile": 1.5}}, "objectives.quantile should be a finite number, at least 0 and at most 1"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate should be a finite number, above 0. Got 0."),
        ({"limits": {"seconds": -1}}, "limits.seconds should be a finite number, above 0"),
        ({"device": {}}, "device should have exactly one of name, edges, topology. Got none of them."),
        ({"device": {"name": "FakeTorino", "topology": "line"}}, "exactly one of"),
        ({"device": {"edges": [[0, 0]]}}, r"device.edges\[0\] should join two different qubits"),
        ({"device": {"edges": [[0, -1]]}}, r"device.edges\[0\] should be a pair of different whole numbers"),
        ({"device": {"name": "FakeTorino", "qubits": [1, 2]}}, "device.qubits should name 4 qubits. Got 2."),
        ({"winner": {"order": ["parameters"]}}, "winner.order should hold objectives of objectives.use"),
        ({"winner": {"rule": "weighted"}}, "winner.weights should be given"),
        ({"winner": {"weights": {"speed": 1}}}, "winner.weights should be a table of numbers"),
        ({"space": {"repetitions": ["often"]}}, r"space.repetitions\[0\]"),
        ({"start": [3]}, "start should list files"),
        ({"growth": {"share": 0.5}, "objectives": {"use": ["algebra"]}}, "growth.share should be 0 where no objective"),
        ({"training": {"halving": 2}}, "training.aggregate should be 'best' where training.halving is above 1"),
        ({"space": []}, r"space should be a table of keys and values. Got \[\]."),
    ],
)
def test_bad_values_are_one_sentence(change, message):
    with pytest.raises(QTrainError, match=message) as caught:
        read_spec(GOOD | change)
    assert "\n" not in str(caught.value)


def test_missing_keys_are_named():
    for name in GOOD:
        with pytest.raises(QTrainError, match=f"{name} should be given"):
            read_spec({k: v for k, v in GOOD.items() if k != name})


@pytest.mark.parametrize("content, message", [
    (b"name = ", "should be valid TOML"),
    (b"\xff\xfe", "should be a readable TOML file"),
    (b"", "name should be given"),
])  # fmt: skip
def test_bad_files_are_one_sentence(content, message):
    Path("s.toml").write_bytes(content)
    with pytest.raises(QTrainError, match=message):
        read_spec("s.toml")


def test_absent_file_and_other_types():
    with pytest.raises(QTrainError, match="should be a TOML file that exists. Got 'absent.toml'"):
        read_spec("absent.toml")
    with pytest.raises(QTrainError, match="should be a TOML file, a dict or a SearchSpec. Got int."):
        read_spec(3)


def test_identity_leaves_out_what_changes_no_trial():
    spec = read_spec(GOOD)
    for change in ({"trials": 7}, {"limits": {"seconds": 3}}, {"winner": {"rule": "knee"}}):
        assert read_spec(GOOD | change).content_id() == spec.content_id()
    for change in ({"seed": 7}, {"batch": 3}, {"training": {"steps": 3}}, {"qubits": 5}):
        assert read_spec(GOOD | change).content_id() != spec.content_id()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)),
       st.sampled_from(sorted(SearchSpec.model_fields)))  # fmt: skip
def test_any_value_gives_a_spec_or_one_sentence(value, name):
    try:
        spec = read_spec(GOOD | {name: value})
    except QTrainError as error:
        assert str(error).endswith((".", ")")) and len(str(error)) > 10
    else:
        assert read_spec(spec.to_dict()) == spec


def test_everything_that_is_wrong_is_said_at_once():
    bad = {"name": "a/b", "qubits": 2.5, "task": {"kind": "tfim", "fild": 1, "graph": "donut"}, "trials": "many",
           "objectives": {"quantile": 2}, "constraints": {"max_sped": 1.0}, "winner": {"rule": "luck"}}  # fmt: skip
    with pytest.raises(QTrainError) as caught:
        read_spec(bad)
    for words in (
        "known keys only. Got 'task.fild' (did you mean 'task.field'?), 'constraints.max_sped'.",
        "name should be letters", "qubits should be a whole number, from 1 to 1000. Got 2.5.",
        "task.graph should be one of 'line', 'ring', 'complete', 'heavy_hex', 'device'. Got 'donut'.", "trials should be a whole number",
        "objectives.quantile should be a finite number, at least 0 and at most 1. Got 2.",
        "winner.rule should be one of 'lexicographic', 'knee', 'weighted'. Got 'luck'.",
    ):  # fmt: skip
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_objective_is_a_constraint_too():
    spec = read_spec(GOOD | {"constraints": {"min_hardware_cost": 0.5, "max_dead_fraction": 0.5}})
    assert spec.constraints.limit("min", "hardware_cost") == 0.5 and spec.constraints.limit("max", "speed") is None
    assert read_spec(spec.to_dict()) == spec
    with pytest.raises(QTrainError, match=r"constraints.min_hardware_cost should be a finite number. Got 'low'."):
        read_spec(GOOD | {"constraints": {"min_hardware_cost": "low"}})


def test_small_alone_is_the_older_name_of_a_gaussian():
    spec = read_spec(GOOD | {"training": {"initialization": "small"}})
    assert spec.training.initialization == "gaussian:0.1" and spec == read_spec(GOOD)
    assert read_spec(GOOD | {"training": {"initialization": "small:0.2"}}).training.initialization == "small:0.2"
    for bad in ("identity-block", "gaussian", "small:-1", "tiny"):
        with pytest.raises(QTrainError, match="initialization should be .uniform"):
            read_spec(GOOD | {"training": {"initialization": bad}})


def test_the_schema_beside_the_code_is_current():
    """In a process of its own: other tests add rows."""
    code = "from qtrain.studies.spec.search_spec import SCHEMA, schema; assert SCHEMA.read_text('utf-8') == schema()"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY)
    assert made.returncode == 0, "write it again: python -m qtrain.studies.spec.search_spec"
    described = json.loads(SCHEMA.read_text("utf-8"))
    assert {"name", "qubits", "task"} == set(described["required"])
    assert set(described["properties"]["task"]["discriminator"]["mapping"]) >= {"tfim", "classification"}


def test_numpy_numbers_are_refused_with_their_name():
    with pytest.raises(QTrainError, match="qubits should be a whole number"):
        read_spec(GOOD | {"qubits": np.float64(4.0)})

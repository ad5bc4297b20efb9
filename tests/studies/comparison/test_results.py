"""What figures say: verdicts against known numbers, energies without a known ground state, the round trip."""

from __future__ import annotations

import json

import pytest

from qtrain.errors import QTrainError
from qtrain.studies.comparison.results import Benchmark


def runs(**losses):
    return {
        name: {s: {"loss": x, "retrained": 2 * x, "retrained_best": x} for s, x in enumerate(row)}
        for name, row in losses.items()
    }


def test_wins_ties_and_losses_are_named_and_the_best_rival_is_the_lowest():
    found = Benchmark("t", (0, 1, 2), False, runs(search=[1e-3, 2e-3, 1e-3], good=[1e-4, 2e-4, 1e-4],
                                                  bad=[1e-2, 2e-2, 1.1e-2], even=[2e-3, 1e-3, 1e-3]))  # fmt: skip
    assert found.best_rival == "good" and found.verdict.verdict == "loss"
    assert (found.named("win"), found.named("tie"), found.named("loss")) == (("bad",), ("even",), ("good",))
    said = found.sentences()
    assert said[0].startswith("The search loses to the best rival, good")
    assert said[1] == "Lost to: good (0.1 [0.1, 0.1])."
    assert found.mean("search") == pytest.approx(2e-9 ** (1 / 3))
    assert Benchmark.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_rival_without_all_runs_is_no_rival():
    half = runs(search=[1.0, 1.0], part=[0.1])
    found = Benchmark("t", (0, 1), False, half, {"part": {1: "it fell over."}})
    assert found.rivals == () and found.sentences()[0].startswith("Fewer than two runs, or no rival")


def test_without_an_exact_energy_errors_are_taken_from_the_lowest_one():
    found = Benchmark("t", (0, 1), False, runs(search=[-10.0, -9.0], rival=[-9.9, -9.0]), exact=False)
    assert found.losses("search") == [0.0, 0.0]
    assert found.losses("rival") == pytest.approx([0.01, 0.0])


def test_other_files():
    with pytest.raises(QTrainError, match="results should be a comparison's"):
        Benchmark.from_dict({"format": 7})
    with pytest.raises(QTrainError, match="results should be a file of qtrain compare"):
        Benchmark.load("nowhere.json")

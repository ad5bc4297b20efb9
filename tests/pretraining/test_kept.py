"""A pre-training that is killed, or out of time, has its best angles on file, and goes on from them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from qiskit.circuit.library import real_amplitudes

import qtrain
from qtrain.architecture.hva import hva
from qtrain.simulators.truncated.followed import Followed
from qtrain.studies.tasks.spin_models import spin_model

LONG = """
import qtrain, sys
from qtrain.architecture.hva import hva
from qtrain.pretraining import kept
from qtrain.studies.tasks.spin_models import spin_model
kept.EVERY = 0.0
operator = spin_model(40, [(q, q + 1) for q in range(39)], z=-1.0, x=-0.4, field_x=-1.0)
circuit = hva(operator, reps=2, sharing="independent", initial="h").circuit(40)
qtrain.pretrain(circuit, operator, start=[0.1] * circuit.num_parameters, steps=10**6, width=None, keep=sys.argv[1])
"""


def _tfim(n):
    return spin_model(n, [(q, q + 1) for q in range(n - 1)], z=-1.0, field_x=-1.0)


def test_a_call_that_was_killed_is_repeated(tmp_path):
    """Killed by the system in the middle of a descent: the file holds what it had found, and the next call begins there."""
    file = tmp_path / "kept.json"
    run = subprocess.Popen([sys.executable, "-c", LONG, str(file)])
    for _ in range(1200):
        if file.exists() and json.loads(file.read_text())["gradients"] >= 5:
            break
        assert run.poll() is None
        time.sleep(0.05)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    left = json.loads(file.read_text())  # whole, whenever it was killed
    operator = spin_model(40, [(q, q + 1) for q in range(39)], z=-1.0, x=-0.4, field_x=-1.0)
    circuit = hva(operator, reps=2, sharing="independent", initial="h").circuit(40)
    found = qtrain.pretrain(circuit, operator, start=[0.1] * circuit.num_parameters, steps=left["gradients"] + 2, width=None,
                            keep=file)  # fmt: skip
    assert found.way == "angles on file"
    assert found.evaluations == left["gradients"] + 2
    assert found.loss <= left["loss"] + 1e-9
    there = qtrain.pretrain(circuit, operator, start=left["angles"], steps=0, width=None)
    assert there.loss == pytest.approx(left["loss"], abs=1e-9)  # the angles are those of the energy


def test_out_of_time_the_best_is_returned_and_kept(tmp_path):
    file = tmp_path / "kept.json"
    circuit = real_amplitudes(6, reps=2)
    begin = np.random.default_rng(1).uniform(-1, 1, circuit.num_parameters)
    found = qtrain.pretrain(circuit, _tfim(6), start=begin, seconds=1e-6, width=None, keep=file)
    assert found.evaluations == 1
    np.testing.assert_array_equal(json.loads(file.read_text())["angles"], found.angles)
    again = qtrain.pretrain(circuit, _tfim(6), start=begin, steps=30, width=None, keep=file)
    assert again.loss < found.loss
    done = qtrain.pretrain(circuit, _tfim(6), start=begin, steps=30, width=None, keep=file)
    assert (done.loss, done.evaluations) == (again.loss, again.evaluations)  # no step is left


def test_out_of_memory_is_one_sentence_and_the_best_is_kept(tmp_path, monkeypatch):
    file = tmp_path / "kept.json"
    circuit = real_amplitudes(5, reps=1)
    whole, left = Followed.values_and_gradients, [5]

    def scarce(self, *given):
        left[0] -= 1
        if left[0] < 0:
            raise MemoryError
        return whole(self, *given)

    monkeypatch.setattr(Followed, "values_and_gradients", scarce)
    begin = [0.3] * circuit.num_parameters
    with pytest.raises(qtrain.QTrainError, match=f"Got none left behind 5 gradients: the best angles are in {file}"):
        qtrain.pretrain(circuit, _tfim(5), start=begin, width=None, keep=file)
    monkeypatch.undo()
    first = json.loads(file.read_text())["loss"]
    found = qtrain.pretrain(circuit, _tfim(5), start=begin, width=None, keep=file)
    assert found.way == "angles on file"
    assert found.loss < first < qtrain.pretrain(circuit, _tfim(5), start=begin, steps=0, width=None).loss


@pytest.mark.parametrize(("content", "message"), [
    ("{}", "keep should be angles that a pre-training has kept."),
    ("[1]", "keep should be angles that a pre-training has kept."),
    ("nothing", "keep should be angles that a pre-training has kept."),
    ('{"of": "x", "angles": [0.0], "loss": 0.0, "gradients": 3}', "keep should be of this circuit and Hamiltonian."),
])  # fmt: skip
def test_another_file_is_one_sentence(tmp_path, content, message):
    file = tmp_path / "kept.json"
    file.write_text(content)
    with pytest.raises(qtrain.QTrainError, match=re.escape(message)):
        qtrain.pretrain(real_amplitudes(4, reps=1), _tfim(4), keep=file)
    assert file.read_text() == content


def test_a_name_that_is_none_and_no_seconds():
    with pytest.raises(qtrain.QTrainError, match="keep should be the name of a file"):
        qtrain.pretrain(real_amplitudes(4, reps=1), _tfim(4), keep=3)
    with pytest.raises(qtrain.QTrainError, match="seconds should be a finite number above 0"):
        qtrain.pretrain(real_amplitudes(4, reps=1), _tfim(4), seconds=0)

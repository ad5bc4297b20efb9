"""Acquisitions that are repeated, extended, killed and continued; calls that are refused."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import reference_shadows as reference
from qiskit import QuantumCircuit
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import Statevector

from qtrain.errors import QTrainError
from qtrain.shadows import collect
from qtrain.shadows.collect import collect_shadows
from qtrain.shadows.data import Shadows

BELL = QuantumCircuit(2)
BELL.h(0)
BELL.cx(0, 1)


def same(one, other):
    return (one.bases == other.bases).all() and (one.outcomes == other.outcomes).all() and one.state == other.state


def test_every_form_of_a_state_gives_its_expectations():
    vector = Statevector(real_amplitudes(3, reps=1).assign_parameters(np.linspace(0.3, 2, 6)))
    terms = [("ZZI", 1.0), ("IXX", 0.5), ("XIY", 0.2)]
    circuit = real_amplitudes(3, reps=1)
    for state, options in (
        (vector, {}), (vector.data, {}), (list(vector.data), {}), (reference.tensors(vector.data), {}),
        (circuit, {"parameter_values": np.linspace(0.3, 2, 6)}),
        (circuit, {"parameter_values": dict(zip(circuit.parameters, np.linspace(0.3, 2, 6)))}),
    ):  # fmt: skip
        shadows = collect_shadows(state, shots=4000, seed=3, **options)
        values, counts = shadows.expectations([label for label, _ in terms])
        truths = np.array([reference.exact(vector.data, [(label, 1.0)]) for label, _ in terms])
        assert (np.abs(values - truths) < 5 / np.sqrt(counts)).all()


def test_bases_are_uniform_and_independent():
    bases = collect_shadows(BELL, shots=18_000).bases
    pairs = np.bincount(3 * (bases[:, 0] - 1) + bases[:, 1] - 1, minlength=9)
    assert ((pairs - 2000) ** 2 / 2000).sum() < 30  # chi squared with 8 degrees of freedom: 2e-4


def test_a_seed_decides_and_another_one_is_independent():
    one, again, other = (collect_shadows(BELL, shots=500, seed=seed) for seed in (1, 1, 2))
    assert same(one, again) and not (one.bases == other.bases).all()
    assert len(one + other) == 1000


@pytest.mark.parametrize("repeats", [1, 4])
def test_more_shots_go_on_where_fewer_ended(repeats, monkeypatch):
    monkeypatch.setattr(collect, "BLOCK", 64)
    options = {"shots_per_basis": repeats, "seed": 4}
    whole = collect_shadows(BELL, shots=400, **options)
    for shots in (40, 200, 400):
        grown = collect_shadows(BELL, shots=shots, output="grown.npz", **options)
    assert same(grown, whole) and same(Shadows.load("grown.npz"), whole)
    assert len(collect_shadows(BELL, shots=40, output="grown.npz", **options)) == 400


def test_a_killed_acquisition_goes_on(tmp_path):
    code = (
        "import numpy as np, time; from qtrain.shadows import collect; collect.BLOCK = 50; "
        "collect.collect_shadows([1, 0, 0, 1], shots=1000, output='killed.npz', progress=lambda *_: time.sleep(0.2))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    ends = time.monotonic() + 120
    while not (tmp_path / "killed.npz").exists() and time.monotonic() < ends:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    kept = len(Shadows.load("killed.npz"))
    assert 0 < kept < 1000
    done = []
    script = code.replace("progress=lambda *_: time.sleep(0.2)", "progress=lambda at, of: print(at)")
    out = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    done = [int(line) for line in out.split()]
    assert done[0] == kept + 50 and done[-1] == 1000
    (tmp_path / "fresh").mkdir()
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path / "fresh", capture_output=True, check=True)
    assert same(Shadows.load("killed.npz"), Shadows.load("fresh/killed.npz"))


@pytest.mark.parametrize(("change", "said"), [
    ({"state": [1, 0]}, "this state"), ({"seed": 1}, "seed 1"), ({"shots_per_basis": 2}, "2 shots for each choice"),
])  # fmt: skip
def test_a_file_of_something_else_is_kept(change, said):
    collect_shadows([1, 0, 0, 1], shots=10, output="mine.npz")
    with pytest.raises(QTrainError, match=f"output should be a new file, or one with shadows of {said}"):
        collect_shadows(**{"state": [1, 0, 0, 1], "shots": 20, "output": "mine.npz"} | change)
    assert len(Shadows.load("mine.npz")) == 10


MEASURED = BELL.copy()
MEASURED.measure_all()
INSIDE = MEASURED.copy()
INSIDE.x(0)
RESET = BELL.copy()
RESET.reset(0)
NESTED = QuantumCircuit(2, 1)
NESTED.append(RESET.to_instruction(), [0, 1])
BRANCH = QuantumCircuit(2, 1)
with BRANCH.if_test((BRANCH.clbits[0], 1)):
    BRANCH.x(0)


def test_final_measurements_are_left_out():
    assert same(collect_shadows(MEASURED, shots=50), collect_shadows(BELL, shots=50))


@pytest.mark.parametrize(("state", "options", "said"), [
    (INSIDE, {}, "measured at its end alone. Got measure"), (RESET, {}, "Got reset"), (NESTED, {}, "Got reset at gate 2 inside"),
    (BRANCH, {}, "Got if_else"), (QuantumCircuit(0), {}, "at least 1 qubit"), (QuantumCircuit(27), {}, "backend or sampler"),
    (real_amplitudes(2), {}, r"8 parameters of the circuit \(θ\[0\], θ\[1\], θ\[2\], …\)"),
    (real_amplitudes(2, reps=0), {"parameter_values": [1.0]}, "2 finite numbers"),
    (real_amplitudes(2, reps=0), {"parameter_values": [np.nan, 1]}, "2 finite numbers"),
    (real_amplitudes(2, reps=0), {"parameter_values": {"a": 1}}, "a value for each parameter"),
    (real_amplitudes(2, reps=0), {"parameter_values": "ab"}, "parameter_values"),
    ("nowhere.qpy", {}, "nowhere.qpy"), (None, {}, "state should be a circuit"), ([], {}, "state should be"), (3, {}, "state should be"),
    ([np.ones((1, 2, 2)), 3], {}, r"Got \(\) for tensor 1"), (np.ones((2, 2)), {}, "state should be"),
    ([1, 0], {"backend": "aer"}, "backend should be given with a circuit"), (BELL, {"shots": 0}, "shots"), (BELL, {"shots": 2.5}, "shots"),
    (BELL, {"seed": -1}, "seed"), (BELL, {"shots_per_basis": 0}, "shots_per_basis"), (BELL, {"shots": 10, "shots_per_basis": 3}, "multiple"),
    (BELL, {"output": "x.json"}, "npz"), (BELL, {"output": "nowhere/x.npz"}, "folder"),
])  # fmt: skip
def test_what_cannot_be_collected(state, options, said):
    with pytest.raises(QTrainError, match=said) as caught:
        collect_shadows(state, **options)
    assert "\n" not in str(caught.value)

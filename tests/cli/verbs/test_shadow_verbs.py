"""``qtrain shadows``: circuits in, files and figures out; what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ParameterVector

from qtrain.cli.app import main
from qtrain.cli.verbs.shadow_verbs import numbered
from qtrain.shadows.collect import collect_shadows
from qtrain.shadows.data import Shadows


@pytest.fixture
def run(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["shadows", *map(str, arguments)])
        captured = capfd.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def bell(tmp_path):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    with open("bell.qpy", "wb") as file:
        qpy.dump(circuit, file)
    return circuit


def test_collected_and_estimated(run, bell):
    code, out, _ = run("collect", "bell.qpy", "--shots", 600, "--seed", 3, "-o", "data.npz")
    assert code == 0 and out == "Wrote data.npz: 2 qubits, 600 shots, a circuit, simulated exactly.\n"
    expected = collect_shadows(bell, shots=600, seed=3)
    assert (Shadows.load("data.npz").outcomes == expected.outcomes).all()
    code, out, _ = run("estimate", "data.npz", "-O", "XX", "-O", "sum Z", "--json")
    rows = json.loads(out)
    wanted = expected.estimate_all(["XX", "sum Z"])
    assert code == 0 and [row["value"] for row in rows] == [one.value for one in wanted]
    assert [row["lower"] for row in rows] == [one.lower for one in wanted] and rows[1]["observable"] == "sum Z"
    code, out, _ = run("estimate", "data.npz", "-O", "YY", "--method", "mean")
    assert code == 0 and "95 % interval" in out and "-1" in out and "data.npz" in out


def test_on_aer_and_on_a_device_with_noise(run, bell):
    for backend in ("aer", "FakeManilaV2"):
        code, out, err = run("collect", "bell.qpy", "--backend", backend, "--shots", 400, "--shots-per-basis", 20, "-o", f"{backend}.npz")
        assert code == 0 and "400 shots" in out, err
    clean, noisy = (Shadows.load(f"{backend}.npz").estimate("ZZ").value for backend in ("aer", "FakeManilaV2"))
    assert clean == 1 and 0.6 < noisy <= 1


def test_a_state_for_each_line_of_data(run):
    x = ParameterVector("x", 2)
    circuit = QuantumCircuit(2)
    circuit.ry(x[0], 0)
    circuit.ry(x[1], 1)
    with open("encoded.qpy", "wb") as file:
        qpy.dump(circuit, file)
    np.savetxt("points.csv", [[0, 0], [np.pi, 0]], delimiter=",")
    code, out, _ = run("collect", "encoded.qpy", "--data", "points.csv", "--shots", 300, "-o", "data.npz")
    assert code == 0 and len(out.splitlines()) == 2
    assert [Shadows.load(f"data-{k}.npz").estimate("IZ").value for k in (0, 1)] == [1, -1]
    assert numbered(Path("a/b.npz"), 7, 100) == Path("a/b-07.npz")


def test_added(run, bell):
    for seed in (1, 2):
        collect_shadows(bell, shots=100, seed=seed).save(f"{seed}.npz")
    code, out, _ = run("add", "1.npz", "2.npz", "-o", "both.npz")
    assert code == 0 and "200 shots" in out and Shadows.load("both.npz").seeds == (1, 2)


def test_terms_without_a_shot_are_said(run):
    Shadows(np.full((50, 2), 2), np.zeros((50, 2), int)).save("z.npz")
    code, _, err = run("estimate", "z.npz", "-O", "ZZ + XX")
    assert code == 0 and "Measured by no shot: 1 term; the intervals" in err


@pytest.mark.parametrize(("arguments", "said"), [
    (["collect", "nowhere.qpy", "-o", "a.npz"], "nowhere.qpy"), (["collect", "bell.qpy", "-o", "bell.qpy"], "another file"),
    (["collect", "bell.qpy", "-o", "a.npz", "--shots", "0"], "shots"), (["collect", "bell.qpy", "-o", "a.npz", "--backend", "x"], "backend"),
    (["collect", "bell.qpy", "-o", "nowhere/a.npz"], "folder"), (["collect", "bell.qpy", "bell.qpy", "-o", "a.npz", "--data", "d"], "one circuit"),
    (["collect", "bell.qpy", "-o", "a.json"], ".npz"), (["estimate", "bell.qpy", "-O", "ZZ"], "npz"), (["estimate", "a.npz", "-O", "ZZ"], "a.npz"),
    (["add", "a.npz", "a.npz", "-o", "a.npz"], "another file"), (["estimate", "a.npz"], "observable"), (["frob"], "frob"),
])  # fmt: skip
def test_what_is_refused(run, bell, arguments, said):
    code, out, err = run(*arguments)
    (line,) = err.strip().splitlines()
    assert (code, out) == (2, "") and line.startswith("qtrain: ") and said in line

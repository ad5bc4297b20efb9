"""``qtrain.search`` that grows, with real physics at a small size: whatever is done with a winner, with a grown one too."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY, own_folder
from fake_study import essence
from growing_study import whole
from mlflow_checks import check_mirror, files_of
from qiskit import QuantumCircuit, qasm2, qasm3, qpy, transpile
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

import qtrain
from qtrain.cli.app import main
from qtrain.growth.edits import GateList
from qtrain.growth.suggest import Suggestions
from qtrain.registry.packaging import package
from qtrain.studies.trials import MOVE, PARENT

SPEC = {
    "name": "Small_Growth", "qubits": 3, "task": {"kind": "tfim"}, "trials": 14, "batch": 5, "seed": 3,
    "space": {"topologies": ["line"], "layers": [1], "repetitions": [1]}, "device": {"topology": "line"},
    "growth": {"share": 0.8, "pools": ["auto"], "references": ["auto"]},
    "objectives": {"use": ["task_loss", "hardware_cost"]},
    "constraints": {"max_dead_fraction": 1.0, "min_trainability": -20.0, "max_hardware_cost": 0.12},
    "training": {"optimizer": "lbfgs", "steps": 40, "starts": 1, "full_steps": 60, "full_starts": 1},
    "limits": {"seconds": 300, "memory_mb": 3000},
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A finished search whose winner is a grown one, and the folder it ran in."""
    with own_folder(tmp_path_factory, "searched") as folder:
        result = qtrain.search(SPEC, n_jobs=2)
        assert result.winner.origin
        yield result, folder


@pytest.fixture
def entry(searched, monkeypatch):
    result, folder = searched
    monkeypatch.setenv("QTRAIN_HOME", str(folder / "home"))
    return qtrain.load(result.name)


def energy(circuit, observable) -> float:
    return float(Statevector(circuit).expectation_value(observable).real)


def test_jobs_and_a_stop_in_the_middle_change_nothing(searched):
    result, _ = searched
    part = qtrain.search(SPEC | {"trials": 8}, n_jobs=1, storage="other.journal", tracking_uri="off")
    assert essence(part) == essence(result)[:8]
    other = qtrain.search(SPEC, n_jobs=1, storage="other.journal", tracking_uri="off")
    assert whole(other) == whole(result) and other.winner.number == result.winner.number
    assert {n: f["task_loss"] for n, f in other.full.items()} == {n: f["task_loss"] for n, f in result.full.items()}
    assert np.array_equal(other.angles, result.angles)


def test_circuit_angles_and_bound_have_the_loss_on_record(searched):
    result, _ = searched
    exact, (observable,) = result.references["exact_energy"], result.observables
    recorded = result.full[result.winner.number]["task_loss"]
    assert (energy(result.bound, observable) - exact) / abs(exact) == pytest.approx(recorded, abs=1e-8)
    assert Operator(result.circuit.assign_parameters(list(result.angles))).equiv(Operator(result.bound))
    assert recorded <= result.winner.objectives["task_loss"] + 1e-9  # it goes on from where it was


def test_a_child_begins_where_its_edit_left_it_and_suggestions_hold(searched):
    """The angles on record are those of the parent; a suggested gate alone lowers the cost by what is said of it."""
    result, _ = searched
    (observable,), exact = result.observables, result.references["exact_energy"]
    from qtrain.studies.setup import setup_of

    pool, looked_at = setup_of(result.spec).pool, 0
    for trial in result.trials:
        if trial.state != "complete" or trial.duplicate_of is not None:
            continue
        found = Suggestions.from_dict(trial.report["growth"])
        family = qtrain.Architecture.from_dict(dict(trial.architecture))
        gates = GateList.of(family, 3, trial.report["training"]["weights"])
        loss = (found.value - exact) / abs(exact)
        assert loss == pytest.approx(trial.objectives["task_loss"], abs=1e-6)
        for addition in found.additions[:3]:
            child = gates.insert(addition.place, pool[addition.gate], addition.angle)
            circuit = child.architecture(3).circuit().assign_parameters(list(child.angles))
            assert found.value - energy(circuit, observable) == pytest.approx(addition.gain, abs=1e-5)
            looked_at += 1
        if trial.angles and trial.params[PARENT] >= 0 and trial.params[MOVE] == "append":
            parent = result.trials[trial.params[PARENT]]
            assert set(np.round(parent.report["training"]["weights"], 6)) <= set(np.round(trial.angles, 6))
            assert trial.objectives["task_loss"] <= parent.objectives["task_loss"] + 1e-7
    assert looked_at > 3


def test_mlflow_holds_how_a_candidate_was_grown(searched, monkeypatch):
    result, folder = searched
    monkeypatch.chdir(folder)
    _, runs = check_mirror(result)
    grown = [t for t in result.trials if t.origin]
    assert len(grown) > 5
    for trial in grown[-3:]:
        run = runs[trial.number]
        assert run.data.params["grown.move"] == trial.params[MOVE]
        assert int(run.data.params["grown.parent"]) == trial.params[PARENT]
        files = files_of(run)
        assert json.loads(files["start_angles.json"].read_text()) == list(trial.angles)
        assert json.loads(files["architecture.json"].read_text()) == trial.architecture
        assert json.loads(files["report.json"].read_text()).get("growth") == trial.report.get("growth")
        assert sum(path.stat().st_size for path in files.values()) < 50_000
    drawn = next(t.number for t in result.trials if not t.origin)
    assert "start_angles.json" not in files_of(runs[drawn])


def test_the_registered_winner_is_what_was_found(searched, entry):
    result, _ = searched
    assert entry.architecture == result.architecture
    assert np.allclose(entry.angles, result.angles)
    bound = entry.circuit().assign_parameters(list(entry.angles))
    assert Operator(bound).equiv(Operator(result.bound))
    assert entry.report["verdicts"] and entry.qnn().num_weights == len(result.angles)


def test_it_is_a_gate_of_qiskits_transpiler(searched, entry):
    result, _ = searched
    circuit = QuantumCircuit(3)
    circuit.append(qtrain.TrainableAnsatz(3, result.name), range(3))
    flat = transpile(circuit, basis_gates=["rz", "sx", "x", "cx"], optimization_level=1)
    assert flat.num_parameters == entry.circuit().num_parameters
    by_name = {p.name: p for p in flat.parameters}
    bound = flat.assign_parameters({by_name[p.name]: v for p, v in zip(circuit.parameters, entry.angles, strict=True)})
    wanted = Statevector(result.bound)
    assert abs(Statevector(bound).inner(wanted)) == pytest.approx(1.0, abs=1e-7)


def test_files_are_read_back(searched, entry):
    result, _ = searched
    Path("w.qasm3.qasm").write_text(qasm3.dumps(entry.circuit()))
    Path("w.qasm2.qasm").write_text(qasm2.dumps(transpile(result.bound, basis_gates=["rx", "ry", "rz", "cx", "h", "x"])))
    with Path("w.qpy").open("wb") as file:
        qpy.dump(entry.circuit(), file)
    (observable,) = result.observables
    expected = qtrain.diagnose(entry.circuit(), observable)
    for name in ("w.qasm3.qasm", "w.qpy"):
        found = qtrain.diagnose(name, observable)
        assert np.allclose(np.sort(found.gradients.variance), np.sort(expected.gradients.variance))
    from qtrain.circuits.files import read_circuit

    again = read_circuit("w.qasm2.qasm", free_angles=False)
    assert energy(again, observable) == pytest.approx(energy(result.bound, observable), abs=1e-6)


def test_it_is_packaged_and_installed(searched, entry, tmp_path):
    """In a process that has no registry but the package."""
    result, _ = searched
    folder = package(result.name, tmp_path)
    project = (folder / "pyproject.toml").read_text()
    assert all(len(line) < 400 for line in project.splitlines())
    target = tmp_path / "site"
    (module,) = folder.glob("qtrain_ansatz_*")
    info = target / f"{module.name}-1.0.0.dist-info"  # as pip leaves it
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder.name}\nVersion: 1.0.0\n")
    groups = tomllib.loads(project)["project"]["entry-points"]
    lines = [row for group, items in groups.items() for row in (f"[{group}]", *(f"{k} = {v}" for k, v in items.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    module.rename(target / module.name)
    code = (
        f"import qtrain; e = qtrain.load({result.name!r}); print(e.architecture.content_id, len(e.angles), "
        "e.circuit().num_parameters)"
    )
    path = {"PYTHONPATH": f"{target}:{REPOSITORY}", "PATH": "/usr/bin:/bin", "QTRAIN_HOME": str(tmp_path / "none")}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True)
    count = len(result.angles)
    assert done.stdout.split() == [result.winner.architecture_id, str(count), str(count)], done.stderr


def test_people_can_read_it(searched, capsys, monkeypatch):
    """No line of hundreds of gates; whence it came is said."""
    result, folder = searched
    monkeypatch.setenv("QTRAIN_HOME", str(folder / "home"))
    monkeypatch.chdir(folder)
    for words in (["show", result.name], ["list"], ["register", str(_toml(folder)), "--name", "again"]):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 0
        text = capsys.readouterr().out
        assert text and max(map(len, text.splitlines())) <= 200
        assert words[0] != "show" or f"its {len(result.angles)} angles" in text
    from rich.console import Console

    from qtrain.cli.progress import SearchProgress
    from qtrain.views.study_tables import search_view

    console = Console(width=100, record=True, file=Path("out.txt").open("w"))
    console.print(search_view(result))
    assert "grown from" in (text := console.export_text()) and result.winner.origin in text
    with SearchProgress(result.spec, 14, console) as progress:
        grown = [t for t in result.trials if t.origin]
        for trial in grown:
            progress.show(trial)
    best = min((t for t in grown if t.feasible), key=lambda t: (t.objectives["task_loss"], t.number))
    assert f"best: trial {progress.best.number}" in progress.line()
    assert progress.best.origin == "" or f"(grown from {progress.best.origin})" in progress.line()
    assert best.objectives["task_loss"] <= progress.best.objectives["task_loss"]


def _toml(folder):
    rows = ['name = "Small_Growth"', "qubits = 3"]
    path = folder / "spec.toml"
    tables = {k: v for k, v in SPEC.items() if isinstance(v, dict)}
    rows += [f"{k} = {json.dumps(v)}" for k, v in SPEC.items() if k not in tables and k not in ("name", "qubits")]
    for name, table in tables.items():
        rows += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in table.items())]
    path.write_text("\n".join(rows))
    return path


def test_many_gates_are_counted_where_people_read():
    from qtrain.architecture.blocks import Gate

    gates = tuple(Gate("ry", (k % 3,), (k,)) for k in range(300))
    family = qtrain.Architecture((), grown=gates, num_qubits=3)
    assert family.summary == "300 gates: 300 ry" and len(str(family)) > 1000
    layered = qtrain.Architecture((qtrain.Layer(("rx",), "cz"),), grown=gates, num_qubits=3)
    assert layered.summary.endswith("· 300 gates: 300 ry") and layered.summary.startswith("[rx cz")
    assert importlib.import_module("qtrain.studies.run.record").legible({"architecture": family.to_dict()}) == {
        "architecture": family.summary
    }


def test_what_is_not_trained_does_not_grow():
    with pytest.raises(qtrain.QTrainError, match="growth.share should be 0 where no objective or limit is 'task_loss'"):
        qtrain.search(SPEC | {"objectives": {"use": ["trainability", "hardware_cost"]}}, tracking_uri="off")


def test_a_hamiltonian_of_the_users_grows():
    task = {"kind": "hamiltonian", "terms": SparsePauliOp(["ZZI", "IXX", "YIY"])}
    result = qtrain.search(SPEC | {"name": "own-h", "task": task, "trials": 6}, tracking_uri="off")
    assert result.counts["failed"] == 0 and any(t.origin for t in result.trials)


def test_angles_with_factors_keep_them_in_openqasm_3():
    """Qiskit writes an expression of a gate's both into its call and into its body: factors were taken twice."""
    from qtrain.architecture.blocks import Gate
    from qtrain.circuits.files import read_circuit

    rng = np.random.default_rng(4)
    gates = (
        Gate("ry", (0,), (0,)), Gate("rzy", (0, 1), ((1, 0.5),)), Gate("ryz", (0, 1), ((1, -0.5),)), Gate("rxyz", (0, 1, 2), (2,)),
        Gate("rxyz", (2, 1, 0), ((3, 2.0),)), Gate("rxyz", (2, 1, 0), (0.3,)), Gate("xx_plus_yy", (0, 1), (3, 0.0)),
        Gate("rzz", (0, 1), ((2, 0.25),)),
    )  # fmt: skip
    circuit = qtrain.Architecture((), grown=gates, num_qubits=3).circuit()
    Path("f.qasm").write_text(qasm3.dumps(circuit))
    angles = rng.normal(size=4)
    again = read_circuit("f.qasm").assign_parameters(angles)
    assert Operator(again).equiv(Operator(circuit.assign_parameters(angles)))

"""CONTRIBUTING.md tells the truth: its names exist, its walk is the way the code goes, its diffs add rows."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import types
from pathlib import Path

import pytest
from conftest import REPOSITORY
from qiskit import qasm3
from qiskit.circuit.library import efficient_su2

from qtrain import testing
from qtrain.architecture.topology import TOPOLOGIES
from qtrain.cli.app import main
from qtrain.diagnosis.certificates.table import CERTIFICATES
from qtrain.diagnosis.criteria import CRITERIA
from qtrain.diagnosis.diagnose import diagnose
from qtrain.gradients.methods import METHODS
from qtrain.gradients.variance import gradient_variance
from qtrain.simulators.table import SIMULATORS
from qtrain.studies.objectives import OBJECTIVES
from qtrain.studies.propose.samplers import SAMPLERS
from qtrain.studies.tasks.task import TASKS

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text()
STEPS = re.findall(r"^\d+\. `([\w/]+\.py):(\w+)`", TEXT, re.MULTILINE)
DIFFS = dict(re.findall(r"^```diff\n\+\+\+ (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
ADDED = {
    "gradients/triangle_bound.py": (METHODS, "triangle"), "simulators/shifts.py": (SIMULATORS, "shifts"),
    "diagnosis/gate_count.py": (CRITERIA, "gate count"),
    "diagnosis/certificates/look_up.py": (CERTIFICATES, "look-up"), "studies/width.py": (OBJECTIVES, "width"),
    "studies/tasks/magnet.py": (TASKS, "magnet"), "studies/propose/quasi_random.py": (SAMPLERS, "quasi_random"),
    "architecture/star_of_two.py": (TOPOLOGIES, "two_stars"),
}  # fmt: skip


def defined(path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize("file, name", sorted(set(re.findall(r"`(?:qtrain/)?([\w/]+\.py)(?::(\w+))?`", TEXT))))
def test_names_exist(file, name):
    place = REPOSITORY / file if file.startswith("tests/") else REPOSITORY / "qtrain" / file
    assert place.is_file(), file
    assert not name or name in defined(place), f"{file} has no {name}"


@pytest.mark.parametrize("test", sorted(set(re.findall(r"`(test_\w+)`", TEXT))))
def test_tests_exist(test):
    files = (REPOSITORY / "tests").rglob("test_*.py")
    assert any(f"def {test}(" in path.read_text() for path in files)


def test_the_walk_is_the_way_the_code_goes(tmp_path, capfd):
    """Its functions are called, in this order."""
    assert 8 <= len(STEPS) <= 12
    path = tmp_path / "ansatz.qasm"
    path.write_text(qasm3.dumps(efficient_su2(4)))
    called: list[tuple[str, str]] = []
    root = f"{REPOSITORY / 'qtrain'}/"

    def watch(frame: types.FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(root):
            called.append((code.co_filename.removeprefix(root), code.co_name))

    sys.setprofile(watch)
    try:
        with pytest.raises(SystemExit) as stop:
            main(["diagnose", str(path), "--observable", "ZIII"])
    finally:
        sys.setprofile(None)
    assert not stop.value.code, capfd.readouterr().err
    first = [called.index(step) for step in STEPS]
    assert first == sorted(first), "the steps are not in the order of the calls"


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Import the file that a diff adds; what it added is taken out again."""
    monkeypatch.syspath_prepend(tmp_path)
    added = []

    def run(file: str):
        assert all(line.startswith("+") for line in DIFFS[file].splitlines()), "a new file, and nothing else"
        table, name = ADDED[file]
        assert name not in table
        module = f"added_{Path(file).stem}"
        (tmp_path / f"{module}.py").write_text("\n".join(line[1:] for line in DIFFS[file].splitlines()))
        importlib.import_module(module)
        added.append((table, name, module))
        return table[name]

    yield run
    for table, name, module in added:
        table.remove(name)
        del sys.modules[module]


def test_every_kind_is_shown():
    assert set(DIFFS) == set(ADDED)


@pytest.mark.parametrize("file", ADDED)
def test_a_file_adds_a_row(file, add):
    assert add(file) is not None


def test_rows_for_circuits_work(add):
    for file in ("gradients/triangle_bound.py", "diagnosis/gate_count.py", "diagnosis/certificates/look_up.py"):
        add(file)
    circuit = efficient_su2(3, reps=1)
    bounded, exact = (gradient_variance(circuit, "ZII", method=m) for m in ("triangle", "exact"))
    assert (bounded.upper >= exact.variance).all()
    report = diagnose(circuit, "ZII")
    assert report.extra["gate count"] == len(circuit.data)
    assert "look-up" in {found.check for found in report.simulability.certificates}


def test_a_row_of_simulators_conforms(add):
    testing.check_simulator(add("simulators/shifts.py"))


def test_rows_for_searches_conform(add):
    for file in ("studies/width.py", "studies/tasks/magnet.py", "studies/propose/quasi_random.py", "architecture/star_of_two.py"):
        add(file)
    testing.check_objective("width")
    testing.check_task("magnet", field=0.5)
    testing.check_sampler("quasi_random")
    testing.check_topology("two_stars")

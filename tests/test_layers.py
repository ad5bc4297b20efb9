"""Rooms import downward only: the layout says who may know whom."""

from __future__ import annotations

import ast

import pytest
from conftest import REPOSITORY

LEVELS = {
    "errors": 0, "kernels": 0, "architecture": 0, "topology": 0, "blocks": 0, "catalogue": 0, "gates": 0,
    "circuits": 1, "composites": 1, "program": 1, "lowering": 1, "plain_circuits": 1, "observables": 1, "openqasm3": 1, "reading": 1, "simulator": 1,
    "angles": 1, "gate_rules": 1,
    "criteria": 2, "diagnose": 2, "first_run": 2, "qnn": 2, "adjoint_gradient": 2,
    "registry": 3, "tracking": 3, "mlflow_store": 3, "estimators": 3, "mlflow_models": 3, "served_model": 3,
    "search": 4,
    "plotting": 5, "html": 5, "transpile": 5, "ansatz": 5, "passes": 5, "removal": 5,
    "qiskit_plugins": 5, "packaging": 5,
    "conditions": 5, "tables": 6, "study_tables": 6, "progress": 6, "verbs": 6, "study_verbs": 6, "cli": 6,
}  # fmt: skip
# Architecture.circuit() asks circuits.py when it is called; a recorded study draws its front.
DELEGATES = {("architecture", "circuits"), ("tracking", "plotting"), ("search", "plotting")}
SEARCH_IS_CLOSED_TO = {"plotting", "html", "transpile", "ansatz", "passes", "removal", "qiskit_plugins"}
FILES = sorted(path for path in (REPOSITORY / "qtrain").rglob("*.py") if path.name != "conftest.py")


def room(dotted: str) -> str:
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(tree: ast.Module, *, top_level: bool) -> set[str]:
    """qtrain modules that a file imports; at the top level only, or inside functions as well."""
    found = set()
    skipped = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.If))]
    inside = {id(child) for node in skipped for child in ast.walk(node)} if top_level else set()
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.split(".")[0] == "qtrain"}
        elif (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and (node.module or "").split(".")[0] == "qtrain"
        ):
            module = node.module or ""
            found |= {f"{module}.{a.name}" for a in node.names} if module == "qtrain" else {module}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_imports_go_downward(path):
    own = room(".".join(path.relative_to(REPOSITORY).with_suffix("").parts))
    if own == "__init__":  # the public table names every room, and imports none of them
        assert imports(ast.parse(path.read_text()), top_level=True) == set()
        return
    assert own in LEVELS, f"{own} is a new room: give it a level"
    tree = ast.parse(path.read_text())
    for name in imports(tree, top_level=False):
        other = room(name)
        assert other in LEVELS, f"{path.name} imports {name}, a room without a level"
        if (own, other) in DELEGATES and name not in imports(tree, top_level=True):
            continue
        assert LEVELS[other] <= LEVELS[own], (
            f"{own} (level {LEVELS[own]}) imports {name} (level {LEVELS[other]})"
        )
        assert not (other == "search" and own in SEARCH_IS_CLOSED_TO), f"{own} imports search"


def test_relative_imports_are_not_used():
    """So that the test above sees every import."""
    for path in FILES:
        nodes = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)]
        assert all(node.level == 0 for node in nodes), path


@pytest.mark.parametrize("room_name, foreign", [
    ("kernels", {"qiskit", "mlflow", "optuna", "matplotlib", "qiskit_machine_learning", "sklearn"}),
    ("architecture", {"qiskit", "mlflow", "optuna", "matplotlib", "numba"}),
    ("topology", {"qiskit", "mlflow", "optuna", "matplotlib", "numba"}),
    ("criteria", {"mlflow", "optuna", "matplotlib", "qiskit_machine_learning"}),
    ("registry", {"mlflow", "optuna", "matplotlib"}),
])  # fmt: skip
def test_heavy_libraries_stay_in_their_rooms(room_name, foreign):
    for path in FILES:
        if room(".".join(path.relative_to(REPOSITORY).with_suffix("").parts)) != room_name:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & foreign, f"{path.name}: {names}"

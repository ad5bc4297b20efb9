"""Folders import downward only: the layout says who may know whom."""

from __future__ import annotations

import ast
import re
import tomllib

import networkx as nx
import pytest
from conftest import REPOSITORY

# One row for each folder of qtrain/ (files at its root stand for themselves): level, libraries it must not import.
HEAVY = {"mlflow", "optuna", "matplotlib", "qiskit_machine_learning", "sklearn"}
FOLDERS: dict[str, tuple[int, set[str]]] = {
    "errors": (0, HEAVY | {"qiskit", "numba", "numpy"}),
    "extensions": (0, HEAVY | {"qiskit", "numba", "numpy"}),
    "budget": (0, HEAVY | {"qiskit", "numba"}),
    "json_results": (0, HEAVY | {"qiskit", "numba"}),
    "kernels": (0, HEAVY | {"qiskit"}),
    "architecture": (1, HEAVY | {"numba"}),
    "circuits": (1, HEAVY),
    "simulators": (2, HEAVY),
    "lie": (2, HEAVY),
    "light_cones": (3, HEAVY),
    "gradients": (4, HEAVY),
    "diagnosis": (5, HEAVY),
    "qml": (6, {"mlflow", "optuna", "matplotlib"}),
    "registry": (6, {"mlflow", "optuna", "matplotlib"}),
    "tracking": (6, {"optuna"}),
    "mlflow_models": (6, {"optuna"}),
    "studies": (7, {"matplotlib"}),
    "qiskit_plugins": (7, HEAVY),
    "testing": (8, HEAVY - {"optuna"}),
    "views": (8, {"mlflow", "optuna"}),
    "cli": (9, set()),
}
FILES = sorted(path for path in (REPOSITORY / "qtrain").rglob("*.py"))
SHORT = {path: str(path.relative_to(REPOSITORY / "qtrain")) for path in FILES}


def folder(dotted: str) -> str:
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else ""


def module(path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FILES}


def imports(path) -> set[str]:
    """qtrain modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.split(".")[0] == "qtrain"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "qtrain":
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in MODULES else str(node.module))
    return found


@pytest.mark.parametrize("path", FILES, ids=SHORT.get)
def test_imports_go_downward(path):
    own = folder(module(path))
    if not own:
        return
    assert own in FOLDERS, f"{own} is a new folder: give it a level"
    for name in imports(path) - {"qtrain"}:
        assert FOLDERS[folder(name)][0] <= FOLDERS[own][0], f"{own} imports {name}, which stands above it"


def test_no_circle_of_imports():
    graph = nx.DiGraph((module(path), name) for path in FILES for name in imports(path) - {"qtrain"})
    assert not [sorted(c) for c in nx.strongly_connected_components(graph) if len(c) > 1]


def test_relative_imports_are_not_used():
    """So that the tests above see every import."""
    for path in FILES:
        nodes = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)]
        assert all(node.level == 0 for node in nodes), path


@pytest.mark.parametrize("path", FILES, ids=SHORT.get)
def test_heavy_libraries_stay_in_their_folders(path):
    foreign = FOLDERS.get(folder(module(path)), (0, HEAVY))[1]
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert not {n.split(".")[0] for n in names} & foreign


def test_folders_stay_small():
    for place in [REPOSITORY / "qtrain", *(p for p in (REPOSITORY / "qtrain").rglob("*") if p.is_dir())]:
        most = 6 if place.name == "qtrain" else 16  # with its __init__.py
        assert len(list(place.glob("*.py"))) <= most, f"{place.name} holds too many files side by side"


def test_functions_stay_short():
    """Kernels excepted: numba wants its loops in one place."""
    for path in FILES:
        if folder(module(path)) == "kernels":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno - node.lineno < 100, f"{SHORT[path]}: {node.name} is longer than 100 lines"


def test_experiments_and_plugins_use_public_names_only():
    """Public are the names of ``qtrain``, and the modules that its entry points name."""
    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["entry-points"]
    public = {"qtrain"} | {target.partition(":")[0] for group in groups.values() for target in group.values()}
    for place in ("experiments", "plugins"):
        for path in (REPOSITORY / place).rglob("*.py"):
            found = imports(path)
            assert found <= public, f"{path.relative_to(REPOSITORY)} imports {sorted(found - public)}"
            code = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)]
            inside = {m for text in code if isinstance(text, str) for m in re.findall(r"(?:from|import) (qtrain[.\w]*)", text)}
            assert inside <= public, f"{path.relative_to(REPOSITORY)} runs code that imports {sorted(inside - public)}"

"""Folders import downward only: the layout says who may know whom."""

from __future__ import annotations

import ast
import re
import tomllib

import networkx as nx
import pytest
from conftest import REPOSITORY

HEAVY = {"mlflow", "optuna", "matplotlib", "qiskit_machine_learning", "sklearn"}
# One row for each folder of qtrain/ (files at its root stand for themselves): level, libraries it must not import, what
# is in it. CONTRIBUTING.md's table is written from these rows: python tests/test_layers.py
FOLDERS: dict[str, tuple[int, set[str], str]] = {
    "errors": (0, HEAVY | {"qiskit", "numba", "numpy"}, "what wrong input raises"),
    "files": (0, HEAVY | {"qiskit", "numba", "numpy"}, "files read and written whole, or one sentence about why not"),
    "extensions": (0, HEAVY | {"qiskit", "numba", "numpy"}, "tables of rows that anyone can add to"),
    "budget": (0, HEAVY | {"qiskit", "numba"}, "seconds, memory, precision of one question"),
    "json_results": (0, HEAVY | {"qiskit", "numba"}, "results that round-trip through JSON"),
    "kernels": (0, HEAVY | {"qiskit"}, "compiled loops on numpy arrays: circuits are data to them"),
    "architecture": (1, HEAVY | {"numba"}, "families of circuits: layers of named blocks on named graphs"),
    "circuits": (1, HEAVY, "any circuit as a Pauli program; the problem that is posed about it"),
    "chemistry": (1, HEAVY | {"numba"}, "molecules as qubit Hamiltonians, in files with provenance"),
    "simulators": (2, HEAVY, "the value of a cost and its gradient"),
    "ground_states": (2, HEAVY | {"numba"}, "ground states as matrix products, and phases of matter"),
    "lie": (2, HEAVY, "dynamical Lie algebras, by name and by dimension"),
    "shadows": (3, HEAVY, "classical shadows of states: acquired, kept, read; costs trained on them"),
    "light_cones": (3, HEAVY, "what the observable sees, and which gradients are proven to vanish"),
    "gradients": (4, HEAVY, "variances of gradients: the table of methods, a file for each"),
    "growth": (5, HEAVY, "circuits grown gate by gate: pools, sweeps, edits, references, symmetries"),
    "diagnosis": (5, HEAVY, "the table of criteria, causes and advice, certificates, scaling"),
    "qml": (6, {"mlflow", "optuna", "matplotlib"}, "quantum neural networks of Qiskit Machine Learning"),
    "registry": (6, {"mlflow", "optuna", "matplotlib"}, "winners on disk, and as packages"),
    "tracking": (6, {"optuna"}, "MLflow: runs of trials, models"),
    "mlflow_models": (6, {"optuna"}, "the name by which logged models find their code"),
    "studies": (7, {"matplotlib"}, "searches: specs, tasks, proposals, workers, winners"),
    "qiskit_plugins": (7, HEAVY, "the gate, the passes and the stages of Qiskit's transpiler"),
    "experiments": (7, {"optuna", "matplotlib"}, "studies reproduced: sizes, parts on file, expected numbers, their record"),
    "improvement": (7, HEAVY, "edits of a circuit that are tried: what each of them measured"),
    "pretraining": (7, HEAVY, "angles to begin with on a device, found without one"),
    "triviality": (7, {"mlflow", "optuna", "matplotlib"}, "whether a data set needs anything quantum: audits"),
    "testing": (8, HEAVY - {"optuna"}, "conformance suites for rows that others add"),
    "views": (8, {"mlflow", "optuna"}, "tables, figures, pages: from results to what people read"),
    "cli": (9, set(), "the command line"),
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
    foreign = FOLDERS[folder(module(path))][1] if folder(module(path)) else HEAVY
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


def levels() -> str:
    """CONTRIBUTING's table of levels."""
    rows = ["| level | folder | what is in it | never imports |", "|---|---|---|---|"]
    for name, (level, foreign, what) in FOLDERS.items():
        libraries = ", ".join(sorted(foreign)) or "–"
        rows.append(f"| {level} | `{name}` | {what} | {libraries} |")
    return "\n".join(rows)


def with_levels(text: str) -> str:
    """The text with the table between its marks written anew."""
    before, begin, rest = text.partition("<!-- levels:begin -->\n")
    _, end, after = rest.partition("\n<!-- levels:end -->")
    assert begin and end, "CONTRIBUTING.md should hold the marks levels:begin and levels:end"
    return before + begin + levels() + end + after


def test_contributing_shows_these_levels():
    text = (REPOSITORY / "CONTRIBUTING.md").read_text()
    assert text == with_levels(text), "CONTRIBUTING.md has another table of levels: run python tests/test_layers.py"


def test_every_folder_has_its_row():
    there = {path.stem for path in (REPOSITORY / "qtrain").iterdir() if path.suffix in ("", ".py")}
    assert there - {"__init__", "__pycache__"} == set(FOLDERS)


def test_tests_mirror_the_package():
    """A test file beside the others tests the file of its name; what crosses folders is at the root of tests/."""
    for path in (REPOSITORY / "tests").rglob("*/test_*.py"):
        place = path.relative_to(REPOSITORY / "tests")
        if len(place.parts) == 1 or place.parts[0] in ("with_torch", "with_chromium", "with_experiments"):
            continue
        tested = REPOSITORY / "qtrain" / place.parent / f"{place.stem.removeprefix('test_')}.py"
        assert tested.is_file(), f"tests/{place} should be named after a file of qtrain/{place.parent}"


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


if __name__ == "__main__":
    contributing = REPOSITORY / "CONTRIBUTING.md"
    contributing.write_text(with_levels(contributing.read_text()))

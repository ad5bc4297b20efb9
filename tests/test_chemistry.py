"""Molecules from file to search: stored Hamiltonians hold their energies, and a search for few CX finds the fewest."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import REPOSITORY
from scipy.sparse.linalg import eigsh

import qtrain

FILES = sorted((REPOSITORY / "experiments/009_chemistry/hamiltonians").glob("*.json"))


def test_there_are_files_in_both_units():
    assert {f.stem.rpartition("-")[2] for f in FILES} == {"bohr", "angstrom"} and len(FILES) >= 8


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_lowest_energy_of_the_sector_is_the_stored_one(file):
    molecule = qtrain.Molecule.read(file)
    n = molecule.num_qubits
    states = np.arange(2**n)
    up = np.bitwise_count(states & sum(1 << q for q in range(0, n, 2)))
    down = np.bitwise_count(states & sum(1 << q for q in range(1, n, 2)))
    rows = np.flatnonzero((up == molecule.electrons[0]) & (down == molecule.electrons[1]))
    sector = molecule.hamiltonian.to_matrix(sparse=True).tocsr()[rows][:, rows].real
    lowest = np.linalg.eigvalsh(sector.toarray())[0] if len(rows) < 500 else eigsh(sector, k=1, which="SA")[0][0]
    assert lowest == pytest.approx(molecule.fci_energy, abs=1e-8)
    assert molecule.provenance["unit"] == file.stem.rpartition("-")[2]
    assert molecule.provenance["versions"]["pyscf"]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("h2")
    molecule = qtrain.molecule("H 0 0 0; H 0 0 0.74")
    spec = {
        "name": "h2", "qubits": 4, "trials": 24, "batch": 4,
        "task": {"kind": "molecule", "file": str(molecule.save(folder / "h2.json"))},
        "objectives": {"use": ["task_loss"], "algebra": False},
        "constraints": {"max_dead_fraction": 1.0, "min_trainability": -300.0},
        "training": {"optimizer": "lbfgs", "steps": 100, "starts": 1, "tolerance": 1e-12, "aggregate": "best"},
        "growth": {"share": 1.0, "pools": ["excitation_strings"], "references": ["determinant"], "target": 1e-7},
    }  # fmt: skip
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    return qtrain.search(spec, storage=str(folder / "h2.journal"), tracking_uri=uri)


def test_a_search_with_a_target_takes_gates_away(found):
    """The ground state of H2 is cos |0011> + sin |1100>: one rotation and three CX."""
    reached = [t for t in found.trials if t.feasible and t.objectives["task_loss"] <= 1e-7]
    assert min(t.metrics["two_qubit_gates"] for t in reached) == 3
    assert reached[0].metrics["two_qubit_gates"] > 3


def test_children_begin_where_their_parents_ended(found):
    written = [t for t in found.trials if t.params.get("grown.move") == "write_out"]
    parents = {t.number: t for t in found.trials}
    assert written
    for trial in written:
        before = parents[trial.params["grown.parent"]].objectives["task_loss"]
        assert trial.objectives["task_loss"] <= before + 1e-9

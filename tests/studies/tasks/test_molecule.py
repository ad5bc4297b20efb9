"""The task that reads a molecule's file."""

from __future__ import annotations

import pytest

import qtrain
from qtrain import QTrainError
from qtrain.studies.tasks.hamiltonian import HamiltonianTask
from qtrain.studies.tasks.molecule import MoleculeTask


@pytest.fixture(scope="module")
def made():
    return qtrain.molecule("Li 0 0 0; H 0 0 1.6", active=(2, 3))


def test_task_knows_the_exact_energy_and_that_of_the_determinant(made, tmp_path):
    path = str(made.save(tmp_path / "lih.json"))
    task = MoleculeTask(kind="molecule", file=path).build(6)
    assert task.lowest == made.fci_energy
    assert task.references == {
        "exact_energy": made.fci_energy,
        "hartree_fock_energy": made.hartree_fock_energy,
    }
    plain = HamiltonianTask(kind="hamiltonian", file=path).build(6)
    assert plain.observables[0].equiv(task.observables[0])
    assert plain.references == pytest.approx(task.references, abs=1e-8)
    assert plain.lowest == pytest.approx(made.fci_energy, abs=1e-8)


def test_other_widths_are_refused(made, tmp_path):
    task = MoleculeTask(kind="molecule", file=str(made.save(tmp_path / "lih.json")))
    with pytest.raises(QTrainError, match="qubits should be 6"):
        task.build(8)


def test_ions_need_a_penalty_and_keep_their_energy_with_it(tmp_path):
    """H2+ would rather have two electrons."""
    ion = qtrain.molecule("H 0 0 0; H 0 0 1.0", charge=1, spin=1)
    path = str(ion.save(tmp_path / "ion.json"))
    with pytest.raises(QTrainError, match="task.penalty should"):
        MoleculeTask(kind="molecule", file=path).build(4)
    task = MoleculeTask(kind="molecule", file=path, penalty=2.0).build(4)
    row = int(ion.determinant, 2)
    assert task.lowest == ion.fci_energy
    assert task.observables[0].to_matrix()[row, row].real == pytest.approx(ion.hartree_fock_energy, abs=1e-8)

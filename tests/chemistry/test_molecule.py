"""Molecules made by PySCF: their energies are the Hamiltonian's own, and files keep every digit."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import qtrain
from qtrain import QTrainError

CASES = [
    ("H 0 0 0; H 0 0 0.74", {}),
    ("Li 0 0 0; H 0 0 1.6", {"active": (2, 4)}),
    ("H 0 0 -1.3; Be 0 0 0; H 0 0 1.3", {"active": (4, 3), "unit": "bohr"}),
    ("H 0 0 0; H 0 0 1; H 0 0 2", {"spin": 1}),
    ("O 0 0 0; H 0 0 1", {"active": (3, 3), "spin": 1, "basis": "6-31g"}),
    ("H 0 0 0; H 0 0 1; H 0 0.9 0.5", {"charge": 1}),
]


def energies_of(molecule: qtrain.Molecule) -> np.ndarray:
    """Eigenvalues with the molecule's numbers of electrons, by the dense matrix."""
    n = molecule.num_qubits
    states = np.arange(2**n)
    up = np.bitwise_count(states & sum(1 << q for q in range(0, n, 2)))
    down = np.bitwise_count(states & sum(1 << q for q in range(1, n, 2)))
    rows = np.flatnonzero((up == molecule.electrons[0]) & (down == molecule.electrons[1]))
    return np.linalg.eigvalsh(molecule.hamiltonian.to_matrix()[np.ix_(rows, rows)])


@pytest.fixture(scope="module", params=range(len(CASES)))
def made(request):
    geometry, options = CASES[request.param]
    return qtrain.molecule(geometry, **options)


def test_lowest_energy_with_these_electrons_is_that_of_full_configuration_interaction(made):
    assert energies_of(made)[0] == pytest.approx(made.fci_energy, abs=1e-8)


def test_determinant_has_the_energy_of_hartree_fock_and_the_electrons(made):
    row = int(made.determinant, 2)
    value = made.hamiltonian.to_matrix(sparse=True)[row, row].real
    assert value == pytest.approx(made.hartree_fock_energy, abs=1e-8)
    bits = made.determinant[::-1]
    assert (bits[::2].count("1"), bits[1::2].count("1")) == made.electrons


def test_file_keeps_every_digit(made, tmp_path):
    read = qtrain.Molecule.read(made.save(tmp_path / "molecule.json"))
    assert read.hamiltonian == made.hamiltonian
    assert np.array_equal(read.hamiltonian.coeffs, made.hamiltonian.coeffs)
    for name in ("electrons", "determinant", "hartree_fock_energy", "fci_energy", "provenance"):
        assert getattr(read, name) == getattr(made, name)


def test_bohr_and_angstrom_are_one_molecule_in_two_units():
    bohr = qtrain.molecule("H 0 0 0; H 0 0 1.4", unit="bohr")
    assert qtrain.molecule(f"H 0 0 0; H 0 0 {1.4 * 0.529177210903}").fci_energy == pytest.approx(
        bohr.fci_energy, abs=1e-7
    )
    assert qtrain.molecule("H 0 0 0; H 0 0 1.4").fci_energy > bohr.fci_energy + 0.01


def test_signs_of_orbitals_are_settled():
    """Two runs give the same terms, digit by digit to 1e-9."""
    one, two = (qtrain.molecule("Li 0 0 0; H 0 0 1.6", active=(2, 3)).hamiltonian for _ in range(2))
    assert one.equiv(two) and np.abs(one.coeffs - two.coeffs).max() < 1e-9


@pytest.mark.parametrize(
    ("geometry", "options", "message"),
    [
        ("Qq 0 0 0", {}, "geometry should be a molecule"),
        ("H 0 0 0; H 0 0 0.74", {"basis": "no-such-basis"}, "geometry should be a molecule"),
        ("H 0 0 0", {}, "geometry should be a molecule"),  # an odd electron, spin 0
        ("H 0 0 0; H 0 0 0.74", {"unit": "nm"}, "unit should be 'angstrom' or 'bohr'"),
        ("H 0 0 0; H 0 0 0.74", {"active": (2, 3)}, "active should be"),
        ("Li 0 0 0; H 0 0 1.6", {"active": (3, 3)}, "active should be"),
        ("Li 0 0 0; H 0 0 1.6", {"active": (6, 4)}, "active should be"),
        ("Li 0 0 0; H 0 0 1.6", {"active": (2.0, 4)}, "active electrons should be"),
    ],
)
def test_wrong_molecules_are_refused(geometry, options, message):
    with pytest.raises(QTrainError, match=message):
        qtrain.molecule(geometry, **options)


def test_without_pyscf_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyscf", None)
    with pytest.raises(QTrainError, match=r"qtrain\[chemistry\]"):
        qtrain.molecule("H 0 0 0; H 0 0 0.74")


def test_damaged_files_are_refused(tmp_path):
    path = qtrain.molecule("H 0 0 0; H 0 0 0.74").save(tmp_path / "h2.json")
    whole = path.read_text()
    for text, message in {
        "": "should be a molecule's file",
        whole[:-30]: "should be a molecule's file",
        "[]": "should have the format",
        whole.replace("molecule 1", "molecule 2"): "should have the format",
        whole.replace('"electrons"', '"others"'): "as Molecule.save wrote it",
        whole.replace('"IIIZ"', '"IIIQ"'): "as Molecule.save wrote it",
        whole.replace('"IIIZ"', '"IIIX"'): "terms were changed",
        whole.replace('"0011"', '"001"'): "should be 4 bits",
    }.items():
        path.write_text(text)
        with pytest.raises(QTrainError, match=message):
            qtrain.Molecule.read(path)
    with pytest.raises(QTrainError, match="should be a molecule's file"):
        qtrain.Molecule.read(tmp_path / "absent.json")

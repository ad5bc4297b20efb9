"""A molecule's active space on qubits: its Hamiltonian, what it is compared with, and where it comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qtrain.errors import QTrainError, check_whole
from qtrain.files.reading import read_json
from qtrain.files.writing import write_text
from qtrain.json_results import Shown, count

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

Unit = Literal["angstrom", "bohr"]
FORMAT = "qtrain molecule 1"


@dataclass(frozen=True, eq=False, repr=False)
class Molecule(Shown):
    """An active space by Jordan and Wigner's mapping: qubit 2p is orbital p with spin up, 2p + 1 with spin down.

    Attributes:
        hamiltonian: with the energy of nuclei and inactive electrons, Hartree.
        electrons: (up, down) in the active space. determinant: the reference's bits, qubit 0 last, 1 is occupied.
        hartree_fock_energy, fci_energy: of that determinant, and the lowest with these electrons; Hartree.
        provenance: geometry, unit, basis, active orbitals, versions.
    """

    hamiltonian: SparsePauliOp
    electrons: tuple[int, int]
    determinant: str
    hartree_fock_energy: float
    fci_energy: float
    provenance: dict[str, Any] = field(default_factory=dict)

    def _brief(self) -> str:
        return (
            f"{count(self.num_qubits, 'qubit')}, {self.electrons[0]} + {self.electrons[1]} electrons, "
            f"{count(len(self.hamiltonian), 'term')}; Hartree-Fock {self.hartree_fock_energy:.8f}, "
            f"exact {self.fci_energy:.8f} Hartree"
        )

    @property
    def num_qubits(self) -> int:
        return int(self.hamiltonian.num_qubits)

    def save(self, path: str | Path) -> Path:
        """Write a JSON file: what is known, then a Pauli term a line.

        ``task = {kind = "molecule", file = ...}`` of a search reads it; so does the kind "hamiltonian".
        """
        energies = {"exact_energy": self.fci_energy, "hartree_fock_energy": self.hartree_fock_energy}
        known = {
            "format": FORMAT, "references": energies, "electrons": self.electrons, "determinant": self.determinant,
            "provenance": self.provenance,
        }  # fmt: skip
        head = json.dumps(known, indent=1, ensure_ascii=False).removesuffix("\n}")
        terms = ",\n".join(f"  {json.dumps([label, c.real])}" for label, c in self.hamiltonian.to_list())
        write_text(Path(path), f'{head},\n "terms": [\n{terms}\n ]\n}}\n', "path")
        return Path(path)

    @classmethod
    def read(cls, path: str | Path) -> Molecule:
        """The inverse of :meth:`save`.

        Raises:
            QTrainError: no such file, or not of this format.
        """
        from qiskit.quantum_info import SparsePauliOp

        known = read_json(Path(path), "file", kind="a molecule's file")
        if not isinstance(known, dict) or known.get("format") != FORMAT:
            raise QTrainError(f"file should have the format {FORMAT!r}. Got {str(path)!r}, which has another.")
        try:
            energies = known["references"]
            molecule = cls(
                SparsePauliOp.from_list([(label, float(c)) for label, c in known["terms"]]),
                (int(known["electrons"][0]), int(known["electrons"][1])), str(known["determinant"]),
                float(energies["hartree_fock_energy"]), float(energies["exact_energy"]), dict(known["provenance"]),
            )  # fmt: skip
        except Exception as error:  # whatever Python and Qiskit say of a damaged file
            raise QTrainError(f"file should be as Molecule.save wrote it. Got {str(path)!r}: {error!r}.") from None
        molecule._check(str(path))
        return molecule

    def _check(self, path: str) -> None:
        bits = self.determinant
        if len(bits) != self.num_qubits or set(bits) - set("01"):
            raise QTrainError(f"determinant should be {self.num_qubits} bits. Got {bits!r} in {path}.")
        diagonal = ~self.hamiltonian.paulis.x.any(axis=1)
        occupied = np.array([b == "1" for b in reversed(bits)])
        signs = 1.0 - 2.0 * ((self.hamiltonian.paulis.z[diagonal] & occupied).sum(axis=1) % 2)
        energy = float(signs @ self.hamiltonian.coeffs[diagonal].real)
        if abs(energy - self.hartree_fock_energy) > 1e-6:
            raise QTrainError(
                f"determinant should have the energy {self.hartree_fock_energy:.8f} that {path} gives. "
                f"Got {energy:.8f}: its terms were changed."
            )


def molecule(
    geometry: str,
    *,
    active: tuple[int, int] | None = None,
    basis: str = "sto-3g",
    unit: Unit = "angstrom",
    charge: int = 0,
    spin: int = 0,
) -> Molecule:
    """The Hamiltonian of a molecule's active space on qubits.

    Hartree-Fock orbitals (restricted), a window of them around the highest occupied one, exact energies in it, all by
    PySCF: ``pip install 'qtrain[chemistry]'``.

    Args:
        geometry: atoms with their coordinates, "Li 0 0 0; H 0 0 1.6". unit: of the coordinates.
        active: (electrons, orbitals) of the window, two qubits an orbital; None: all.
        spin: electrons up minus electrons down. charge: of the molecule.

    Raises:
        QTrainError: PySCF is not installed, does not understand the molecule, or does not converge.

    Example:
        >>> hydrogen = molecule("H 0 0 0; H 0 0 0.74")
        >>> hydrogen.num_qubits, hydrogen.determinant, round(hydrogen.fci_energy, 4)
        (4, '0011', -1.1373)
    """
    from qtrain.chemistry.active_space import solve
    from qtrain.chemistry.jordan_wigner import jordan_wigner

    if unit not in ("angstrom", "bohr"):
        raise QTrainError(f"unit should be 'angstrom' or 'bohr'. Got {unit!r}.")
    if not isinstance(basis, str) or not basis.strip():
        raise QTrainError(f"basis should be the name of a basis set, such as 'sto-3g'. Got {basis!r}.")
    for name, value in zip(("active electrons", "active orbitals"), active or ()):
        check_whole(name, value)
    space = solve(geometry, active=active, basis=basis, unit=unit, charge=charge, spin=spin)
    up, down = space.electrons
    bits = ["0"] * (2 * len(space.one_body))
    for p in range(max(up, down)):
        bits[2 * p], bits[2 * p + 1] = "1" if p < up else "0", "1" if p < down else "0"
    provenance = {
        "geometry": geometry, "unit": unit, "basis": basis, "charge": charge, "spin": spin,
        "active_electrons": up + down, "active_orbitals": list(space.orbitals),
        "mapping": "Jordan-Wigner, 2p up, 2p + 1 down", "versions": space.versions,
    }  # fmt: skip
    return Molecule(
        jordan_wigner(space.one_body, space.two_body, space.constant), space.electrons, "".join(reversed(bits)),
        space.hartree_fock_energy, space.fci_energy, provenance,
    )  # fmt: skip

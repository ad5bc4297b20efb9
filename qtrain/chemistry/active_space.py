"""Integrals and exact energy of an active space, by PySCF (the extra "chemistry")."""

from __future__ import annotations

import importlib.metadata
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtrain.errors import QTrainError


@dataclass(frozen=True, eq=False)
class ActiveSpace:
    """Some orbitals of a molecule, the electrons in them, and what the others add.

    Attributes:
        one_body, two_body: (k, k) and (k, k, k, k) integrals of k orbitals in Hartree, the latter in chemists' order.
        constant: energy of nuclei and inactive electrons, Hartree.
        electrons: (up, down). orbitals: their numbers by energy, from 0. versions: of the libraries.
    """

    one_body: np.ndarray
    two_body: np.ndarray
    constant: float
    electrons: tuple[int, int]
    orbitals: tuple[int, ...]
    hartree_fock_energy: float
    fci_energy: float
    versions: dict[str, str]


def solve(
    geometry: str, *, active: tuple[int, int] | None, basis: str, unit: str, charge: int, spin: int
) -> ActiveSpace:
    """Restricted Hartree-Fock, then the window ``active`` = (electrons, orbitals) and its lowest energy.

    Raises:
        QTrainError: PySCF is not installed, does not understand the molecule, or does not converge.
    """
    try:
        from pyscf import ao2mo, gto, mcscf, scf
    except ImportError:
        raise QTrainError("molecule needs PySCF: pip install 'qtrain[chemistry]'.") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            atoms = gto.M(atom=geometry, unit=unit, basis=basis, charge=charge, spin=spin, verbose=0)
            field = scf.RHF(atoms).set(conv_tol=1e-12, conv_tol_grad=1e-8, max_cycle=200)
            field.kernel()
    except Exception as error:  # PySCF raises KeyError, RuntimeError, BasisNotFoundError, … for wrong input
        raise QTrainError(f"geometry should be a molecule in a basis that PySCF knows. Got: {error}.") from None
    if not field.converged:
        raise QTrainError(f"geometry should let Hartree-Fock converge. Got no convergence for {geometry!r}.")
    total, count = atoms.nelectron, field.mo_coeff.shape[1]
    electrons, orbitals = (total, count) if active is None else active
    inactive = (total - electrons) // 2
    whole = all(isinstance(k, int) for k in (electrons, orbitals)) and (total - electrons) % 2 == 0
    if not whole or not spin <= electrons <= min(total, 2 * orbitals - spin) or not inactive + orbitals <= count:
        raise QTrainError(
            f"active should be (electrons, orbitals) within {total} electrons and {count} orbitals, the others paired. "
            f"Got ({electrons}, {orbitals})."
        )
    field.mo_coeff = _signed(field.mo_coeff)
    pair = ((electrons + spin) // 2, (electrons - spin) // 2)
    space: Any = mcscf.CASCI(field, orbitals, pair)
    space.fcisolver.conv_tol = 1e-12
    one_body, constant = space.get_h1eff()
    two_body = ao2mo.restore(1, space.get_h2eff(), orbitals)
    fci_energy = float(space.kernel(verbose=0)[0])
    if not np.all(space.fcisolver.converged):
        raise QTrainError(f"active should be a space that PySCF can solve. Got no convergence for {active}.")
    return ActiveSpace(
        np.asarray(one_body), np.asarray(two_body), float(constant), pair, tuple(range(inactive, inactive + orbitals)),
        float(field.e_tot), fci_energy, {name: importlib.metadata.version(name) for name in ("qtrain", "pyscf")},
    )  # fmt: skip


def _signed(orbitals: np.ndarray) -> np.ndarray:
    """Each orbital's largest coefficient positive: the sign is free, and the terms' signs hang on it."""
    largest = np.take_along_axis(orbitals, np.abs(orbitals).argmax(axis=0)[None, :], axis=0)
    return orbitals * np.where(largest < 0, -1.0, 1.0)

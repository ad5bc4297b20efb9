"""A ground state as a matrix product: its tensors, what they say of it, and a longer chain from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.observables import as_observable
from qtrain.errors import QTrainError, check_whole, shortened
from qtrain.files.writing import as_npz, replaced
from qtrain.json_results import Shown, count

MOST_QUBITS = 24  # of a state vector
PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])  # I X Y Z


@dataclass(frozen=True, eq=False, repr=False)
class GroundState(Shown):
    """The lowest state that was found, as a matrix product in right-canonical form.

    Attributes:
        tensors: one for each qubit, qubit 0 first, (left bond, 2, right bond), real or complex; the outer bonds are 1.
        energy: its expectation of the Hamiltonian. truncation_error: largest weight that one step of the last sweep
            discarded. sweeps: passes there and back.
    """

    tensors: tuple[np.ndarray, ...]
    energy: float
    truncation_error: float
    sweeps: int

    def _brief(self) -> str:
        sizes = f"{count(self.num_qubits, 'qubit')}, bond {self.bond}"
        return f"{sizes}; energy {self.energy:.10g}; truncation error {self.truncation_error:.2g}"

    def __post_init__(self) -> None:
        shapes = [np.shape(tensor) for tensor in self.tensors] if isinstance(self.tensors, (tuple, list)) else []
        ends = [1, *(shape[-1] if shape else 0 for shape in shapes)]
        if not shapes or any(len(s) != 3 or s[1] != 2 or s[0] != end for s, end in zip(shapes, ends)) or ends[-1] != 1:
            raise QTrainError(
                "tensors should be arrays (left bond, 2, right bond) that fit together, with outer bonds of 1. "
                f"Got {shortened(shapes or self.tensors)}."
            )

    @property
    def num_qubits(self) -> int:
        return len(self.tensors)

    @property
    def bond(self) -> int:
        """The largest bond dimension."""
        return max(tensor.shape[2] for tensor in self.tensors)

    def expectation(self, observable: SparsePauliOp | str) -> float:
        """⟨O⟩ of a sum of Pauli strings; each costs its span along the chain times bond³.

        Example:
            >>> up = np.array([1.0, 0.0]).reshape(1, 2, 1)
            >>> GroundState((up, up, up), 0.0, 0.0, 0).expectation("ZIZ + 0.5*IXI")
            1.0
        """
        operator = as_observable(observable, self.num_qubits)
        lefts, total = self._lefts(), 0.0
        letters = operator.paulis.x + 2 * operator.paulis.z  # 0 I, 1 X, 2 Z, 3 Y
        for row, coefficient in zip(letters, operator.coeffs.real):
            support = np.flatnonzero(row)
            if not len(support):
                total += float(coefficient)
                continue
            block = lefts[support[0]]
            for q in range(support[0], support[-1] + 1):
                ket = np.einsum("st,atb->asb", PAULIS[(0, 1, 3, 2)[row[q]]], self.tensors[q])
                block = _step(block, ket, self.tensors[q])
            total += float(coefficient) * float(np.trace(block).real)
        return total

    def _lefts(self) -> list[np.ndarray]:
        """What the qubits in front of each one contract to, (ket, bra)."""
        blocks = [np.ones((1, 1))]
        for tensor in self.tensors[:-1]:
            blocks.append(_step(blocks[-1], tensor, tensor))
        return blocks

    def statevector(self) -> np.ndarray:
        """(2**n,) amplitudes, qubit 0 the lowest bit."""
        if self.num_qubits > MOST_QUBITS:
            raise QTrainError(
                f"a state vector should have at most {MOST_QUBITS} qubits. Got {self.num_qubits}."
            )
        vector = np.ones((1, 1))
        for tensor in self.tensors:
            vector = np.einsum("xa,asb->sxb", vector, tensor).reshape(-1, tensor.shape[2])
        return np.asarray(vector[:, 0])

    def lengthened(
        self, num_qubits: int, hamiltonian: SparsePauliOp | None = None, *, cell: int = 2
    ) -> GroundState:
        """The same state on a longer chain: the cell in its middle is repeated.

        Deep inside a gapped chain the state looks the same in every cell, up to a unitary on the bond, which the mixed
        transfer matrix of the two halves yields. What is repeated is as wrong as that chain is short against the
        correlation length: compare with ``ground_state(hamiltonian, start=this, ...)``, which sweeps over all of it.

        Args:
            num_qubits: more by a multiple of ``cell``. hamiltonian: of the longer chain, for the energy (else NaN).
            cell: sites after which couplings repeat.

        Raises:
            QTrainError: another difference of lengths.
        """
        check_whole("num_qubits", num_qubits)
        check_whole("cell", cell)
        more = num_qubits - self.num_qubits
        if more < 0 or more % cell or self.num_qubits < 8 * cell:
            raise QTrainError(
                f"num_qubits should be {self.num_qubits} plus a multiple of {cell}, of a chain of {8 * cell} or more. "
                f"Got {num_qubits}."
            )
        first = (self.num_qubits // 2 // cell) * cell
        bulk = list(self.tensors[first : first + cell])
        bulk[-1] = np.einsum("asb,bc->asc", bulk[-1], self._seam(first, cell))
        chain = [*self.tensors[:first], *(bulk * (more // cell)), *self.tensors[first:]]
        longer = replace(self, tensors=right_canonical(chain), energy=float("nan"))
        return longer if hamiltonian is None else replace(longer, energy=longer.expectation(hamiltonian))

    def _seam(self, first: int, cell: int) -> np.ndarray:
        """The unitary from the bond behind the cell at ``first`` to the bond in front of it."""
        last = self.num_qubits - cell
        block = self._lefts()[
            last
        ]  # in a symmetric state its leading vector is symmetric too, and so is what follows
        overlap = np.linalg.eigh(block)[1][:, -1:].T
        for q in range(last - 1, first - 1, -1):
            step = np.tensordot(self.tensors[q + cell], overlap, (2, 0))
            overlap = np.tensordot(step, self.tensors[q].conj(), ((1, 2), (1, 2)))
            overlap = overlap / np.linalg.norm(overlap)
        u, _, v = np.linalg.svd(overlap, full_matrices=False)
        return np.asarray(u @ v)

    def save(self, path: str | Path) -> None:
        """Write it to an ``.npz`` file, whole or not at all."""
        named: dict[str, Any] = {f"tensor{q}": tensor for q, tensor in enumerate(self.tensors)}
        with replaced(as_npz(path), "path") as part, part.open("wb") as file:
            np.savez(file, facts=np.array([self.energy, self.truncation_error, self.sweeps]), **named)

    @classmethod
    def load(cls, path: str | Path) -> GroundState:
        """Read what ``save`` wrote.

        Raises:
            QTrainError: a file that is missing, of another kind, or damaged.
        """
        place = as_npz(path)
        try:
            if not place.is_file():  # others would block, or never end
                raise OSError("there is no such file")
            with np.load(place, allow_pickle=False) as stored:
                energy, error, sweeps = stored["facts"]
                tensors = tuple(stored[f"tensor{q}"] for q in range(len(stored.files) - 1))
            return cls(tensors, float(energy), float(error), int(sweeps))
        except Exception as fault:  # what NumPy, zlib and zipfile raise for damaged files is theirs to choose
            said = shortened(str(fault))[1:-1]
            raise QTrainError(f"path should be a ground state that was saved (.npz). Got {place}: {said}.") from None


def _step(block: np.ndarray, ket: np.ndarray, bra: np.ndarray) -> np.ndarray:
    return np.tensordot(np.tensordot(block, ket, (0, 0)), bra.conj(), ((0, 1), (0, 1)))


def right_canonical(tensors: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The same state with every tensor an isometry from its left bond, normalised."""
    done, carry = [], np.ones((1, 1))
    for tensor in reversed(tensors):
        matrix = np.tensordot(tensor, carry, (2, 0)).reshape(tensor.shape[0], -1)
        q, r = np.linalg.qr(matrix.conj().T)
        done.append(q.conj().T.reshape(-1, 2, carry.shape[1]))
        carry = r.conj().T / np.linalg.norm(r)
    done[-1] = done[-1] * (carry[0, 0] / abs(carry[0, 0]))
    return tuple(done[::-1])

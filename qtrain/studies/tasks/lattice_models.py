"""Ground states of lattice models of fermions: the Schwinger model and the Fermi-Hubbard model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from qtrain.architecture import topology
from qtrain.errors import QTrainError
from qtrain.studies.tasks.graphs import GraphModel
from qtrain.studies.tasks.task import Task, TaskModel, ground_state, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp


@register_task
class SchwingerTask(TaskModel):
    """The lattice Schwinger model (electrodynamics in 1 + 1 dimensions), open, its gauge field eliminated.

    H = hopping Σ (σ⁺_n σ⁻_{n+1} + h.c.) + mass/2 Σ (-1)ⁿ Z_n + electric Σ_{n<N} L_n², with L_n = background +
    ½ Σ_{l≤n} (Z_l + (-1)^l) by Gauss's law; n, l = 1 … N on qubits 0 … N − 1 (Martinez et al., Nature 534, 516 (2016),
    eqs. 1-4). Kogut and Susskind's staggered fermions: hopping = 1/(2a), electric = g²a/2, θ = 2π background. The
    charge ½ ΣZ is conserved; ``penalty`` · (½ ΣZ)² is added where its ground state shall be neutral in any case.
    """

    kind: Literal["schwinger"]
    hopping: float = 1.0
    mass: float = 0.5
    electric: float = 1.0
    background: float = 0.0
    penalty: Annotated[float, Field(ge=0)] = 0.0

    def check_width(self, num_qubits: int) -> None:
        super().check_width(num_qubits)
        if num_qubits % 2:
            raise QTrainError(f"qubits should be even for the task 'schwinger'. Got {num_qubits}.")

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        n = num_qubits
        sign = -((-1.0) ** np.arange(n))  # (-1)ⁿ with n counted from 1
        one = self.mass / 2 * sign  # of Z_q
        two = np.zeros((n, n))  # of Z_a Z_b, a < b
        constant = 0.0
        fields = self.background + np.cumsum(sign) / 2
        squares = [(self.electric, np.arange(n) <= link, fields[link]) for link in range(n - 1)]
        squares.append((self.penalty, np.ones(n, bool), 0.0))
        for factor, inside, offset in squares:  # factor (offset + ½ Σ Z)²
            constant += factor * (offset**2 + inside.sum() / 4)
            one = one + factor * offset * inside
            two += factor / 2 * np.triu(np.outer(inside, inside), 1)
        terms = [(2 * letter, [q, q + 1], self.hopping / 2) for letter in "XY" for q in range(n - 1)]
        return ground_state(self.kind, _diagonal(n, terms, constant, one, two))


@register_task
class HubbardTask(GraphModel):
    """The Fermi-Hubbard model under Jordan-Wigner, two qubits a site: spin up on qubits 0 …, then spin down.

    H = -hopping Σ_{pairs, spins} (c†_i c_j + h.c.) + interaction Σ n_i↑ n_i↓ - chemical_potential N. The chemical
    potential is interaction/2 if none is given (half filling on a bipartite graph). ``particles``: its ground state
    shall have so many of them (N is conserved): ``penalty`` · (N - particles)² is added, and the chemical potential is
    0 if none is given. ``lattice = [2, 2]`` has 8 qubits.
    """

    kind: Literal["hubbard"]
    hopping: float = 1.0
    interaction: float = 4.0
    chemical_potential: float | None = None
    particles: Annotated[int, Field(ge=0)] | None = None
    penalty: Annotated[float, Field(gt=0)] = 4.0

    def sites(self, num_qubits: int) -> int:
        return num_qubits // 2

    def check_width(self, num_qubits: int) -> None:
        if num_qubits % 2 or num_qubits < 4:
            raise QTrainError(f"qubits should be even, two for each site, for the task 'hubbard'. Got {num_qubits}.")
        super().check_width(num_qubits)
        if self.graph == "device":
            raise QTrainError("task.graph should be a graph of sites for the task 'hubbard'. Got 'device'.")
        if self.particles is not None and self.particles > num_qubits:
            raise QTrainError(f"task.particles should be at most {num_qubits}. Got {self.particles}.")

    def build(self, num_qubits: int, *, device_edges: topology.Edges | None = None) -> Task:
        n, sites = num_qubits, num_qubits // 2
        terms = []
        for a, b in self.pairs(sites, None):
            for low, high in ((min(a, b) + s, max(a, b) + s) for s in (0, sites)):
                between = list(range(low + 1, high))
                for letter in "XY":
                    pauli = letter + "Z" * len(between) + letter
                    terms.append((pauli, [low, *between, high], -self.hopping / 2))
        default = self.interaction / 2 if self.particles is None else 0.0
        mu = default if self.chemical_potential is None else self.chemical_potential
        u = self.interaction
        constant, one, two = u * sites / 4 - mu * n / 2, np.full(n, mu / 2 - u / 4), np.zeros((n, n))
        two[np.arange(sites), np.arange(sites) + sites] = u / 4
        if self.particles is not None:  # (n/2 − particles − ½ Σ Z)²
            offset = n / 2 - self.particles
            constant += self.penalty * (offset**2 + n / 4)
            one -= self.penalty * offset
            two += self.penalty / 2 * np.triu(np.ones((n, n)), 1)
        return ground_state(self.kind, _diagonal(n, terms, constant, one, two))


def _diagonal(n: int, terms: list[Any], constant: float, one: np.ndarray, two: np.ndarray) -> SparsePauliOp:
    """``terms`` + constant + Σ one_q Z_q + Σ_{a<b} two_ab Z_a Z_b, what is 0 left out."""
    from qiskit.quantum_info import SparsePauliOp

    terms = [term for term in terms if term[2]]
    terms += [("", [], constant)] if constant else []
    terms += [("Z", [q], float(c)) for q, c in enumerate(one) if abs(c) > 1e-14]
    terms += [("ZZ", [int(a), int(b)], float(two[a, b])) for a, b in zip(*np.nonzero(two))]
    if not terms:
        raise QTrainError("the Hamiltonian should have a term that is not zero. Got all couplings and fields 0.")
    return SparsePauliOp.from_sparse_list(terms, num_qubits=n)

"""The systems: a Hamiltonian, a circuit of layers that its own terms suggest, and the device that it sits on."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

Pair = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """Rotations of one kind: the same letters on several groups of qubits, in an order that keeps the depth low.

    ``letters``: of strings that share the angle, such as ("XX", "YY").
    """

    name: str
    letters: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class System:
    """A Hamiltonian with what surrounds it.

    Attributes:
        begin: the circuit in front of all layers; ``first``: kinds that come once. kinds: of a layer, in time order.
        angles: of ``first`` and of a layer's kinds, where training begins.
        edges: couplings of the device that it sits on, in its own numbers; None: a path.
        exact: its lowest energy where a formula gives it. symmetry: that DMRG keeps.
    """

    hamiltonian: SparsePauliOp
    begin: QuantumCircuit
    kinds: tuple[Kind, ...]
    angles: tuple[float, ...]
    edges: tuple[Pair, ...] | None = None
    first: tuple[Kind, ...] = ()
    exact: float | None = None
    symmetry: str | None = None

    @property
    def qubits(self) -> int:
        return int(self.hamiltonian.num_qubits)

    def steps(self, layers: int) -> list[Kind]:
        return [*self.first, *self.kinds * layers]

    def circuit(self, layers: int, *, tied: bool) -> tuple[QuantumCircuit, np.ndarray]:
        """The circuit, and of each parameter the step that it belongs to. ``tied``: one angle a step."""
        made, steps = self.begin.copy(), []
        for k, kind in enumerate(self.steps(layers)):
            shared = Parameter(f"s{k:03d}")
            steps += [k] * (1 if tied else len(kind.groups))
            for g, qubits in enumerate(kind.groups):
                angle = shared if tied else Parameter(f"s{k:03d}_{g:04d}")
                for word in kind.letters:
                    rotate(made, word, angle, qubits)
        return made, np.array(steps)


def rotate(circuit: QuantumCircuit, word: str, angle: Parameter, qubits: tuple[int, ...]) -> None:
    if word == "GG":  # (XY - YX)/2: the real rotation of |01> and |10>
        circuit.sdg(qubits[1])
        circuit.rxx(angle, *qubits)
        circuit.ryy(angle, *qubits)
        circuit.s(qubits[1])
    else:
        getattr(circuit, f"r{word.lower()}")(angle, *qubits)


def rounds(pairs: list[Pair]) -> list[Pair]:
    """Pairs so that those which come after each other share few qubits."""
    colours = nx.greedy_color(nx.line_graph(nx.Graph(pairs)), strategy="DSATUR")
    named = {tuple(sorted(pair)): colour for pair, colour in colours.items()}
    return sorted(((min(p), max(p)) for p in pairs), key=lambda pair: (named[pair], pair))


def terms(n: int, listed: list[tuple[str, tuple[int, ...], float]]) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_list([(word, list(qubits), c) for word, qubits, c in listed], num_qubits=n)


def tfim(n: int, pairs: list[Pair], h: float, *, tilted: bool = False) -> System:
    """-sum ZZ - h sum X from |+...+>.

    ``tilted``: each qubit begins at an angle between 0 and +, as mean fields have it where the ground state is
    ordered, and layers have fields along Z as well; the parity is given up.
    """
    begin = QuantumCircuit(n)
    hamiltonian = terms(n, [("ZZ", pair, -1.0) for pair in pairs] + [("X", (q,), -h) for q in range(n)])
    each = tuple((q,) for q in range(n))
    kinds = (Kind("ZZ", ("ZZ",), tuple(rounds(pairs))), Kind("X", ("X",), each))
    if tilted:
        layer = (*kinds, Kind("Z", ("Z",), each))
        first = (Kind("Y", ("Y",), each),)
        return System(hamiltonian, begin, layer, (0.6, 0.1, 0.1, 0.1), tuple(pairs), first, None, "parity")
    begin.h(range(n))
    exact = None
    if sorted(pairs) == [(q, q + 1) for q in range(n - 1)]:  # Pfeuty, Annals of Physics 57, 79 (1970)
        exact = -float(np.linalg.svd(np.diag(np.full(n, h)) + np.diag(np.ones(n - 1), 1), compute_uv=False).sum())
    return System(hamiltonian, begin, kinds, (-0.5, -0.5), tuple(pairs), (), exact, "parity")


def chain(*, qubits: int, field: float) -> System:
    return tfim(qubits, [(q, q + 1) for q in range(qubits - 1)], field)


def couplings(name: str) -> list[Pair]:
    import qiskit_ibm_runtime.fake_provider as fake

    return sorted({(min(pair), max(pair)) for pair in getattr(fake, name)().coupling_map.get_edges()})


def heavy_hex(*, name: str, first: int, last: int, field: float) -> System:
    """The Ising model on a device's own couplings, where it is ordered at field 1; qubits ``first`` to ``last``, numbered so that couplings are short."""
    inside = [pair for pair in couplings(name) if first <= pair[0] and pair[1] <= last]
    place = {q: k for k, q in enumerate(nx.utils.reverse_cuthill_mckee_ordering(nx.Graph(inside)))}
    pairs = sorted((min(place[a], place[b]), max(place[a], place[b])) for a, b in inside)
    return tfim(len(place), pairs, field, tilted=True)


def square(*, rows: int, cols: int, field: float) -> System:
    pairs = [(r * cols + c, r * cols + c + 1) for r in range(rows) for c in range(cols - 1)]
    pairs += [(r * cols + c, (r + 1) * cols + c) for r in range(rows - 1) for c in range(cols)]
    return tfim(rows * cols, sorted(pairs), field)


def xxz(*, qubits: int, anisotropy: float) -> System:
    """sum XX + YY + anisotropy ZZ on a line, from singlets on every other bond.

    Where it is ordered (anisotropy above 1) they begin half way to up and down in turns, and layers have fields along
    Z on every other qubit.
    """
    pairs = [(q, q + 1) for q in range(qubits - 1)]
    begin = QuantumCircuit(qubits)
    begin.x(range(0, qubits, 2))
    even, odd = tuple(pairs[::2]), tuple(pairs[1::2])
    hamiltonian = terms(qubits, [(w, p, c) for p in pairs for w, c in (("XX", 1.0), ("YY", 1.0), ("ZZ", anisotropy))])
    kinds = tuple(
        Kind(f"{name} {word[0]}", word, bonds)
        for name, bonds in (("odd", odd), ("even", even)) for word in (("XX", "YY"), ("ZZ",))
    )  # fmt: skip
    angles, first = (-np.pi / 4, 0.3, 0.3, 0.3, 0.3), (Kind("G", ("GG",), even),)
    if anisotropy > 1:
        kinds = (*kinds, Kind("Z", ("Z",), tuple((q,) for q in range(1, qubits, 2))))
        angles = (-0.4, 0.3, 0.3, 0.3, 0.3, 0.1)
    return System(hamiltonian, begin, kinds, angles, tuple(pairs), first, None, "magnetization")


def ladder(*, rungs: int, jz: float = 1.0) -> System:
    """Kitaev's ladder: XX and YY in turns along both legs, ZZ on the rungs; qubit 2 c + leg.

    Rungs begin in Bell states, so that ZZ = 1 on them and every plaquette has the sign it has in the ground state.
    """
    n = 2 * rungs
    legs = {word: [(2 * c + leg, 2 * c + 2 + leg) for c in range(start, rungs - 1, 2) for leg in (0, 1)]
            for word, start in (("XX", 0), ("YY", 1))}  # fmt: skip
    steps = [(2 * c, 2 * c + 1) for c in range(rungs)]
    begin = QuantumCircuit(n)
    for a, b in steps:
        begin.h(a)
        begin.cx(a, b)
    hamiltonian = terms(n, [(w, p, -1.0) for w in legs for p in legs[w]] + [("ZZ", p, -jz) for p in steps])
    kinds = tuple(Kind(w, (w,), tuple(p)) for w, p in (*legs.items(), ("ZZ", steps)))
    edges = tuple(sorted([*legs["XX"], *legs["YY"], *steps]))
    return System(hamiltonian, begin, kinds, (-0.4, -0.4, -0.4), edges, (), ladder_energy(rungs, jz))


def ladder_energy(rungs: int, jz: float) -> float:
    """The lowest energy, of free Majoranas (Kitaev, cond-mat/0506438): every plaquette of four has flux π.

    That no other choice of fluxes is lower was enumerated up to 10 rungs, and for 50 with one or two plaquettes changed.
    """
    place = {(leg, c): c for c in range(rungs) for leg in (0, 1)}  # one of each rung in either half of the lattice
    matrix, sign = np.zeros((rungs, rungs)), 1.0
    for c in range(rungs):
        a, b = ((0, c), (1, c)) if c % 2 == 0 else ((1, c), (0, c))
        matrix[place[a], place[b]] = jz * sign
        sign = -sign
        for leg in (0, 1) if c + 1 < rungs else ():
            a, b = ((leg, c), (leg, c + 1)) if (leg + c) % 2 == 0 else ((leg, c + 1), (leg, c))
            matrix[place[a], place[b]] = 1.0
    return -float(np.linalg.svd(matrix, compute_uv=False).sum())


SYSTEMS = {"chain": chain, "heavy_hex": heavy_hex, "square": square, "xxz": xxz, "ladder": ladder}

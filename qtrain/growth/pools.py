"""The table of operator pools: gates that a circuit may grow by, each the identity at angle 0."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import networkx as nx

from qtrain.architecture.blocks import Gate, pauli_letters
from qtrain.errors import QTrainError
from qtrain.extensions import Table
from qtrain.growth.symmetries import Symmetries, find_symmetries

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.architecture.topology import Edges

MOST_GATES = 20_000

Terms = tuple[tuple[str, tuple[int, ...], float], ...]


@dataclass(frozen=True, eq=False)
class Setting:
    """What pools and references are built from.

    Attributes:
        edges: couplings of the device, None: every pair is coupled. hamiltonian: None where there is none.
    """

    num_qubits: int
    edges: Edges | None = None
    hamiltonian: SparsePauliOp | None = None

    @cached_property
    def graph(self) -> nx.Graph:
        """The couplings."""
        graph = nx.Graph()
        graph.add_nodes_from(range(self.num_qubits))
        graph.add_edges_from(itertools.combinations(range(self.num_qubits), 2) if self.edges is None else self.edges)
        return graph

    @cached_property
    def symmetries(self) -> Symmetries | None:
        """Of the Hamiltonian."""
        return None if self.hamiltonian is None else find_symmetries(self.hamiltonian)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Of the Hamiltonian's terms without the identity."""
        if self.hamiltonian is None:
            raise QTrainError("pool should be one that needs no Hamiltonian for a task that has none.")
        found = self.hamiltonian.simplify()
        return tuple(label for label in found.paulis.to_labels() if set(label) != {"I"})


@dataclass(frozen=True)
class PoolGate:
    """Gates that one angle drives, the parameter 0: exp(-i θ G/2).

    Example:
        >>> hop = PoolGate((Gate("rxx", (0, 1), ((0, 0.5),)), Gate("ryy", (0, 1), ((0, 0.5),))))
        >>> hop.terms, hop.cx
        ((('XX', (0, 1), 0.5), ('YY', (0, 1), 0.5)), 4)
    """

    gates: tuple[Gate, ...]

    @cached_property
    def terms(self) -> Terms:
        """G as (letters, qubits, coefficient); all terms commute."""
        return tuple(term for gate in self.gates for term in generator(gate))

    @property
    def qubits(self) -> tuple[int, ...]:
        """All that it acts on, ascending."""
        return tuple(sorted({q for gate in self.gates for q in gate.qubits}))

    @property
    def names(self) -> tuple[str, ...]:
        """Of its gates: what kind it is."""
        return tuple(gate.name for gate in self.gates)

    @property
    def cx(self) -> int:
        """CX gates where every pair is coupled: 2 (weight - 1) for a Pauli rotation."""
        return sum(2 if gate.name == "xx_plus_yy" else 2 * (len(gate.qubits) - 1) for gate in self.gates)

    @property
    def is_rotation(self) -> bool:
        """One Pauli string: the cost is a sinusoid of its angle."""
        return len(self.terms) == 1 and abs(self.terms[0][2]) == 1.0


def generator(gate: Gate) -> Terms:
    """G of a gate exp(-i θ G/2) by one parameter θ.

    Raises:
        QTrainError: a gate that is no such thing.
    """
    if len(gate.parameters) == 1:
        angle = gate.angles[0]
        factor = angle[1] if isinstance(angle, tuple) else 1.0
        if gate.name == "xx_plus_yy" and gate.angles[1] == 0.0:
            return (("XX", gate.qubits, factor / 2), ("YY", gate.qubits, factor / 2))
        letters = {"rx": "X", "ry": "Y", "rz": "Z", "p": "Z"}.get(gate.name) or pauli_letters(gate.name)
        if letters is not None:
            return ((letters, gate.qubits, factor),)
    raise QTrainError(f"pool should hold rotations by one parameter each. Got {gate}.")


OPERATOR_POOLS: Table[Callable[[Setting], Sequence[PoolGate]]] = Table("growth.pools")
register_operator_pool = OPERATOR_POOLS.add


def build_pool(names: Sequence[str], setting: Setting) -> tuple[PoolGate, ...]:
    """The gates of several pools, each once.

    Raises:
        QTrainError: an unknown name, or more than ``MOST_GATES`` gates.
    """
    found = tuple(dict.fromkeys(gate for name in names for gate in OPERATOR_POOLS[name](setting)))
    if len(found) > MOST_GATES:
        raise QTrainError(
            f"growth.pools should give at most {MOST_GATES} gates on {setting.num_qubits} qubits. Got {len(found)} "
            f"from {', '.join(names)}: take strings of lower weight."
        )
    return found


def rotation(letters: str, qubits: Sequence[int]) -> PoolGate:
    """The rotation about a Pauli string, by the angle 0."""
    return PoolGate((Gate("r" + letters.lower(), tuple(qubits), (0,)),))


def _strings(setting: Setting, weight: int) -> Iterator[PoolGate]:
    """Rotations about every string of this weight on qubits that hang together in the couplings."""
    symmetries = setting.symmetries
    conserved = [] if symmetries is None else [_masks(label) for label in symmetries.parities]
    real = symmetries is not None and symmetries.real
    for path in _paths(setting, weight):
        for letters in itertools.product("XYZ", repeat=weight):
            if real and letters.count("Y") % 2 == 0:
                continue  # a real state stays real: the others have no slope
            x = sum(1 << q for q, letter in zip(path, letters) if letter != "Z")
            z = sum(1 << q for q, letter in zip(path, letters) if letter != "X")
            if all(((x & b).bit_count() + (z & a).bit_count()) % 2 == 0 for a, b in conserved):
                yield rotation("".join(letters), path)


def _excitation_strings(setting: Setting) -> Sequence[PoolGate]:
    """One Pauli string of each single and double excitation, X with one Y, at any place (qubit coupled cluster)."""
    return [
        gate for weight in (2, 4) for gate in _strings(setting, weight)
        if gate.terms[0][0].count("Y") == 1 and "Z" not in gate.terms[0][0]
    ]  # fmt: skip


def _masks(label: str) -> tuple[int, int]:
    """(x, z) bits of a label in Qiskit's order."""
    return (
        sum(1 << q for q, letter in enumerate(reversed(label)) if letter in "XY"),
        sum(1 << q for q, letter in enumerate(reversed(label)) if letter in "YZ"),
    )


def _paths(setting: Setting, size: int) -> Iterator[tuple[int, ...]]:
    """Sets of qubits that hang together, each in the order of a walk along couplings where there is one."""
    if setting.edges is None:
        yield from itertools.combinations(range(setting.num_qubits), size)
        return
    seen: set[frozenset[int]] = set()

    def walk(path: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(path) == size:
            if frozenset(path) not in seen:
                seen.add(frozenset(path))
                yield path
            return
        for q in sorted(setting.graph[path[-1]]):
            if q not in path:
                yield from walk((*path, q))

    for first in range(setting.num_qubits):
        yield from walk((first,))


def _up_to(weight: int) -> Callable[[Setting], Sequence[PoolGate]]:
    return lambda setting: [gate for w in range(1, weight + 1) for gate in _strings(setting, w)]


def _hardware(setting: Setting) -> Sequence[PoolGate]:
    """All one-qubit rotations, and all two-qubit Pauli rotations on the couplings."""
    one = [rotation(letter, (q,)) for letter in "XYZ" for q in range(setting.num_qubits)]
    pairs = sorted((min(pair), max(pair)) for pair in setting.graph.edges)
    letters = ("".join(two) for two in itertools.product("XYZ", repeat=2))
    return one + [rotation(two, pair) for two in letters for pair in pairs]


def _hamiltonian(setting: Setting) -> Sequence[PoolGate]:
    """The Hamiltonian's terms, and the commutators of two of them."""
    from qiskit.quantum_info import Pauli

    terms = [Pauli(label) for label in setting.labels]
    found = {p.to_label(): None for p in terms}
    for a, b in itertools.combinations(terms, 2):
        if a.anticommutes(b) and len(found) < MOST_GATES:
            found[Pauli((a.z ^ b.z, a.x ^ b.x)).to_label()] = None
    return [of_label(label) for label in found]


def of_label(label: str) -> PoolGate:
    """The rotation about a label in Qiskit's order.

    Example:
        >>> str(of_label("XIZ").gates[0])
        'rzx 0 2'
    """
    support = [(q, letter) for q, letter in enumerate(reversed(label)) if letter not in "I+-"]
    return rotation("".join(letter for _, letter in support), [q for q, _ in support])


def _hops(setting: Setting) -> Sequence[PoolGate]:
    """What conserves the number of excitations on couplings: hops of both phases, ZZ and Z."""
    pairs = sorted((min(pair), max(pair)) for pair in setting.graph.edges)
    real = [PoolGate((Gate("xx_plus_yy", pair, (0, 0.0)),)) for pair in pairs]
    turned = [PoolGate((Gate("rxy", pair, ((0, 0.5),)), Gate("ryx", pair, ((0, -0.5),)))) for pair in pairs]
    return [*real, *turned, *(rotation("ZZ", pair) for pair in pairs),
            *(rotation("Z", (q,)) for q in range(setting.num_qubits))]  # fmt: skip


def _excitations(parity: bool) -> Callable[[Setting], Sequence[PoolGate]]:
    """Single and double excitations as Pauli strings that share an angle; ``parity``: with Jordan-Wigner's strings."""

    def build(setting: Setting) -> Sequence[PoolGate]:
        n, found = setting.num_qubits, []
        for a, b in itertools.combinations(range(n), 2):
            between = list(range(a + 1, b)) if parity else []
            found.append(_excitation(((a,), (b,)), between))
        for four in itertools.combinations(range(n), 4):
            between = [*range(four[0] + 1, four[1]), *range(four[2] + 1, four[3])] if parity else []
            for k in (1, 2, 3):
                pair = (four[0], four[k])
                rest = tuple(q for q in four if q not in pair)
                found.append(_excitation((pair, rest), between))
        return found

    return build


def _excitation(parts: tuple[tuple[int, ...], tuple[int, ...]], between: Sequence[int]) -> PoolGate:
    """exp of θ/2 times (raise ``parts[0]``, lower ``parts[1]``, minus its adjoint), Z on ``between``."""
    qubits = (*parts[0], *parts[1])
    gates = []
    for letters in itertools.product("XY", repeat=len(qubits)):
        if letters.count("Y") % 2 == 0:
            continue
        # ∏(X ± iY)/2: the factor i^(Y raised) (-i)^(Y lowered) leaves ± 1 beside the overall i
        down = sum(letter == "Y" for letter in letters[len(parts[0]) :])
        power = (letters.count("Y") + 2 * down) % 4
        sign = 1.0 if power == 1 else -1.0
        factor = sign * 2.0 ** (1 - len(qubits))
        name = "r" + "".join(letters).lower() + "z" * len(between)
        gates.append(Gate(name, (*qubits, *between), ((0, factor),)))
    return PoolGate(tuple(gates))


for _name, _build in {
    "hardware": _hardware, "pauli2": _up_to(2), "pauli3": _up_to(3), "pauli4": _up_to(4),
    "hamiltonian": _hamiltonian, "hops": _hops, "excitations": _excitations(True),
    "qubit_excitations": _excitations(False), "excitation_strings": _excitation_strings,
}.items():  # fmt: skip
    register_operator_pool(_name, _build)

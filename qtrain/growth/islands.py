"""The table of islands: which states, gates and families of circuits a problem's symmetries suggest.

A search for the ground state stays in the sector of its reference state where its gates keep a symmetry; so state and
gates are chosen together, and each pair of them is an island that no edit leaves.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.architecture.hva import hva
from qtrain.architecture.layer import Layer
from qtrain.architecture.topology import coloured, edges
from qtrain.circuits.program import PauliProgram, lower
from qtrain.extensions import Table
from qtrain.growth import symmetric_pool  # noqa: F401 (its row)
from qtrain.growth.pools import OPERATOR_POOLS, PoolGate, Setting, register_operator_pool
from qtrain.growth.references import REFERENCES, Reference, hop_pairs, register_reference
from qtrain.growth.symmetries import Symmetries
from qtrain.simulators.statevector import values

MOST_REFERENCES = 6  # of "auto"
MOST_DEPTH = 16  # repetitions of what an open chain needs n of
MOST_TERMS = 16  # for each qubit: a Hamiltonian of more has no circuit of its own terms
MOST_POOL_GATES = 500  # of "auto": pools are added while they are fewer
STATEVECTOR_QUBITS = 14  # up to here references are ordered by their energy


@dataclass(frozen=True)
class Island:
    """One row of the table.

    Attributes:
        applies: whether a setting has what it takes.
        references, operator_pools: names of rows in ``REFERENCES`` and ``OPERATOR_POOLS``, the promising first.
        family_pools: names of pools of layers that a search's space knows.
        why: in a sentence.
        starts: circuits to begin with, the promising first.
    """

    applies: Callable[[Setting], bool]
    references: tuple[str, ...]
    operator_pools: tuple[str, ...]
    family_pools: tuple[str, ...]
    why: str
    starts: Callable[[Setting], Sequence[Architecture]] = lambda setting: ()


ISLANDS: Table[Island] = Table("island")
register_island = ISLANDS.add


def islands(setting: Setting) -> dict[str, Island]:
    """The rows that apply, by name, in order of promise.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> list(islands(Setting(2, None, SparsePauliOp(["XX", "YY", "ZZ"]))))
        ['spin', 'number', 'permutations', 'terms']
    """
    return {name: island for name, island in ISLANDS.items() if island.applies(setting)}


def family_pools(setting: Setting) -> tuple[str, ...]:
    """Names of pools of layers, each once, those of the most promising island first."""
    return tuple(dict.fromkeys(pool for island in islands(setting).values() for pool in island.family_pools))


def island_starts(setting: Setting) -> tuple[Architecture, ...]:
    """Circuits to begin with, of all islands."""
    found = (a for island in islands(setting).values() for a in island.starts(setting))
    return tuple({a.content_id: a for a in found}.values())


def _references(setting: Setting) -> Sequence[Reference]:
    """What the islands name, as far as it keeps the parities that pools keep; the lowest energy first where known."""
    named = dict.fromkeys(name for island in islands(setting).values() for name in island.references)
    found = list(dict.fromkeys(gates for name in named for gates in REFERENCES[name](setting)))
    if setting.hamiltonian is None or setting.num_qubits > STATEVECTOR_QUBITS:
        return found[:MOST_REFERENCES]
    programs = [lower(build(gates, setting.num_qubits)) for gates in found]
    parities = [SparsePauliOp(label) for label in _of(setting).parities]
    means = np.array([_means(p, [setting.hamiltonian, *parities]) for p in programs])
    kept = np.flatnonzero((np.abs(means[:, 1:]) > 1 - 1e-9).all(axis=1))
    order = kept[np.argsort(np.round(means[kept, 0], 9), kind="stable")]
    return [found[k] for k in (order if len(order) else np.argsort(means[:, 0]))[:MOST_REFERENCES]]


def _means(program: PauliProgram, operators: Sequence[SparsePauliOp]) -> list[float]:
    """Of a circuit without parameters."""
    return [float(values(program, operator, np.zeros((1, 0)), num_threads=1)[0]) for operator in operators]


def _operator_pool(setting: Setting) -> Sequence[PoolGate]:
    """What the islands name, in order, while it stays small; only gates that keep the parities of the references."""
    parities = () if setting.symmetries is None else setting.symmetries.parities
    kept = [{q: letter for q, letter in enumerate(reversed(label)) if letter != "I"} for label in parities]
    found: dict[PoolGate, None] = {}
    for name in dict.fromkeys(pool for island in islands(setting).values() for pool in island.operator_pools):
        gates = [g for g in OPERATOR_POOLS[name](setting) if all(_keeps(g, parity) for parity in kept)]
        if found and len(found) + len(gates) > MOST_POOL_GATES:
            break
        found |= dict.fromkeys(gates)
    return list(found)


def _keeps(gate: PoolGate, parity: dict[int, str]) -> bool:
    """Whether every term commutes with a Pauli string."""
    return all(
        sum(parity.get(q, letter) != letter for q, letter in zip(qubits, letters, strict=True)) % 2 == 0
        for letters, qubits, _ in gate.terms
    )


def conserving_starts(setting: Setting) -> tuple[Architecture, ...]:
    """Layers that conserve the number of excitations, from Néel and other basis states, every angle free.

    On the pairs that the Hamiltonian hops between: exp(-i(a(XX+YY) + bZZ)/2); hops and RZ; hops and CP.
    """
    n = setting.num_qubits
    pairs = coloured(hop_pairs(setting))
    if not pairs:
        return ()
    chain = {frozenset(pair) for pair in pairs} == {frozenset(pair) for pair in edges("line", n)}
    bare: list[Architecture] = []
    for reps in sorted({1, 2, max(1, n // 4), max(1, n // 2)}):
        for rotations, block in (((), "xxz"), (("rz",), "xx_plus_yy"), (("rz",), "fsim")):
            layer = Layer(rotations, block, "brickwork" if chain else "edges")
            bare.append(Architecture((layer,), reps, edges=None if chain else pairs, num_qubits=None if chain else n))
    plain = tuple(Gate("x", (q,)) for q in range(1, n, 2))
    references = list(dict.fromkeys([*REFERENCES["neel"](setting)[:2], *REFERENCES["determinant"](setting)[:1]]))
    found = []
    for reference in sorted(references, key=lambda gates: gates != plain):
        if reference == plain and chain:
            found += [dataclasses.replace(a, initial="neel") for a in bare]
        else:
            found += [_behind(reference, a, n) for a in bare]
    return tuple(found)


def _behind(reference: Reference, architecture: Architecture, n: int) -> Architecture:
    return Architecture((), grown=(*reference, *architecture.gates(n)), num_qubits=n)


def term_starts(setting: Setting) -> tuple[Architecture, ...]:
    """The Hamiltonian's own variational ansatz, every angle free, and with shared ones."""
    operator = setting.hamiltonian
    n = setting.num_qubits
    if operator is None or len(operator) > MOST_TERMS * n:
        return ()
    initial = "neel" if _of(setting).number and not _of(setting).diagonal else "h"
    depths = sorted({1, 2, max(1, n // 2), min(n, MOST_DEPTH)})
    options = [(reps, sharing) for reps in depths for sharing in ("independent", "shared")]
    return tuple(hva(operator, reps=reps, sharing=sharing, initial=initial) for reps, sharing in options)


def spin_starts(setting: Setting) -> tuple[Architecture, ...]:
    """Exchanges exp(-i a (XX + YY + ZZ)/2) behind singlets, every angle free; the bonds between singlets first."""
    n = setting.num_qubits
    pairs = hop_pairs(setting)
    found = []
    for reps in sorted({1, 2, max(1, n // 4), max(1, n // 2)}):
        for reference in REFERENCES["singlets"](setting)[:2]:
            taken = {frozenset(g.qubits) for g in reference if len(g.qubits) == 2}
            order = sorted(pairs, key=lambda pair: frozenset(pair) in taken)
            body = Architecture((Layer((), "heisenberg", "edges"),), reps, edges=tuple(order), num_qubits=n)
            found.append(_behind(reference, body, n))
    return tuple(found)


def _has(test: Callable[[Setting], bool]) -> Callable[[Setting], bool]:
    return lambda setting: setting.symmetries is not None and test(setting)


def _of(setting: Setting) -> Symmetries:
    assert setting.symmetries is not None
    return setting.symmetries


def _parity(setting: Setting) -> bool:
    """Whether Z on every qubit is a symmetry."""
    return setting.hamiltonian is not None and not (setting.hamiltonian.paulis.x.sum(axis=1) % 2).any()


for _name, _row in {
    "spin": Island(
        _has(lambda s: _of(s).su2), ("singlets", "clifford"), ("symmetric", "pauli2"), ("su2", "u1"),
        "total spin is conserved, and ground states of antiferromagnets have spin 0, as singlets do", spin_starts,
    ),
    "fermions": Island(
        _has(lambda s: _of(s).spin_numbers is not None), ("determinant",), ("excitations", "qubit_excitations"),
        ("u1",), "two species are conserved apart, so excitations of one determinant reach the ground state",
        conserving_starts,
    ),
    "number": Island(
        _has(lambda s: _of(s).number and not _of(s).diagonal and _of(s).spin_numbers is None),
        ("neel", "determinant", "clifford"), ("symmetric", "pauli2"), ("u1",),
        "the number of excitations is conserved: a basis state fixes it and hops keep it", conserving_starts,
    ),
    "cut": Island(
        _has(lambda s: _of(s).diagonal), ("plus",), ("pauli2",), ("z2", "hamiltonian"),
        "the terms commute: a mixer has to move amplitudes from the sum of all solutions to the best",
    ),
    "flip": Island(
        _has(lambda s: _of(s).flip and not _of(s).number and not _of(s).diagonal), ("plus", "product", "clifford"),
        ("symmetric", "pauli2"), ("z2",), "X on all qubits is conserved, and |+…+> is its eigenstate",
    ),
    "matchgates": Island(
        _has(lambda s: _of(s).free_fermion and not _of(s).commuting and _parity(s)),
        ("neel", "zero"), ("hops",), ("free_fermion",), "the terms are quadratic in Majorana operators",
    ),
    "permutations": Island(
        _has(lambda s: _of(s).order == factorial(s.num_qubits)), ("plus",), ("symmetric",), ("permutation",),
        "all qubits are alike, so one angle for each kind of gate is enough",
    ),
    "terms": Island(
        _has(lambda s: True), ("product", "clifford"), ("hamiltonian", "pauli2"), ("hamiltonian", "hardware_efficient"),
        "its own terms and their commutators generate what moves towards the ground state", term_starts,
    ),
    "data": Island(
        lambda s: s.hamiltonian is None, ("zero", "plus"), ("hardware",), ("hardware_efficient", "qcnn"),
        "no Hamiltonian says what to conserve",
    ),
}.items():  # fmt: skip
    register_island(_name, _row)
register_reference("auto", _references)
register_operator_pool("auto", _operator_pool)

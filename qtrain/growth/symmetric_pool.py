"""The operator pool of generators that keep a Hamiltonian's symmetries; orbits of permutations share an angle."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

from qtrain.architecture.blocks import Gate
from qtrain.growth.pools import OPERATOR_POOLS, PoolGate, Setting, register_operator_pool

Key = frozenset[tuple[tuple[tuple[int, str], ...], float]]

MOST_IMAGES = 50_000  # gates times permutations; beyond, each gate has its own angle


def symmetric_pool(setting: Setting) -> Sequence[PoolGate]:
    """Sums of generators over the orbits of the Hamiltonian's permutations, each driven by one angle.

    The generators: exchanges XX + YY + ZZ where the total spin is conserved; hops, ZZ and Z where the number of
    excitations is; else strings of one and two letters that commute with the Pauli symmetries, of a real Hamiltonian
    those with an odd number of Y. An orbit whose gates do not all commute is split into rounds that do.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> ising = SparsePauliOp(["IZZ", "ZZI", "IIX", "IXI", "XII"])
        >>> [" ".join(map(str, item.gates)) for item in symmetric_pool(Setting(3, ((0, 1), (1, 2)), ising))]
        ['ryz 0 1 ryz 2 1', 'rzy 0 1 rzy 2 1']
    """
    symmetries = setting.symmetries
    if symmetries is None:
        return OPERATOR_POOLS["hardware"](setting)
    pairs = sorted((min(pair), max(pair)) for pair in setting.graph.edges)
    if symmetries.su2:
        single = [PoolGate(tuple(Gate(name, pair, (0,)) for name in ("rxx", "ryy", "rzz"))) for pair in pairs]
    elif symmetries.number and not symmetries.diagonal:
        single = list(OPERATOR_POOLS["hops"](setting))
    else:
        single = list(OPERATOR_POOLS["pauli2"](setting))
    found: dict[Key, PoolGate] = {}
    for orbit in _orbits(single, symmetries.permutations, setting):
        for round_ in _rounds(orbit):
            gate = PoolGate(tuple(g for item in round_ for g in item.gates))
            found.setdefault(_key(gate), gate)
    return list(found.values())


def _key(gate: PoolGate) -> Key:
    """What the gate does, whatever the order of its terms and the sign of its angle."""
    total: dict[tuple[tuple[int, str], ...], float] = {}
    for letters, qubits, c in gate.terms:
        place = tuple(sorted(zip(qubits, letters, strict=True)))
        total[place] = total.get(place, 0.0) + c
    lead = total[min(total)]
    return frozenset((place, c if lead > 0 else -c) for place, c in total.items())


def _moved(gate: PoolGate, permutation: Sequence[int]) -> PoolGate:
    return PoolGate(tuple(dataclasses.replace(g, qubits=tuple(permutation[q] for q in g.qubits)) for g in gate.gates))


def _orbits(
    single: Sequence[PoolGate], permutations: Sequence[Sequence[int]], setting: Setting
) -> Iterable[list[PoolGate]]:
    """Gates that permutations of the couplings take into each other; an orbit that holds -G beside G adds up to 0."""
    edges = {frozenset(pair) for pair in setting.graph.edges}
    kept = [p for p in permutations if all(frozenset(p[q] for q in pair) in edges for pair in edges)]
    if len(kept) * len(single) > MOST_IMAGES:
        kept = []
    seen: set[Key] = set()
    for gate in single:
        if _key(gate) in seen:
            continue
        members, fresh = {_exact(gate): gate}, [gate]
        while fresh:
            images = {_exact(image): image for g in fresh for p in kept for image in [_moved(g, p)]}
            fresh = [image for key, image in images.items() if key not in members]
            members |= {_exact(image): image for image in fresh}
        seen |= {_key(member) for member in members.values()}
        if not any(frozenset((place, -c) for place, c in key) in members for key in members):
            yield list(members.values())


def _exact(gate: PoolGate) -> Key:
    """As :func:`_key`, with its sign."""
    return frozenset((tuple(sorted(zip(q, s, strict=True))), c) for s, q, c in gate.terms)


def _rounds(gates: Sequence[PoolGate]) -> list[list[PoolGate]]:
    """The gates in rounds within which all terms commute."""
    rounds: list[list[PoolGate]] = []
    for gate in gates:
        for round_ in rounds:
            if all(_commute(gate, other) for other in round_):
                round_.append(gate)
                break
        else:
            rounds.append([gate])
    return rounds


def _commute(a: PoolGate, b: PoolGate) -> bool:
    """Whether each term of one commutes with each of the other."""
    for (letters, qubits, _), (other, places, _) in itertools.product(a.terms, b.terms):
        mine = dict(zip(qubits, letters, strict=True))
        if sum(mine.get(q, s) != s for q, s in zip(places, other, strict=True)) % 2:
            return False
    return True


register_operator_pool("symmetric", symmetric_pool)

"""Ansätze made of a Hamiltonian's own terms: variational (1507.08969), QAOA and its multi-angle form."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Angle, Gate
from qtrain.architecture.layer import one_of, whole
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

_CLOSE = 1e-9  # relative: coefficients that were meant to be equal


@dataclass(frozen=True)
class Unit:
    """Commuting terms that share an angle: a hop XX + YY, a two-body excitation, or a single term.

    ``terms``: ((letters, qubits), coefficient), qubits ascending, letter i on qubit i; all of the same support.
    """

    qubits: tuple[int, ...]
    terms: tuple[tuple[str, float], ...]

    @property
    def kind(self) -> str:
        """Its letters without the places."""
        return "+".join(sorted(letters for letters, _ in self.terms))

    @property
    def hops(self) -> bool:
        """Whether it is XX + YY: one gate of the device libraries, whose angle is twice that of its rotations."""
        return self.kind == "XX+YY" and self.terms[0][1] * self.terms[1][1] > 0

    @property
    def size(self) -> float:
        """What its angle is measured in: the coefficient, as the gate counts it."""
        return self.terms[0][1] * (2 if self.hops else 1)

    def gates(self, angle: int, scale: float) -> list[Gate]:
        """exp(−i θ Σ c P / (2·scale)), θ the parameter of this number."""
        if self.hops:
            return [Gate("xx_plus_yy", self.qubits, (_times(angle, self.size / scale), 0.0))]
        return [Gate("r" + letters.lower(), self.qubits, (_times(angle, c / scale),)) for letters, c in self.terms]


def _times(angle: int, factor: float) -> Angle:
    return angle if abs(factor - 1.0) <= _CLOSE else (angle, float(factor))


def units_of(hamiltonian: SparsePauliOp) -> tuple[Unit, ...]:
    """The terms of a Hamiltonian, those tied that conserve a charge only together.

    Terms with the same flips (X or Y in the same places) and the same support, of equal size and commuting, share an
    angle: XX + YY hops an excitation, XX alone does not keep their number.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> [u.kind for u in units_of(SparsePauliOp(["XX", "YY", "ZZ", "IZ"], [1, 1, 0.5, 2]))]
        ['XX+YY', 'ZZ', 'Z']
    """
    found: list[tuple[tuple[int, ...], tuple[int, ...], list[tuple[str, float]]]] = []
    places: dict[object, list[int]] = {}
    for pauli, coefficient in hamiltonian.simplify().to_list():
        letters = pauli[::-1]
        qubits = tuple(q for q, letter in enumerate(letters) if letter != "I")
        if not qubits:
            continue
        if abs(coefficient.imag) > _CLOSE * abs(coefficient):
            raise QTrainError(f"hamiltonian should be Hermitian. Got the coefficient {coefficient} of {pauli}.")
        word = "".join(letters[q] for q in qubits)
        flips = tuple(q for q in qubits if letters[q] in "XY")
        term = (word, float(coefficient.real))
        key = (qubits, flips)
        for place in places.get(key, ()) if flips else ():
            if all(_tied(term, other) for other in found[place][2]):
                found[place][2].append(term)
                break
        else:
            places.setdefault(key, []).append(len(found))
            found.append((qubits, flips, [term]))
    return tuple(Unit(qubits, tuple(sorted(terms))) for qubits, _, terms in found)


def _tied(a: tuple[str, float], b: tuple[str, float]) -> bool:
    same_size = abs(abs(a[1]) - abs(b[1])) <= _CLOSE * abs(a[1])
    return same_size and sum(x != y for x, y in zip(a[0], b[0], strict=True)) % 2 == 0


def _commute(a: Unit, b: Unit) -> bool:
    shared = set(a.qubits) & set(b.qubits)
    if not shared:
        return True
    at_a, at_b = ({q: i for i, q in enumerate(u.qubits)} for u in (a, b))
    pairs = itertools.product(a.terms, b.terms)
    return all(sum(x[0][at_a[q]] != y[0][at_b[q]] for q in shared) % 2 == 0 for x, y in pairs)


def commuting_groups(units: Sequence[Unit]) -> tuple[tuple[Unit, ...], ...]:
    """Layers of units that commute: each kind by itself where it does, else in rounds of disjoint supports.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> chain = SparsePauliOp(["IXX", "XXI", "IYY", "YYI", "IZZ", "ZZI"])
        >>> [[u.qubits for u in group] for group in commuting_groups(units_of(chain))]
        [[(0, 1)], [(0, 1)], [(1, 2)], [(1, 2)]]
    """
    rounds = _rounds({u.qubits for u in units})
    kinds: dict[str, list[Unit]] = {}
    for unit in sorted(units, key=lambda u: (rounds[u.qubits], u.qubits)):
        kinds.setdefault(unit.kind, []).append(unit)
    whole = {kind: all(_commute(a, b) for a, b in itertools.combinations(group, 2)) for kind, group in kinds.items()}
    split = any(not whole[kind] for kind in kinds)
    groups: dict[tuple[int, int, str], list[Unit]] = {}
    for kind, group in kinds.items():
        for unit in group:
            several = len(unit.qubits) > 1
            # where one kind goes in rounds all do: a bond's terms side by side are one block on the device
            key = (0 if several else 1, rounds[unit.qubits] if split and several else 0, kind)
            groups.setdefault(key, []).append(unit)
    order = sorted(groups, key=lambda key: (key[0], key[1]))  # kinds in the order of the Hamiltonian
    return tuple(tuple(groups[key]) for key in order)


def _rounds(supports: Collection[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    """A round for each support, so that the pairs and larger ones of one round are disjoint; near ones come first."""
    taken: dict[int, set[int]] = {}
    rounds: dict[tuple[int, ...], int] = {support: 0 for support in supports if len(support) == 1}
    for support in sorted((s for s in supports if len(s) > 1), key=lambda s: (len(s), s[-1] - s[0], s)):
        busy = set[int]().union(*(taken.get(q, set()) for q in support))
        rounds[support] = next(r for r in itertools.count() if r not in busy)
        for q in support:
            taken.setdefault(q, set()).add(rounds[support])
    return rounds


def hva(
    hamiltonian: SparsePauliOp, *, reps: int = 1, sharing: str = "shared", initial: str = "h",
    reference: Sequence[Gate] = (), reverse: bool = False,
) -> Architecture:  # fmt: skip
    """Hamiltonian variational ansatz of any Hamiltonian; of a diagonal one QAOA, with an RX on every qubit as mixer.

    Args:
        hamiltonian: real coefficients; they weigh the angles within a group.
        sharing: ``"shared"``: one angle for each group of commuting terms and repetition; ``"independent"``: one for
            each term, a hop XX + YY (or any terms that flip the same qubits with equal weight) being one.
        initial: as in ``Architecture``; ``reference``: gates that prepare the first state instead.
        reverse: the groups in reverse order: a singlet is an eigenstate of the bond it is on, so the others come first.

    Raises:
        QTrainError: nothing but the identity, a coefficient that is not real, an unknown name.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> ising = SparsePauliOp(["IZZ", "ZZI", "IIX", "IXI", "XII"])
        >>> hva(ising, reps=2).num_parameters(), hva(ising, reps=2, sharing="independent").num_parameters()
        (4, 10)
        >>> print(hva(SparsePauliOp(["ZZ"])))
        h · rzz 0 1 · rx 0 · rx 1
    """
    one_of("sharing", sharing, ("shared", "independent"))
    whole("reps", reps, "a whole number of at least 1")
    units = units_of(hamiltonian)
    if not units:
        raise QTrainError("hamiltonian should have a term besides the identity. Got none.")
    groups = commuting_groups(units)
    if not hamiltonian.paulis.x.any():
        groups += (tuple(Unit((q,), (("X", 1.0),)) for q in range(hamiltonian.num_qubits)),)
    groups = groups[::-1] if reverse else groups
    grown, angle, own = list(reference), 0, sharing == "independent"
    for _ in range(reps):
        for group in groups:
            scale = max((unit.size for unit in group), key=abs)
            for unit in group:
                grown += unit.gates(angle, unit.size if own else scale)
                angle += own
            angle += not own
    return Architecture((), initial="none" if reference else initial, grown=tuple(grown),
                        num_qubits=hamiltonian.num_qubits)  # fmt: skip

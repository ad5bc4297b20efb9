"""What an observable becomes at other numbers of qubits: told from where its terms stand, not from its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.observables import as_observable
from qtrain.errors import QTrainError

Term = tuple[tuple[int, str], ...]
"""(qubit, letter), qubits ascending."""
Continued = Callable[[int], list[tuple[Term, float]]]

CLOSE = 1e-9  # relative: coefficients that were meant to be equal


def observable_at(observable: Any, n0: int | None = None) -> Callable[[int], SparsePauliOp] | None:
    """Continue an observable to other widths; None where that is not clear.

    A single letter, or a block of neighbours, stays at the first qubit, the last one or the middle, where it stands. A
    letter on every qubit, and sums of one pattern over all places of a line, a ring or all pairs, with equal or
    alternating coefficients, stay that; a mean stays a mean. The identity is left out.

    Args:
        observable: SparsePauliOp or text. n0: its number of qubits; None: the operator's own.

    Raises:
        QTrainError: it cannot be read.

    Example:
        >>> last = observable_at("ZIIII")
        >>> last(3).paulis.to_labels()
        ['ZII']
        >>> ising = observable_at("IIZZ + IZZI + ZZII + 0.5*IIIX + 0.5*IIXI + 0.5*IXII + 0.5*XIII")
        >>> len(ising(10)), observable_at("ZIIZI + 3*IIXII") is None
        (19, True)
    """
    operator = as_observable(observable, n0)
    n = operator.num_qubits
    groups: dict[tuple[str, ...], dict[Term, float]] = {}
    for _, places, coefficient in _sparse(operator):
        if places:
            groups.setdefault(tuple(letter for _, letter in places), {})[places] = coefficient
    parts = [part for terms in groups.values() for part in _continue(terms, n)] if groups else []
    if not parts or any(part is None for part in parts):
        return None
    known: list[Continued] = [part for part in parts if part is not None]

    def at(width: int) -> SparsePauliOp:
        rows = [row for part in known for row in part(width)]
        fits = all(0 <= q < width for term, _ in rows for q, _ in term)
        if not rows or not fits or any(len({q for q, _ in term}) < len(term) for term, _ in rows):
            raise QTrainError(f"num_qubits should have room for the observable. Got {width}.")
        return SparsePauliOp.from_sparse_list(
            [("".join(letter for _, letter in term), [q for q, _ in term], c) for term, c in rows], width
        )

    return at


def _sparse(operator: SparsePauliOp) -> Iterator[tuple[str, Term, float]]:
    for letters, qubits, coefficient in operator.to_sparse_list():
        yield letters, tuple(sorted(zip(qubits, letters))), float(complex(coefficient).real)


def _continue(terms: dict[Term, float], n: int) -> list[Continued | None]:
    """The terms with the same letters in the same order: as sums over places, or each by itself."""
    if len(terms) == 1:
        ((term, coefficient),) = terms.items()
        one = _single(term, n)
        return [None if one is None else _scaled(one, coefficient)]
    by_shape: dict[tuple[int, ...], dict[Term, float]] = {}
    whole = _all_pairs(terms, n)
    if whole is not None:
        return [whole]
    for term, coefficient in terms.items():
        start = _start(term, n)
        by_shape.setdefault(tuple((q - start) % n for q, _ in term), {})[term] = coefficient
    found: list[Continued | None] = []
    for members in by_shape.values():
        if len(members) == 1:
            found += _continue(members, n)
        else:
            chain = _chain(members, n)
            apart = chain is None and len(members) == 2  # such as the two ends
            found += [one for item in members.items() for one in _continue(dict([item]), n)] if apart else [chain]
    return found


def _scaled(at: Callable[[int], Term], coefficient: float) -> Continued:
    return lambda n: [(at(n), coefficient)]


def _single(term: Term, n: int) -> Callable[[int], Term] | None:
    """One term: on all qubits, on both ends, or a block of neighbours at an end or in the middle."""
    qubits, letters = [q for q, _ in term], [letter for _, letter in term]
    width = len(term)
    if width == n and n > 1:
        return (lambda m: tuple((q, letters[0]) for q in range(m))) if len(set(letters)) == 1 else None
    if width == 2 and qubits == [0, n - 1] and n > 3:
        return lambda m: ((0, letters[0]), (m - 1, letters[1]))
    if qubits != list(range(qubits[0], qubits[0] + width)) or (width > 1 and 2 * width > n):
        return None
    for place in (
        lambda m: 0, lambda m: m - width, lambda m: (m - width) // 2, lambda m: (m - width + 1) // 2
    ):  # fmt: skip
        if place(n) == qubits[0]:
            return partial(_block, place, letters)
    return None


def _block(place: Callable[[int], int], letters: list[str], n: int) -> Term:
    return tuple((place(n) + k, letter) for k, letter in enumerate(letters))


def _start(term: Term, n: int) -> int:
    """The qubit from which the term, read to the right and around, spans the fewest."""
    qubits = [q for q, _ in term]
    return min(qubits, key=lambda first: (max((q - first) % n for q in qubits), first))


def _law(values: np.ndarray) -> Callable[[int, int], float] | None:
    """(how many, place) -> coefficient: equal ones, alternating ones, or those of a mean; None for others."""
    first = float(values[0])
    signs = np.where(np.arange(len(values)) % 2, -1.0, 1.0)
    alternating = len(values) > 2 and np.allclose(values, first * signs, rtol=CLOSE, atol=0)
    if not alternating and not np.allclose(values, first, rtol=CLOSE, atol=0):
        return None
    mean = len(values) > 1 and abs(abs(first) * len(values) - 1) <= CLOSE
    size = (lambda count: np.sign(first) / count) if mean else (lambda count: first)
    return lambda count, place: size(count) * (-1.0 if alternating and place % 2 else 1.0)


def _chain(terms: dict[Term, float], n: int) -> Continued | None:
    """One pattern on every place of the line, or of the ring."""
    placed = {_start(term, n): (term, c) for term, c in terms.items()}
    first = placed[min(placed)][0]
    start = _start(first, n)
    letters = {(q - start) % n: letter for q, letter in first}
    span = max(letters)
    if any({(q - p) % n: letter for q, letter in term} != letters for p, (term, _) in placed.items()):
        return None
    if 2 * span >= n and span:
        return None
    if sorted(placed) == list(range(n - span)):
        ring = False
    elif sorted(placed) == list(range(n)):
        ring = True
    else:
        return None
    law = _law(np.array([placed[p][1] for p in sorted(placed)]))
    if law is None:
        return None

    def at(m: int) -> list[tuple[Term, float]]:
        if ring and 2 * span >= m:
            raise QTrainError(f"num_qubits should have room for the observable's ring. Got {m}.")
        places = range(m if ring else m - span)
        return [
            (tuple(sorted(((p + d) % m, letter) for d, letter in letters.items())), law(len(places), p))
            for p in places
        ]

    return at


def _all_pairs(terms: dict[Term, float], n: int) -> Continued | None:
    """The same two letters on every pair."""
    if n < 4 or len(terms) != n * (n - 1) // 2 or any(len(term) != 2 for term in terms):
        return None
    law = _law(np.array(list(terms.values())))
    (_, a), (_, b) = next(iter(terms))
    if law is None or a != b or law(len(terms), 1) != law(len(terms), 0):
        return None
    return lambda m: [
        (((i, a), (j, b)), law(m * (m - 1) // 2, 0)) for i in range(m) for j in range(i + 1, m)
    ]

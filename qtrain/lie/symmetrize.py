"""Generators that respect a symmetry: twirled over a group, so that the algebra stays small by design."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.errors import QTrainError

GROUPS = ("Z2", "U1", "permutation", "cyclic")
MAX_SUPPORT = 10  # qubits that one term may flip under U1: its projection has 2^k terms


def symmetrize(generators: Sequence[str | SparsePauliOp], group: str | Sequence[str]) -> list[SparsePauliOp]:
    """Average each generator over a group; what averages to zero or repeats is dropped.

    Restricting generators to those that commute with a symmetry keeps the algebra in its commutant
    (group-theoretic priors: equivariant circuits, arXiv 2210.08566).

    Args:
        generators: Pauli labels or Hermitian SparsePauliOps of one width.
        group: ``"Z2"``: the spin flip X...X; ``"U1"``: rotations about total Z; ``"permutation"``: all
            permutations of the qubits; ``"cyclic"``: translations; or a list of Pauli labels that commute:
            the symmetries themselves.

    Returns:
        Distinct generators that commute with every element, as sums of Pauli strings.

    Raises:
        QTrainError: unknown group, mixed widths, symmetries that do not commute.

    Example:
        >>> [g.to_list() for g in symmetrize(["IX", "XX"], "U1")]
        [[('XX', (0.5+0j)), ('YY', (0.5+0j))]]
    """
    items = [_operator(g, k) for k, g in enumerate(generators)]
    if not items:
        raise QTrainError("generators should hold at least one generator. Got an empty list.")
    n = items[0].num_qubits
    if any(item.num_qubits != n for item in items):
        raise QTrainError(
            f"generators should act on one number of qubits. Got {sorted({i.num_qubits for i in items})}."
        )
    if isinstance(group, str):
        if group not in GROUPS:
            raise QTrainError(
                f"group should be one of {', '.join(GROUPS)}, or a list of Pauli labels. Got {group!r}."
            )
        twirl: Any = {"Z2": lambda o: _commuting(o, SparsePauliOp("X" * n)), "U1": _number_conserving,
                      "permutation": _permuted, "cyclic": _translated}[group]  # fmt: skip
    else:
        symmetries = _symmetries(group, n)
        twirl = lambda o: _commuting(o, symmetries)  # noqa: E731
    found: dict[tuple[Any, ...], SparsePauliOp] = {}
    for item in items:
        result = twirl(item).simplify()
        result = result[np.abs(result.coeffs) > 1e-12]
        if len(result) and np.abs(result.coeffs).max() > 1e-12:
            result = result.sort()
            lead = result.coeffs[0]
            key = tuple((label, complex(np.round(c / lead, 10))) for label, c in result.to_list())
            found.setdefault(key, result)
    return list(found.values())


def _operator(value: Any, place: int) -> SparsePauliOp:
    if isinstance(value, SparsePauliOp):
        if np.abs(np.imag(value.simplify().coeffs)).max(initial=0) > 1e-10:
            raise QTrainError(f"generators should be Hermitian. Got complex coefficients at place {place}.")
        return value
    if not isinstance(value, str) or not value or set(value) - set("IXYZ"):
        raise QTrainError(
            f"generators should be Pauli labels of I, X, Y, Z, or SparsePauliOps. Got {value!r} at place {place}."
        )
    return SparsePauliOp(value)


def _symmetries(group: Sequence[str], n: int) -> SparsePauliOp:
    labels = list(group)
    if not labels or any(not isinstance(s, str) or len(s) != n or set(s) - set("IXYZ") for s in labels):
        raise QTrainError(f"group should hold Pauli labels on {n} qubits. Got {labels!r}.")
    operator = SparsePauliOp(labels)
    for a, b in itertools.combinations(operator.paulis, 2):
        if not a.commutes(b):
            raise QTrainError(f"group should hold Pauli strings that commute. Got {a} and {b}.")
    return operator


def _commuting(operator: SparsePauliOp, symmetries: SparsePauliOp) -> SparsePauliOp:
    """Twirling over Pauli strings keeps the terms that commute with all of them."""
    keep = np.array([all(p.commutes(s) for s in symmetries.paulis) for p in operator.paulis])
    return operator[keep] if keep.any() else SparsePauliOp("I" * operator.num_qubits, [0.0])


def _number_conserving(operator: SparsePauliOp) -> SparsePauliOp:
    """Of the raising and lowering parts of each term, those with as many of both."""
    terms: dict[str, complex] = {}
    n = operator.num_qubits
    for label, c in operator.to_list():
        flips = [i for i, letter in enumerate(label) if letter in "XY"]
        if len(flips) > MAX_SUPPORT:
            raise QTrainError(f"generators should flip at most {MAX_SUPPORT} qubits under U1. Got {label}.")
        if len(flips) % 2:
            continue
        for raising in itertools.combinations(flips, len(flips) // 2):
            # X = r + l, Y = -i r + i l with r = (X + iY)/2, l = (X - iY)/2
            weight = c
            for i in flips:
                if label[i] == "Y":
                    weight *= -1j if i in raising else 1j
            for letters in itertools.product("XY", repeat=len(flips)):
                value, out = weight / 2 ** len(flips), list(label)
                for i, letter in zip(flips, letters, strict=True):
                    out[i] = letter
                    if letter == "Y":
                        value *= 1j if i in raising else -1j
                key = "".join(out)
                terms[key] = terms.get(key, 0) + value
    if not terms:
        return SparsePauliOp("I" * n, [0.0])
    return SparsePauliOp(list(terms), list(terms.values()))


def _permuted(operator: SparsePauliOp) -> SparsePauliOp:
    result: list[tuple[str, complex]] = []
    for label, c in operator.to_list():
        places = _arrangements(label)
        result += [(other, c / len(places)) for other in places]
    return SparsePauliOp.from_list(result)


def _arrangements(label: str) -> list[str]:
    """Distinct permutations of the letters."""
    found = [""]
    for _ in label:
        found = [
            start + letter
            for start in found
            for letter in dict.fromkeys(label)
            if start.count(letter) < label.count(letter)
        ]
    return found


def _translated(operator: SparsePauliOp) -> SparsePauliOp:
    n = operator.num_qubits
    return SparsePauliOp.from_list(
        [(label[k:] + label[:k], c / n) for label, c in operator.to_list() for k in range(n)]
    )

"""Observables with a meaning at every number of qubits, as text: ``"sum ZZ + 0.5*sum X"``, ``"Z^n"``, ``"Zlast"``."""

from __future__ import annotations

import re
from collections.abc import Callable

from qiskit.quantum_info import SparsePauliOp

from qtrain.errors import QTrainError

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PLACE = r"[XYZ]_?(?:\d+|first|last|middle)"
_ATOM = (
    r"(?:sum|mean|all|ring)\s+[XYZ]{1,4}|parity|[XYZ]\s*[\^*]\s*n|(?:first|last|middle)(?:\s+[XYZ])?|"
    rf"{_PLACE}(?:\s*\*?\s*{_PLACE})*"
)
_TERM = re.compile(
    rf"\s*(?P<sign>[+-]?)\s*(?:(?P<number>{_NUMBER})\s*\*?\s*)?(?P<atom>{_ATOM})\s*(?=[+-]|$)"
)
EXPECTED = (
    'text for every width, such as "Z0", "Zlast", "Z0 Z1", "Z^n", "mean Z", "sum ZZ + 0.5*sum X", "ring ZZ"'
)
Rows = list[tuple[str, list[int], float]]


def sized_observable(text: str) -> Callable[[int], SparsePauliOp]:
    """The operator that a text means at each width.

    Args:
        text: a sum of terms with real factors. ``Z0 Z1``, ``Zlast``, ``Zmiddle``: letters on named qubits; ``last``:
            Z there. ``sum Z``, ``sum ZZ``: on each qubit, on neighbours; ``ring ZZ``: the ends are neighbours too;
            ``mean Z`` (or ``all Z``): divided by how many. ``Z^n`` (or ``Z*n``, ``parity``): on all qubits at once.

    Raises:
        QTrainError: another text; at a width: one with too few qubits for it.

    Example:
        >>> sized_observable("sum ZZ + 0.5*sum X")(3).to_list()
        [('IZZ', (1+0j)), ('ZZI', (1+0j)), ('IIX', (0.5+0j)), ('IXI', (0.5+0j)), ('XII', (0.5+0j))]
    """
    terms: list[tuple[float, str]] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TERM.match(text, place)
        if match is None or (terms and not match["sign"]):
            raise QTrainError(f"observable should be {EXPECTED}. Got {text[:60]!r}.")
        terms.append(((-1.0 if match["sign"] == "-" else 1.0) * float(match["number"] or 1.0), match["atom"].strip()))
        place = match.end()
    if not terms:
        raise QTrainError(f"observable should be {EXPECTED}. Got an empty text.")

    def at(n: int) -> SparsePauliOp:
        rows = [(letters, qubits, factor * c) for factor, atom in terms for letters, qubits, c in _rows(atom, n)]
        for letters, qubits, _ in rows:
            if len(set(qubits)) < len(letters) or not all(0 <= q < n for q in qubits):
                raise QTrainError(f"observable should be one that fits on {n} qubits. Got {text[:60]!r}.")
        if not rows:
            raise QTrainError(f"observable should have a term on {n} qubits. Got {text[:60]!r}.")
        return SparsePauliOp.from_sparse_list(rows, n)

    return at


def _rows(atom: str, n: int) -> Rows:
    """The terms of one atom on n qubits."""
    if atom == "parity" or re.fullmatch(r"[XYZ]\s*[\^*]\s*n", atom):
        return [(("Z" if atom == "parity" else atom[0]) * n, list(range(n)), 1.0)]
    word, *rest = atom.split()
    if word in ("sum", "mean", "all", "ring"):
        letters = rest[0]
        count = n if word == "ring" else n - len(letters) + 1
        size = 1.0 if word in ("sum", "ring") else 1.0 / max(count, 1)
        return [(letters, [(q + k) % n for k in range(len(letters))], size) for q in range(count)]
    if word in ("first", "last", "middle"):
        return [(rest[0] if rest else "Z", [_qubit(word, n)], 1.0)]
    found = re.findall(r"([XYZ])_?(\d+|first|last|middle)", atom)
    return [("".join(letter for letter, _ in found), [_qubit(where, n) for _, where in found], 1.0)]


def _qubit(where: str, n: int) -> int:
    if where.isdigit():
        return int(where) if len(where) < 10 else n
    return {"first": 0, "middle": n // 2, "last": n - 1}[where]

"""Observables: text or Qiskit operators in, Hermitian SparsePauliOp or packed rows out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Pauli, PauliList, SparseObservable, SparsePauliOp

from qtrain.circuits.sized_observables import EXPECTED, sized_observable
from qtrain.errors import QTrainError, shortened
from qtrain.kernels.paulis import pack_bits

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_FACTOR = r"[IXYZ]\d+"
_TERM = re.compile(
    rf"\s*(?P<sign>[+-]?)\s*(?:(?P<number>{_NUMBER})\s*\*?\s*)?"
    rf"(?P<pauli>{_FACTOR}(?:\s*\*?\s*{_FACTOR})*|[IXYZ]+)\s*(?=[+-]|$)"
)
_ATOL = 1e-12
_SIZED = re.compile(r"\b(?:sum|mean|all|ring|parity)\b|first|last|middle|[\^*]\s*n\b")
SMALLEST, LARGEST = 1e-75, 1e75  # of a coefficient: the error of a variance holds its fourth power


def as_observable(observable: Any, num_qubits: int | None = None) -> SparsePauliOp:
    """Read and check an observable.

    Args:
        observable: SparsePauliOp, SparseObservable, Pauli, or text: Pauli strings in Qiskit's order with real
            coefficients (``"ZII + 0.5*IXX"``; the last letter is qubit 0), or letters with their qubit
            (``"Z0 Z1 - 2*X3"``), or what `sized_observable` reads (``"sum ZZ + 0.5*sum X"``, ``"parity"``); all but
            the first need ``num_qubits``.
        num_qubits: width of the circuit it is measured on; None: the observable's own.

    Returns:
        The same operator, equal terms added up, coefficients real.

    Raises:
        QTrainError: unreadable text, the wrong width, coefficients that are complex, not finite or unbound.

    Example:
        >>> as_observable("ZII + 0.5*IXX - ZII", 3)
        SparsePauliOp(['IXX'],
                      coeffs=[0.5+0.j])
        >>> as_observable("Z0 Z2", 3).paulis.to_labels()
        ['ZIZ']
    """
    if isinstance(observable, str):
        if num_qubits is not None and _SIZED.search(observable):
            operator = sized_observable(observable)(num_qubits)
        else:
            operator = _from_text(observable, num_qubits)
    elif isinstance(observable, SparsePauliOp):
        operator = observable
    elif isinstance(observable, Pauli):
        operator = SparsePauliOp(observable)
    elif isinstance(observable, SparseObservable):
        operator = SparsePauliOp.from_sparse_observable(observable)
    else:
        raise QTrainError(
            f"observable should be a SparsePauliOp or text such as 'ZII + 0.5*IXX'. Got {type(observable).__name__}."
        )
    if num_qubits is not None and operator.num_qubits != num_qubits:
        raise QTrainError(
            f"observable should act on {num_qubits} qubits, as the circuit does. Got {operator.num_qubits}."
        )
    if operator.num_qubits == 0:
        raise QTrainError("observable should act on at least 1 qubit. Got 0.")
    if operator.coeffs.dtype == object:
        raise QTrainError("observable should have numbers as coefficients. Got Parameters: bind them first.")
    coefficients = np.asarray(operator.coeffs, dtype=np.complex128)
    if not np.isfinite(coefficients).all():
        raise QTrainError("observable should have finite coefficients. Got NaN or infinity.")
    simple = SparsePauliOp(operator.paulis, coefficients).simplify(atol=0.0, rtol=0.0)
    scale = float(np.abs(coefficients).max(initial=0.0))
    if np.abs(simple.coeffs.imag).max(initial=0.0) > _ATOL * scale:
        worst = int(np.argmax(np.abs(simple.coeffs.imag)))
        raise QTrainError(
            f"observable should be Hermitian: real coefficients. "
            f"Got {simple.coeffs[worst]:g} for {simple.paulis[worst]}."
        )
    keep = np.abs(simple.coeffs.real) > _rounding(operator.paulis, coefficients, simple.paulis)
    if not keep.any():
        return SparsePauliOp("I" * operator.num_qubits, 0.0)
    return SparsePauliOp(simple.paulis[keep], simple.coeffs.real[keep].astype(np.complex128))


def _rounding(given: PauliList, coefficients: np.ndarray, summed: PauliList) -> np.ndarray:
    """(terms,) rounding of each sum of equal terms: what cancels down to it is 0, a small term by itself is not."""
    if len(given) == len(summed):
        return np.zeros(len(summed))
    parts: dict[bytes, list[float]] = {}
    for row, value in zip(_rows(given), coefficients, strict=True):
        parts.setdefault(row.tobytes(), []).append(abs(value))
    sums = [parts.get(row.tobytes(), []) for row in _rows(summed)]
    return np.array([np.finfo(float).eps * len(part) * sum(part) if len(part) > 1 else 0.0 for part in sums])


def _rows(paulis: PauliList) -> np.ndarray:
    return np.packbits(np.hstack([paulis.x, paulis.z]), axis=1)


def measured(observable: Any, num_qubits: int | None = None) -> SparsePauliOp:
    """:func:`as_observable`, of a size whose variances can be told.

    Raises:
        QTrainError: as there, and a largest coefficient that is beyond 1e75, or below 1e-75 and not 0.

    Example:
        >>> measured("1e200*ZZ")
        Traceback (most recent call last):
        qtrain.errors.QTrainError: observable should have coefficients from 1e-75 to 1e+75. Got 1e+200: rescale it.
    """
    operator = as_observable(observable, num_qubits)
    largest = float(np.abs(operator.coeffs).max(initial=0.0))
    if largest and not SMALLEST <= largest <= LARGEST:
        raise QTrainError(
            f"observable should have coefficients from {SMALLEST:g} to {LARGEST:g}. Got {largest:g}: rescale it."
        )
    return operator


def varying(observable: Any, argument: str, num_qubits: int | None = None) -> SparsePauliOp:
    """:func:`measured`, of what depends on the state.

    Raises:
        QTrainError: as there, and a constant.

    Example:
        >>> varying("2*II", "hamiltonian")
        Traceback (most recent call last):
        qtrain.errors.QTrainError: hamiltonian should depend on the state. Got the constant 2.
    """
    operator = measured(observable, num_qubits)
    other = (operator.paulis.x | operator.paulis.z).any(axis=1) & (operator.coeffs != 0)
    if not other.any():
        raise QTrainError(f"{argument} should depend on the state. Got the constant {operator.coeffs.real.sum():g}.")
    return operator


def observable_of_size(observable: Any) -> Callable[[int], SparsePauliOp]:
    """The operator at each width: by a text with a meaning at all of them, or by a function of n, checked.

    Example:
        >>> observable_of_size(lambda n: "Z" * n)(2)
        SparsePauliOp(['ZZ'],
                      coeffs=[1.+0.j])
    """
    if not isinstance(observable, str) and not callable(observable):
        raise QTrainError(
            f"observable should be {EXPECTED}, or a function of the number of qubits. Got {shortened(observable)}."
        )
    at = sized_observable(observable) if isinstance(observable, str) else observable

    def checked(n: int) -> SparsePauliOp:
        try:
            made = at(n)
        except QTrainError:
            raise
        except Exception as error:  # a function of the user's own may raise anything
            raise QTrainError(
                f"observable should make an observable of {n} qubits. Got {type(error).__name__}: {error}."
            ) from error
        return measured(made, n)

    return checked


def unit_observable(observable: SparsePauliOp | str) -> SparsePauliOp:
    """Without the identity, scaled to S = Σ c² = 1, so that variances compare between observables.

    Raises:
        QTrainError: the observable is constant.

    Example:
        >>> unit_observable("3*ZZ + 4*XI - 7*II").coeffs.real.round(6).tolist()
        [0.6, 0.8]
    """
    operator = as_observable(observable)
    terms = operator[operator.paulis.x.any(axis=1) | operator.paulis.z.any(axis=1)]
    norm = float(np.linalg.norm(terms.coeffs))
    if len(terms) == 0 or norm == 0:
        raise QTrainError("observable should have a term that is not the identity. Got a constant.")
    return SparsePauliOp(terms.paulis, terms.coeffs / norm)


def pack(observable: SparsePauliOp) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Packed rows of an observable.

    Args:
        observable: as :func:`as_observable` returns it.

    Returns:
        x, z: (terms, words) uint64; coefficients: (terms,) float64.

    Example:
        >>> x, z, coefficients = pack(as_observable("ZX - 2*IY"))
        >>> x.tolist(), z.tolist(), coefficients.tolist()
        ([[1], [1]], [[2], [1]], [1.0, -2.0])
    """
    paulis = observable.paulis
    coefficients = np.ascontiguousarray(observable.coeffs.real, dtype=np.float64)
    return pack_bits(paulis.x), pack_bits(paulis.z), coefficients


def _from_text(text: str, num_qubits: int | None) -> SparsePauliOp:
    labels: list[str] = []
    coefficients: list[float] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TERM.match(text, place)
        if match is None or (labels and not match["sign"]):
            raise QTrainError(
                f"observable should be a sum of Pauli strings such as 'ZII + 0.5*IXX'. "
                f"Got {_short(text)!r}, unreadable from {_short(text[place:].strip())!r}."
            )
        labels.append(_label(match["pauli"], num_qubits))
        coefficients.append((-1.0 if match["sign"] == "-" else 1.0) * float(match["number"] or 1.0))
        if not math.isfinite(coefficients[-1]):
            raise QTrainError(f"observable should have finite coefficients. Got {_short(match['number'])}.")
        place = match.end()
    if not labels:
        raise QTrainError("observable should be text such as 'ZII + 0.5*IXX'. Got an empty one.")
    for label in labels:
        if len(label) != (num_qubits or len(labels[0])):
            raise QTrainError(
                f"observable should have {num_qubits or len(labels[0])} letters in each term. "
                f"Got {_short(label)!r} with {len(label)}."
            )
    try:
        return SparsePauliOp(labels, np.array(coefficients))
    except QiskitError as error:
        raise QTrainError(f"observable should be a sum of Pauli strings. Got {_short(text)!r}: {error}.") from None


def _label(pauli: str, num_qubits: int | None) -> str:
    factors = re.findall(r"([IXYZ])(\d+)", pauli)
    if not factors:
        return pauli
    if num_qubits is None:
        raise QTrainError(
            f"observable should be full Pauli strings where the width is not known. Got {_short(pauli)!r}."
        )
    letters = ["I"] * num_qubits
    for letter, digits in factors:
        q = int(digits) if len(digits) < 10 else num_qubits
        if q >= num_qubits:
            raise QTrainError(
                f"observable should act on qubits 0 to {num_qubits - 1}. Got {_short(letter + digits)!r}."
            )
        if letters[-1 - q] != "I":
            raise QTrainError(f"observable should name each qubit once in a term. Got {_short(pauli)!r}.")
        letters[-1 - q] = letter
    return "".join(letters)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."

"""The exceptions qtrain raises for input it cannot treat."""

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any


class QTrainError(ValueError):
    """Wrong input: one sentence that names the argument, what was expected and what came.

    Example:
        >>> raise QTrainError("samples should be at least 2. Got 1.")
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: samples should be at least 2. Got 1.
    """


class TooLargeError(QTrainError):
    """Input that is fine, but that no method reaches within its limits; other questions about it may have answers."""


def check_whole(name: str, value: Any, *, least: int = 1, most: int = 2**63 - 1) -> None:
    """Refuse what is no whole number (Python's or NumPy's, no bool) from ``least`` to ``most``.

    Example:
        >>> check_whole("shots", 0)
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: shots should be a whole number of at least 1. Got 0.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise QTrainError(f"{name} should be a whole number of at least {least}. Got {shortened(value)}.")
    if int(value) > most:
        raise QTrainError(f"{name} should be a whole number of at most {most}. Got {shortened(value)}.")


def check_number(name: str, value: Any, *, least: float = -math.inf, above: float = -math.inf) -> None:
    """Refuse what is no finite number (no bool), below ``least``, or not above ``above``.

    Example:
        >>> check_number("tolerance", float("nan"), above=0)
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: tolerance should be a finite number above 0. Got nan.
    """
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or float(value) < least or float(value) <= above:
        limit = f" above {above:g}" if above > -math.inf else f" of at least {least:g}" if least > -math.inf else ""
        raise QTrainError(f"{name} should be a finite number{limit}. Got {shortened(value)}.")


def check_sizes(sizes: Any, *, least: int = 1, fewest: int = 1) -> list[int]:
    """The distinct whole numbers of ``sizes``, sorted; refused are others, fewer than ``fewest``, and what is no list.

    Example:
        >>> check_sizes([6, 4])
        [4, 6]
        >>> check_sizes([3.5])
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: sizes should be distinct whole numbers of qubits, at least 1. Got [3.5].
    """
    given = list(sizes) if isinstance(sizes, Iterable) and not isinstance(sizes, (str, bytes)) else []
    whole = all(isinstance(n, Integral) and not isinstance(n, bool) and int(n) >= least for n in given)
    numbers = sorted({int(n) for n in given}) if whole else []
    if not numbers or len(numbers) != len(given):
        raise QTrainError(
            f"sizes should be distinct whole numbers of qubits, at least {least}. Got {shortened(sizes)}."
        )
    if len(numbers) < fewest:
        raise QTrainError(f"sizes should hold at least {fewest} distinct numbers of qubits. Got {shortened(sizes)}.")
    return numbers


def shortened(value: Any, *, longest: int = 80) -> str:
    """A value in a sentence: on one line, long ones cut."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # whole numbers of thousands of digits
        text = f"a whole number of {value.bit_length()} bits"
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= longest else f"{text[: longest - 3]}..."

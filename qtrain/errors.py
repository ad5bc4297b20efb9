"""The exceptions qtrain raises for input it cannot treat."""

from numbers import Integral
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


def check_whole(name: str, value: Any, *, least: int = 1) -> None:
    """Refuse what is no whole number (Python's or NumPy's, no bool) of at least ``least``.

    Example:
        >>> check_whole("shots", 0)
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: shots should be a whole number of at least 1. Got 0.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise QTrainError(f"{name} should be a whole number of at least {least}. Got {value!r}.")

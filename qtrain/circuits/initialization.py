"""How angles are drawn, and the averages the Pauli paths need of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtrain.errors import QTrainError

KINDS = ("uniform", "gaussian", "small", "identity-block")


@dataclass(frozen=True)
class Initialization:
    """Distribution of every angle, independent of each other.

    Attributes:
        kind: ``"uniform"`` on a full period of each rotation; ``"gaussian"`` around 0;
            ``"small"``: uniform on [-width, width]; ``"identity-block"``: uniform angles on a
            first half, the second half undoing it.
        width: standard deviation, or half width, in radians; 0 for the kinds without one.
    """

    kind: str
    width: float = 0.0

    def __str__(self) -> str:
        return self.kind if self.width == 0 else f"{self.kind}:{self.width:g}"

    def moments(self, coefficient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(E cos, E sin^2) of the angle ``coefficient * theta``, elementwise."""
        scale = np.abs(np.asarray(coefficient, float)) * self.width
        if self.kind == "gaussian":
            return np.exp(-(scale**2) / 2), (1 - np.exp(-2 * scale**2)) / 2
        if self.kind == "small":
            return np.sinc(scale / np.pi), (1 - np.sinc(2 * scale / np.pi)) / 2
        return np.zeros_like(scale), np.full_like(scale, 0.5)


def parse_initialization(value: str | tuple[str, float] | Initialization) -> Initialization:
    """Read ``"uniform"``, ``"gaussian:0.1"``, ``("small", 0.2)`` or ``"identity-block"``.

    Raises:
        QTrainError: another kind, or a width that is missing, no number or not positive.

    Example:
        >>> parse_initialization("gaussian:0.1")
        Initialization(kind='gaussian', width=0.1)
    """
    if isinstance(value, Initialization):
        return value
    wanted = 'initialization should be "uniform", "gaussian:WIDTH", "small:WIDTH" or "identity-block"'
    if isinstance(value, str):
        kind, _, text = value.partition(":")
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        kind, text = value[0], str(value[1])
    else:
        raise QTrainError(f"{wanted}. Got {value!r}.")
    if kind not in KINDS:
        raise QTrainError(f"{wanted}. Got {value!r}.")
    if kind in ("uniform", "identity-block"):
        if text:
            raise QTrainError(f"{wanted}. Got {value!r}: {kind} has no width.")
        return Initialization(kind)
    try:
        width = float(text)
    except ValueError:
        width = math.nan
    if not (math.isfinite(width) and width > 0):
        raise QTrainError(f"{wanted} with a positive width in radians. Got {value!r}.")
    return Initialization(kind, width)

"""How angles are drawn, and the averages the Pauli paths need of it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qtrain.circuits.angles import QUARTER, TOLERANCE
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.circuits.program import PauliProgram

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
        """(E cos, E sin^2) of the angle ``coefficient * theta``, elementwise, to rounding at every width.

        Example:
            >>> Initialization("small", 4.0).moments(np.array([1.0]))[0].round(3).tolist()
            [-0.189]
        """
        scale = np.abs(np.asarray(coefficient, float)) * self.width
        if self.kind == "gaussian":
            return np.exp(-(scale**2) / 2), -np.expm1(-2 * scale**2) / 2
        if self.kind == "small":
            return _sinc(scale), _one_minus_sinc(2 * scale) / 2
        return np.zeros_like(scale), np.full_like(scale, 0.5)

    def characteristic(self, frequency: np.ndarray) -> np.ndarray:
        """E e^(i frequency theta), elementwise; exactly 0 or 1 for uniform angles on full periods."""
        if self.kind == "uniform":
            return (frequency == 0).astype(float)
        return self.moments(frequency)[0]

    def log_cosine(self, coefficient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sign and log magnitude of E cos, elementwise: products of many neither underflow nor lose their sign.

        The sign is 0, and the log 0, only where E cos vanishes by its formula: for uniform angles.
        """
        scale = np.abs(np.asarray(coefficient, float)) * self.width
        if self.kind == "gaussian":
            return np.ones_like(scale), -(scale**2) / 2
        if self.kind == "small":
            value = _sinc(scale)  # never 0: no float is a multiple of pi
            return np.sign(value), np.log(np.abs(value))
        return np.zeros_like(scale), np.zeros_like(scale)


def _sinc(x: np.ndarray) -> np.ndarray:
    """sin(x) / x for x >= 0."""
    return np.divide(np.sin(x), x, out=np.ones_like(x), where=x > 0)


def _one_minus_sinc(x: np.ndarray) -> np.ndarray:
    """1 - sin(x) / x for x >= 0; by its series where the difference would lose digits."""
    square = np.minimum(x, 0.5) ** 2
    series = np.ones_like(square)
    for k in (12, 10, 8, 6, 4):
        series = 1 - square / (k * (k + 1)) * series
    return np.where(x < 0.5, square / 6 * series, 1 - _sinc(x))


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


def centred(program: PauliProgram, start: Initialization) -> PauliProgram:
    """The same circuit with rotations by theta + k pi/2 as a rotation by theta and a fixed Clifford.

    Angles drawn around a Clifford point are then angles drawn around 0, for which Pauli paths are exact at any size.

    Args:
        start: unless it is symmetric around 0 and has a width, the program is returned as it is.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qtrain.circuits.program import lower
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.ry(Parameter("a") + math.pi / 2, 0)
        >>> centred(lower(circuit), Initialization("gaussian", 0.1))
        PauliProgram(num_qubits=1, ops=2, rotations=1, weights=1, inputs=0)
    """
    if start.kind not in ("gaussian", "small") or program.expressions or program.angle_map is not None:
        return program
    rest = program.offset[program.rotations]
    quarters = np.round(rest / QUARTER)
    apart = program.rotations[(quarters != 0) & (np.abs(rest - quarters * QUARTER) <= TOLERANCE)]
    if not len(apart):
        return program
    order = np.sort(np.concatenate([np.arange(len(program)), apart]))
    second = 1 + np.flatnonzero(order[1:] == order[:-1])
    sizes = np.diff(program.start)[order]
    begin = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    pieces = np.arange(begin[-1]) + np.repeat(program.start[order] - begin[:-1], sizes)
    parameter, coefficient, offset = program.parameter[order], program.coefficient[order], program.offset[order]
    parameter[second], coefficient[second] = -1, 0.0
    offset[second - 1], offset[second] = 0.0, QUARTER * np.round(offset[second] / QUARTER)
    return dataclasses.replace(
        program, opcode=program.opcode[order], qubits=program.qubits[order], start=begin,
        support=program.support[pieces], letters=program.letters[pieces], parameter=parameter, coefficient=coefficient,
        offset=offset, gate=program.gate[order],
    )  # fmt: skip

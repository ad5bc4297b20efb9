"""What computes a cost and its gradient at given angles: the form that every simulator has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.expressions.angle_map import AngleMap
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.simulators.gsim import Module, OrbitModule, gsim_values_and_gradients
from qtrain.simulators.statevector import Simulation


def one_point(weights: Any, count: int) -> np.ndarray:
    """Weights (count,) as floats.

    Raises:
        QTrainError: another shape.

    Example:
        >>> one_point([[0.0, 1.0]], 2)
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: weights should have shape (2,), one point. Got (1, 2).
    """
    try:
        point = np.asarray(weights, float)
    except (TypeError, ValueError):
        raise QTrainError(f"weights should be {count} numbers, one point. Got {weights!r}.") from None
    if point.shape != (count,):
        raise QTrainError(f"weights should have shape ({count},), one point. Got {point.shape}.")
    return point


class Evaluator(ABC):
    """A cost that can be evaluated at one point, or at many at a time.

    Attributes:
        num_weights: length of a point.
    """

    @property
    @abstractmethod
    def num_weights(self) -> int: ...

    @abstractmethod
    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Costs (points,) and their derivatives (points, weights) at the rows of ``weights``."""

    def costs(self, weights: np.ndarray) -> np.ndarray:
        """Costs (points,) at the rows of ``weights``."""
        return self.values_and_gradients(weights)[0]

    def value(self, weights: np.ndarray) -> float:
        """The cost at one point (weights,)."""
        return float(self.costs(one_point(weights, self.num_weights)[None])[0])

    def value_and_gradient(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost and its derivatives (weights,)."""
        found, slopes = self.values_and_gradients(one_point(weights, self.num_weights)[None])
        return float(found[0]), slopes[0]


@dataclass(frozen=True, eq=False)
class StatevectorSurrogate(Evaluator):
    """The cost by state vectors of the program's qubits: exact."""

    program: PauliProgram
    observable: SparsePauliOp
    memory_bytes: int

    @property
    def num_weights(self) -> int:
        return len(self.program.parameters)

    @cached_property
    def _ready(self) -> Simulation:
        return Simulation(self.program, [self.observable])

    def costs(self, weights: np.ndarray) -> np.ndarray:
        return self._ready.run(weights, memory_bytes=self.memory_bytes)[0][:, 0]

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found, slopes, _ = self._ready.run(weights, gradient=True, memory_bytes=self.memory_bytes)
        return found[:, 0], slopes


@dataclass(frozen=True, eq=False)
class ModuleSurrogate(Evaluator):
    """g-sim in the observable's module (arXiv 2308.01432): exact."""

    module: Module | OrbitModule

    @property
    def num_weights(self) -> int:
        return self.module.num_weights

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return gsim_values_and_gradients(self.module, weights)


@dataclass(frozen=True, eq=False)
class MappedSurrogate(Evaluator):
    """A cost whose angles are functions of the weights, by a simulator in the angles and the chain rule.

    Attributes:
        inner: in the angles. angle_map: from the weights, its inputs bound.
    """

    inner: Evaluator
    angle_map: AngleMap

    @property
    def num_weights(self) -> int:
        return len(self.angle_map.weights)

    def costs(self, weights: np.ndarray) -> np.ndarray:
        return self.inner.costs(self.angle_map.angles(weights))

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found, slopes = self.inner.values_and_gradients(self.angle_map.angles(weights))
        return found, self.angle_map.pull(slopes, weights)

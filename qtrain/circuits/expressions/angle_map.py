"""From a circuit's weights to the angles of its program, where some are no affine functions of one weight.

A program with an ``AngleMap`` has angles of its own in the place of weights: first the circuit's weights themselves,
then each distinct expression once. Everything that reads programs computes with these angles; values stay, and
gradients go back to the weights by the chain rule.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtrain.circuits.expressions.functions import Functions
from qtrain.errors import QTrainError


@dataclass(frozen=True, eq=False)
class AngleMap:
    """weights -> angles.

    Attributes:
        weights: names of the circuit's trainable parameters. inputs: names of its data parameters.
        functions: of weights and inputs; angle ``len(weights) + j`` is function j.
        data: (inputs,) one point, where the inputs are bound.
    """

    weights: tuple[str, ...]
    inputs: tuple[str, ...]
    functions: Functions
    data: np.ndarray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of all angles."""
        return (*self.weights, *self.functions.texts)

    @property
    def size(self) -> int:
        return len(self.weights) + len(self.functions)

    def bound(self, x: np.ndarray) -> AngleMap:
        """The same at one data point (inputs,)."""
        return dataclasses.replace(self, data=np.asarray(x, float))

    def _at(self, weights: np.ndarray, inputs: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        points = np.atleast_2d(np.asarray(weights, float))
        if self.inputs:
            x = self.data if inputs is None else inputs
            if x is None:
                raise QTrainError(f"inputs should be given for {len(self.inputs)} data parameters. Got none.")
            points = np.hstack([points, np.broadcast_to(x, (len(points), len(self.inputs)))])
        return self.functions.at(points)

    def angles(self, weights: np.ndarray, inputs: np.ndarray | None = None) -> np.ndarray:
        """(points, angles) at weights (points, weights), and inputs (points, inputs) where they are not bound."""
        rows = np.atleast_2d(np.asarray(weights, float))
        return np.hstack([rows, self._at(rows, inputs)[0]])

    def pull(self, gradient: np.ndarray, weights: np.ndarray, inputs: np.ndarray | None = None) -> np.ndarray:
        """Derivatives (points, weights) from those by the angles (points, angles): the chain rule."""
        count, of = len(self.weights), self.functions
        slopes = self._at(weights, inputs)[1]
        result = np.array(gradient[:, :count], float)
        trainable = of.columns < count
        parts = gradient[:, count + of.rows[trainable]] * slopes[:, trainable]
        np.add.at(result.T, of.columns[trainable], parts.T)
        return result

    def jacobian(self, weights: np.ndarray) -> np.ndarray:
        """(angles, weights) at one point (weights,)."""
        count, of = len(self.weights), self.functions
        matrix = np.zeros((self.size, count))
        matrix[:count] = np.eye(count)
        trainable = of.columns < count
        slopes = self._at(np.asarray(weights, float)[None], None)[1][0]
        np.add.at(matrix, (count + of.rows[trainable], of.columns[trainable]), slopes[trainable])
        return matrix

    def any_of(self, marked: np.ndarray) -> np.ndarray:
        """(weights,) bool: drives one of the marked angles (angles,) bool."""
        count, of = len(self.weights), self.functions
        result = np.array(marked[:count], bool)
        trainable = of.columns < count
        np.logical_or.at(result, of.columns[trainable], np.asarray(marked, bool)[count + of.rows[trainable]])
        return result

    @cached_property
    def drivers(self) -> list[tuple[int, ...]]:
        """The weights that each angle depends on."""
        count, of = len(self.weights), self.functions
        found: list[list[int]] = [[k] for k in range(count)] + [[] for _ in range(len(of))]
        for row, column in zip(of.rows.tolist(), of.columns.tolist()):
            if column < count:
                found[count + row].append(column)
        return [tuple(own) for own in found]

    def aperiodic(self) -> np.ndarray:
        """(weights,) bool: stands in one of the functions."""
        marked = np.zeros(self.size, bool)
        marked[len(self.weights) :] = True
        return self.any_of(marked)

    def periods(self, plain: np.ndarray) -> np.ndarray:
        """(weights,) radians: the period of a weight's own rotations (``plain``), 2 pi where it is in a function."""
        own = plain[: len(self.weights)]
        return np.where(self.aperiodic(), 2 * math.pi, own)

    def mean_square_slopes(
        self, limits: np.ndarray, weights: np.ndarray, inputs: np.ndarray | None = None
    ) -> np.ndarray:
        """(weights,) mean over the points of (sum over angles of |d angle / d weight| limit)^2, and 3 errors of it."""
        count, of = len(self.weights), self.functions
        slopes = np.abs(self._at(weights, inputs)[1])
        total = np.tile(limits[:count].astype(float), (len(slopes), 1))
        trainable = of.columns < count
        np.add.at(total.T, of.columns[trainable], (slopes[:, trainable] * limits[count + of.rows[trainable]]).T)
        squares = total**2
        return np.asarray(squares.mean(axis=0) + 3 * squares.std(axis=0) / math.sqrt(len(squares)))

    def fingerprint(self) -> str:
        """Equal for equal maps."""
        text = repr((self.weights, self.inputs, self.functions.keys, None if self.data is None else self.data.tolist()))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

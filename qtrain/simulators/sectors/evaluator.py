"""A cost and its gradient by the amplitudes of one sector: exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from qtrain.simulators.evaluators import Evaluator
from qtrain.simulators.sectors.basis import Basis, Pairs, matrices, pairs_of, reachable
from qtrain.simulators.sectors.pulled_back import PulledBack
from qtrain.simulators.sectors.steps import Steps
from qtrain.simulators.statevector import check_weights, choose_threads, in_threads

LANES = 8  # points whose amplitudes lie side by side


@dataclass(frozen=True, eq=False)
class SectorSurrogate(Evaluator):
    """The cost by the amplitudes of the basis states that the circuit reaches.

    Each step turns pairs of amplitudes. Where every matrix element is imaginary (excitations in the usual phases), the
    amplitudes are real, and only real parts are kept.

    Attributes:
        circuit: pulled back. steps: its rotations by steps. bound: of the sector's dimension.
        memory_bytes: that tables and amplitudes may take.
    """

    circuit: PulledBack
    steps: Steps
    bound: int
    memory_bytes: int

    @cached_property
    def basis(self) -> Basis:
        return reachable(self.steps.moves, self.circuit.x.shape[1], self.bound)

    @cached_property
    def pairs(self) -> Pairs:
        return pairs_of(self.steps.moves, self.basis)

    @property
    def touched(self) -> int:
        """Pairs of amplitudes that one evolution turns."""
        sizes = np.diff(self.pairs.first[self.pairs.segments])
        return int(sizes[self.steps.move].sum())

    @cached_property
    def _observable(self) -> tuple[Any, Any]:
        return matrices(self.circuit, self.basis)

    @cached_property
    def _halves(self) -> int:
        """2 for real and imaginary parts, 1 where all amplitudes are real."""
        return 1 if bool((self.pairs.kind == 2).all()) else 2

    @property
    def num_weights(self) -> int:
        return self.circuit.num_weights

    def costs(self, weights: np.ndarray) -> np.ndarray:
        return self._evaluate(check_weights(self.num_weights, weights), gradient=False)[0]

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._evaluate(check_weights(self.num_weights, weights), gradient=True)

    def states(self, weights: np.ndarray) -> np.ndarray:
        """(points, dimension) complex amplitudes in front of all Cliffords, at the rows of ``weights``."""
        rows = check_weights(self.circuit.num_weights, weights)
        psi = self._evolved(self.steps.angles(rows)).reshape(len(self.basis), self._halves, len(rows))
        return np.asarray(psi[:, 0] + 1j * psi[:, 1] if self._halves == 2 else psi[:, 0].astype(complex)).T

    def _evolved(self, angles: np.ndarray) -> np.ndarray:
        from qtrain.kernels.statevector.sectors import evolve

        lanes = angles.shape[1]
        psi = np.zeros((len(self.basis), self._halves * lanes))
        psi[0, :lanes] = 1.0
        evolve(psi, lanes, self.steps.move, angles, *self.pairs.arrays)
        return psi

    def _times_observable(self, psi: np.ndarray, lanes: int) -> np.ndarray:
        """The observable times psi; of real amplitudes its real part, which alone counts for them."""
        even, odd = self._observable
        out = np.zeros_like(psi) if even is None else even @ psi
        if odd is not None and self._halves == 2:
            turned = odd @ psi
            out[:, :lanes] -= turned[:, lanes:]
            out[:, lanes:] += turned[:, :lanes]
        return np.ascontiguousarray(out)

    def _evaluate(self, weights: np.ndarray, *, gradient: bool) -> tuple[np.ndarray, np.ndarray]:
        from qtrain.kernels.statevector.sectors import devolve

        samples, count = weights.shape
        found, slopes = np.zeros(samples), np.zeros((samples, count if gradient else 0))
        angles = self.steps.angles(weights)
        weighted = self.steps.parameter >= 0
        _ = self._halves, self._observable  # before the threads

        def work(begin: int, end: int) -> None:
            for at in range(begin, end, LANES):
                part = slice(at, min(at + LANES, end))
                lanes = part.stop - part.start
                own = np.ascontiguousarray(angles[:, part])
                psi = self._evolved(own)
                dual = self._times_observable(psi, lanes)
                found[part] = (psi * dual).sum(axis=0).reshape(self._halves, lanes).sum(axis=0)
                if gradient:
                    slope = np.empty((len(self.steps.move), lanes))
                    devolve(psi, dual, lanes, self.steps.move, own, *self.pairs.arrays, slope)
                    slope *= self.steps.scale[:, None]
                    total = np.zeros((count, lanes))
                    np.add.at(total, self.steps.parameter[weighted], slope[weighted])
                    slopes[part] = total.T

        each = len(self.basis) * 2 * LANES * 16.0
        work_each = float(len(self.steps.move)) * len(self.basis)
        threads = choose_threads(None, samples, work_each * samples)
        in_threads(work, max(1, min(threads, int(self.memory_bytes // max(each, 1.0)))), samples)
        return found, slopes

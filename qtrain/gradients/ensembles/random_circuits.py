"""``RandomCircuits``: layers of rotations about random axes, and the variance of a gradient over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from threadpoolctl import threadpool_limits

from qtrain.architecture.topology import check_edges
from qtrain.architecture.topology import edges as named_edges
from qtrain.circuits.initialization import Initialization, parse_initialization
from qtrain.circuits.observables import measured
from qtrain.errors import QTrainError, check_number, check_whole, shortened
from qtrain.gradients.ensembles.letter_trains import Train
from qtrain.gradients.ensembles.letters import Grid, I, P, Z, balance, product_input, rotation, walks
from qtrain.json_results import JsonResult, Shown, number

METHODS = ("auto", "exact", "train", "walks")
MOST_EXACT = 16  # qubits: 3^16 values are 344 MB
QUICKLY_EXACT = 9
RUNS, SAMPLES = 8, 4000
COARSER = 10.0
TOLERANCES, PRECISE = (1e-7, 1e-8, 1e-9, 1e-10), 0.01


@dataclass(frozen=True, eq=False, repr=False)
class EnsembleVariance(Shown, JsonResult):
    """Variance of one derivative, over circuits and angles, by depth.

    Attributes:
        depths: layers. variance: (depths,) E[(df/dtheta)^2]; its logarithms in ``log_variance``, which never underflow.
        lower, upper: (depths,) for ``"exact"`` the variance itself; for ``"walks"`` 95 % intervals; for ``"train"`` as
            far as a ten times larger tolerance moves it, which is an estimate and no bound. Up to the square of the
            coefficient where no walk was felt, or a train has lost all its digits.
        method: "exact", "train" or "walks".
    """

    depths: tuple[int, ...]
    variance: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    log_variance: np.ndarray
    method: str

    def _brief(self) -> str:
        last = number(float(self.variance[-1]))
        return f"{self.method}, {len(self.depths)} depths; at {self.depths[-1]} layers variance {last}"


@dataclass(frozen=True)
class RandomCircuits:
    """The ensemble of McClean et al. (arXiv 1803.11173): RY(pi/4) on every qubit, then layers.

    A layer is a rotation of every qubit about an axis drawn from X, Y, Z by an angle of its own, then CZ on every
    edge.

    Args:
        num_qubits: of every circuit.
        edges: name of a topology such as ``"line"`` or ``"grid"``, or pairs of qubits.
        tilt: angle of the first RY, in radians.

    Example:
        >>> ensemble = RandomCircuits(4)
        >>> ensemble.circuit(3, seed=1).num_parameters
        12
        >>> ensemble.variance([40], "Z0 Z1").variance.round(6).tolist()
        [0.021612]
    """

    num_qubits: int
    edges: str | Sequence[tuple[int, int]] = "line"
    tilt: float = math.pi / 4

    def __post_init__(self) -> None:
        check_whole("num_qubits", self.num_qubits, least=1)
        check_number("tilt", self.tilt)
        if not isinstance(self.edges, str):
            object.__setattr__(self, "edges", check_edges(self.edges, self.num_qubits))
        _ = self.pairs

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The qubits of every CZ of a layer."""
        return named_edges(self.edges, self.num_qubits) if isinstance(self.edges, str) else tuple(self.edges)

    def circuit(self, layers: int, *, seed: int = 0) -> QuantumCircuit:
        """One circuit of the ensemble; its parameters by layer, then by qubit."""
        check_whole("layers", layers)
        check_whole("seed", seed, least=0)
        axes = np.random.default_rng(seed).integers(3, size=(layers, self.num_qubits))
        angles = ParameterVector("theta", layers * self.num_qubits)
        made = QuantumCircuit(self.num_qubits)
        for q in range(self.num_qubits):
            made.ry(self.tilt, q)
        for layer in range(layers):
            for q in range(self.num_qubits):
                getattr(made, ("rx", "ry", "rz")[axes[layer, q]])(angles[layer * self.num_qubits + q], q)
            for a, b in self.pairs:
                made.cz(a, b)
        return made

    def variance(
        self, depths: Iterable[int], observable: SparsePauliOp | str, *, qubit: int = 0, layer: int | str = 1,
        initialization: str | tuple[str, float] | Initialization = "uniform", method: str = "auto",
        tolerance: float | None = None, samples: int = SAMPLES, runs: int = RUNS, seed: int = 0,
    ) -> EnsembleVariance:  # fmt: skip
        """E[(df/dtheta)^2] over all axes and angles, for each number of layers.

        The second moments of random axes are those of a Markov chain over Pauli strings (arXiv 0706.2401, 1803.11173),
        here of three letters for each qubit.

        Args:
            depths: numbers of layers.
            observable: one string of I and Z, with a coefficient.
            qubit: of the rotation; ``layer``: counted from the input, or ``"middle"``.
            initialization: ``"uniform"``, ``"gaussian:SIGMA"`` or ``"small:WIDTH"``.
            method: ``"exact"`` (all strings, 16 qubits), ``"train"`` (tensor trains; edges ``"line"``), ``"walks"``
                (sampled, any edges and number of qubits, the first layer), ``"auto"``: the first of them that fits.
            tolerance: of a train's singular values; where deep circuits lose their digits, ``lower`` falls towards 0.
                None: from 1e-7 down to 1e-10 (30 times slower), until a step moves no variance by more than 1 %.
            samples, runs, seed: of walks, and of independent runs of them.

        Raises:
            QTrainError: an observable of several terms, a method that cannot treat the question.
        """
        asked = _depths(depths)
        check_whole("seed", seed, least=0)
        letters, scale = self._letters(observable)
        check_whole("qubit", qubit, least=0, most=self.num_qubits - 1)
        start = parse_initialization(initialization)
        if start.kind == "identity-block":
            raise QTrainError("initialization should have independent angles. Got 'identity-block'.")
        places = [(depth, _layer(layer, depth)) for depth in asked]
        chosen = self._method(method, layer)
        mix, mark = rotation(start)
        marks = [mark if q == qubit else mix for q in range(self.num_qubits)]
        inputs = np.tile(product_input(self.tilt), (self.num_qubits, 1))
        if chosen == "walks":
            check_whole("samples", samples)
            check_whole("runs", runs, least=2)
            ends = np.stack([m @ w for m, w in zip(marks, inputs)])
            ends[:, P] /= math.sqrt(2.0)  # the value of each of X and Y, no longer of both
            odds = float(start.moments(np.ones(1))[1][0])
            estimates = [
                list(walks(letters, self.pairs, asked, ends, odds, np.random.default_rng([seed, run]), samples))
                for run in range(runs)
            ]
            return _sampled(asked, np.array(estimates) + scale, scale)
        factors = np.eye(3)[letters]
        if chosen == "exact":
            found = _curve(Grid(factors, self.pairs), Grid(inputs, self.pairs), mix, marks, places)
            logs = np.array(found) + scale
            return _known(asked, logs, logs, "exact", scale, lost=np.zeros(len(asked), bool))
        if tolerance is not None:
            check_number("tolerance", tolerance, above=0)
            if tolerance > 0.01:
                raise QTrainError(f"tolerance should be at most 0.01 of the largest singular value. Got {tolerance:g}.")
        weight = balance(self.tilt)

        def logarithms(most: float) -> np.ndarray:
            train, source = Train(factors, most, weight), Train(inputs, most, 1 / weight)
            return np.array(_curve(train, source, mix, marks, places)) + scale

        tried = [tolerance] if tolerance is not None else list(TOLERANCES)
        with threadpool_limits(1, "blas"):  # the matrices are small
            logs = logarithms(COARSER * tried[0])
            for most in tried:
                coarse, logs = logs, logarithms(most)
                moved = np.subtract(coarse, logs, out=np.zeros(len(asked)), where=coarse != logs)
                if np.abs(np.expm1(moved)).max() <= PRECISE:
                    break
        away = np.abs(np.flatnonzero(letters == Z) - qubit).min()  # beyond what the layers reach, a variance is 0
        lost = np.isinf(logs) & (np.array([depth - place for depth, place in places]) >= away)
        return _known(asked, logs, coarse, "train", scale, lost)

    def _letters(self, observable: SparsePauliOp | str) -> tuple[np.ndarray, float]:
        """(n,) classes of the only term, and the logarithm of its coefficient's square."""
        operator = measured(observable, self.num_qubits)
        if len(operator) != 1 or operator.paulis.x.any() or not operator.paulis.z.any():
            raise QTrainError(
                f"observable should be one string of I and Z that is not I alone. Got {shortened(operator)}."
            )
        return np.where(operator.paulis.z[0], Z, I), 2 * math.log(abs(float(operator.coeffs[0].real)))

    def _method(self, method: str, layer: int | str) -> str:
        if method not in METHODS:
            raise QTrainError(f"method should be one of {', '.join(METHODS)}. Got {method!r}.")
        line = all(b == a + 1 for a, b in self.pairs) and len(self.pairs) == self.num_qubits - 1 > 0
        reasons = {
            "exact": f"of at most {MOST_EXACT} qubits" if self.num_qubits > MOST_EXACT else "",
            "train": "" if line else "of circuits on a line",
            "walks": "" if layer == 1 else "of the first layer",
        }
        if method != "auto":
            if reasons[method]:
                raise QTrainError(f"method should be able to treat the question: {method!r} is {reasons[method]}.")
            return method
        order = ["train", "exact", "walks"] if self.num_qubits > QUICKLY_EXACT else ["exact", "train", "walks"]
        found = next((name for name in order if not reasons[name]), None)
        if found is None:
            raise QTrainError(
                f"layer should be 1 where the circuits have more than {MOST_EXACT} qubits and are on no line. "
                f"Got {layer!r}."
            )
        return found


def _curve(
    state: Any, source: Any, mix: np.ndarray, marks: Sequence[np.ndarray], places: Sequence[tuple[int, int]]
) -> list[float]:
    """Logarithm of the second moment at each (depth, layer): both halves walked to where they meet."""
    plain = [mix] * len(marks)
    sources, waiting = {}, {layer - 1 for _, layer in places}
    for before in range(max(waiting) + 1):
        if before in waiting:
            sources[before] = source.turned(marks)
        if before < max(waiting):
            source = source.turned(plain).entangled()
    found: dict[tuple[int, int], float] = {}
    for after in range(max(depth - layer for depth, layer in places) + 1):
        state = state.entangled()
        for depth, layer in places:
            if depth - layer == after:
                found[depth, layer] = sources[layer - 1].log_overlap(state)
        state = state.turned(plain)
    return [found[place] for place in places]


def _depths(depths: Any) -> tuple[int, ...]:
    given = tuple(depths) if isinstance(depths, Iterable) and not isinstance(depths, (str, bytes)) else ()
    if not given:
        raise QTrainError(f"depths should be numbers of layers. Got {shortened(depths)}.")
    for depth in given:
        check_whole("depths", depth)
    return tuple(sorted({int(depth) for depth in given}))


def _layer(layer: int | str, depth: int) -> int:
    if layer == "middle":
        return (depth + 1) // 2
    if isinstance(layer, str):
        raise QTrainError(f"layer should be a whole number or 'middle'. Got {layer!r}.")
    check_whole("layer", layer, most=depth)
    return int(layer)


def _known(
    depths: tuple[int, ...], logs: np.ndarray, coarse: np.ndarray, method: str, most: float, lost: np.ndarray
) -> EnsembleVariance:
    """As far apart as two values are; up to the logarithm ``most`` where rounding left none."""
    value = np.exp(logs)
    spread = np.abs(value - np.exp(coarse))
    upper = np.where(lost, math.exp(most), value + spread)
    return EnsembleVariance(depths, value, np.maximum(value - spread, 0), upper, logs, method)


def _sampled(depths: tuple[int, ...], logs: np.ndarray, most: float) -> EnsembleVariance:
    """(runs, depths) logarithms of unbiased estimates: their mean, and Student's 95 % interval.

    ``most``: logarithm of c², which no squared derivative exceeds: all that is known where no walk was felt.
    """
    from scipy.stats import t

    top = np.maximum(logs.max(axis=0), -1e300)  # where no walk was felt, all are -inf
    values = np.exp(logs - top)
    mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(len(logs))
    width = float(t.ppf(0.975, len(logs) - 1)) * error
    scale = np.exp(top)
    lower = scale * np.maximum(mean - width, 0)
    upper = np.where(mean > 0, scale * (mean + width), math.exp(most))
    log_mean = np.log(mean, out=np.full(len(mean), -math.inf), where=mean > 0)
    return EnsembleVariance(depths, scale * mean, lower, upper, top + log_mean, "walks")

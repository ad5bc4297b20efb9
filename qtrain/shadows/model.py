"""A quantum neural network trained on shadows: its observable is followed back to the input, where the data are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qtrain.circuits.observables import measured
from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError, TooLargeError, check_whole, shortened
from qtrain.json_results import Shown, count
from qtrain.shadows.data import Shadows, check_listed
from qtrain.shadows.estimate import expectations
from qtrain.shadows.planes import Strings
from qtrain.simulators.pauli_propagation import PauliPropagation, low_weight

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def squared(values: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of (value - target)², and its slope in each value."""
    return float(((values - targets) ** 2).mean()), 2 * (values - targets) / len(values)


def logistic(values: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of log(1 + exp(-4 value target)), targets ±1, and its slope; 4, as values are in [-1, 1]."""
    margin = 4 * values * targets
    slope = -4 * targets / (1 + np.exp(np.clip(margin, -500, 500))) / len(values)
    return float(np.logaddexp(0, -margin).mean()), slope


LOSSES: dict[str, Loss] = {"squared": squared, "logistic": logistic}


@dataclass(frozen=True, eq=False, repr=False)
class ShadowModel(Shown):
    """f_s(θ) = Σ_P c_P(θ) ⟨P⟩_s: the low-weight Heisenberg image of a cost on the shadows of states s.

    Attributes:
        parameters: names of the circuit's parameters, the order of ``weights``.
        max_weight: strings heavier than this are forgotten.
        expectations: (states, strings) shadow estimates at the input, signs included; 0 where no shot measured one.
        unmeasured: the largest share of strings that the shadows of a state did not measure.
    """

    parameters: tuple[str, ...]
    max_weight: int
    expectations: np.ndarray
    unmeasured: float
    propagation: PauliPropagation
    fixed: np.ndarray

    def _brief(self) -> str:
        return (
            f"{count(len(self.expectations), 'state')}, {count(self.propagation.program.num_qubits, 'qubit')}; "
            f"{count(len(self.parameters), 'parameter')}; {count(self.num_strings, 'string')} of weight "
            f"<= {self.max_weight}"
        )

    @property
    def num_strings(self) -> int:
        """Strings at the input that some θ gives a coefficient."""
        assert self.propagation.reached is not None
        return len(self.propagation.reached.rows)

    def values(self, weights: Any) -> np.ndarray:
        """(states,) costs at one point (parameters,)."""
        vector, _ = self._image(weights)
        return self._outputs(vector)

    def coefficients(self, weights: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The Heisenberg image at one point: x, z (strings, n) bool as in a PauliList, and c_P (strings,)."""
        reached = self.propagation.reached
        assert reached is not None
        return reached.x, reached.z, self._image(weights)[0][reached.rows, 0] * reached.signs

    def loss(self, weights: Any, targets: Any, *, loss: str | Loss = "squared") -> tuple[float, np.ndarray]:
        """A loss over the states, and its gradient (parameters,), by one walk back and one forth.

        Args:
            targets: (states,) numbers. loss: ``"squared"``, ``"logistic"`` (targets ±1), or a function of values and
                targets that returns the loss and its slopes (states,).

        Raises:
            QTrainError: targets of another shape, no such loss.
        """
        wanted, function = self._targets(targets), _loss(loss)
        vector, back = self._image(weights)
        found, slopes = function(self._outputs(vector), wanted)
        return found, back((self.expectations.T @ slopes)[:, None])[0, : len(self.parameters)]

    def fit(
        self, targets: Any, *, loss: str | Loss = "squared", starts: int = 5, steps: int = 200, seed: int = 0,
        initial: Any = None,
    ) -> tuple[np.ndarray, float]:  # fmt: skip
        """Train the weights classically: L-BFGS from several starts.

        Args:
            starts: points drawn uniformly from a period. steps: iterations of each. initial: one start, instead.

        Returns:
            weights (parameters,) of the smallest loss, and that loss.
        """
        from scipy.optimize import minimize

        check_whole("starts", starts)
        check_whole("steps", steps)
        check_whole("seed", seed, least=0)
        wanted, function = self._targets(targets), _loss(loss)
        rng = np.random.default_rng(seed)
        points = rng.uniform(-np.pi, np.pi, (starts, len(self.parameters)))
        if initial is not None:
            points = self._point(initial)[None]
        if not len(self.parameters):
            return np.zeros(0), self.loss([], wanted, loss=function)[0]
        options = {"maxiter": steps}
        ends = [
            minimize(lambda w: self.loss(w, wanted, loss=function), x, jac=True, method="L-BFGS-B", options=options)
            for x in points
        ]
        best = min(ends, key=lambda end: float(end.fun))
        return np.asarray(best.x, float), float(best.fun)

    def on(self, shadows: Sequence[Shadows]) -> ShadowModel:
        """The same model on other states, such as those of a test set; the image is not made again."""
        rows, unmeasured = _expectations(self.propagation, shadows)
        return dataclasses.replace(self, expectations=rows, unmeasured=unmeasured)

    def _image(self, weights: Any) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        return self.propagation.pulled_back(np.concatenate([self._point(weights), self.fixed])[None])

    def _outputs(self, vector: np.ndarray) -> np.ndarray:
        return self.expectations @ vector[:, 0] + self.propagation.constant

    def _point(self, weights: Any) -> np.ndarray:
        try:
            point = np.asarray(weights, float)
        except (TypeError, ValueError, OverflowError):
            raise QTrainError(f"weights should be {len(self.parameters)} numbers. Got {shortened(weights)}.") from None
        if point.shape != (len(self.parameters),) or not np.isfinite(point).all():
            raise QTrainError(f"weights should be {len(self.parameters)} finite numbers. Got {shortened(weights)}.")
        return point

    def _targets(self, targets: Any) -> np.ndarray:
        try:
            wanted = np.asarray(targets, float)
        except (TypeError, ValueError, OverflowError):
            raise QTrainError(f"targets should be numbers. Got {shortened(targets)}.") from None
        if wanted.shape != (len(self.expectations),) or not np.isfinite(wanted).all():
            raise QTrainError(
                f"targets should be {len(self.expectations)} finite numbers, one for each state. "
                f"Got {shortened(targets)}."
            )
        return wanted


def shadow_model(
    circuit: QuantumCircuit | str | Path | PauliProgram, observable: Any, shadows: Sequence[Shadows], *,
    max_weight: int = 3,
) -> ShadowModel:  # fmt: skip
    """Acquire on a quantum device, train classically: a QNN's cost as a function of its angles, on shadows of its data.

    The observable is propagated back through the circuit; strings heavier than ``max_weight`` are forgotten wherever
    they appear (arXiv 2409.01706, 2408.12739). What arrives at the input is evaluated on the shadows, once.

    Args:
        circuit: the trainable part, behind the preparation of the states: Cliffords, Pauli rotations, fixed angles.
        observable: text or SparsePauliOp on its qubits.
        shadows: one for each state.
        max_weight: the shots that a string of weight w takes grow as 3^w, and strings as (3n)^w.

    Raises:
        QTrainError: shadows of another width; more than 200,000 strings.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain import collect_shadows
        >>> up, down = (collect_shadows(state, shots=900) for state in ([1, 0, 0, 0], [0, 0, 0, 1]))
        >>> model = shadow_model(real_amplitudes(2, reps=1), "IZ", [up, down], max_weight=2)
        >>> weights, loss = model.fit([1, -1])
        >>> loss < 0.1, model.values(weights).round().tolist()
        (True, [1.0, -1.0])
    """
    check_whole("max_weight", max_weight)
    program, fixed = _freed(lower(circuit))
    if program.inputs or program.angle_map is not None:
        raise QTrainError("circuit should be the trainable part alone, with plain angles. Got a program with others.")
    propagation = low_weight(program, build_tape(program), measured(observable, program.num_qubits), max_weight)
    if propagation is None:
        raise TooLargeError(
            f"max_weight should be less for this circuit. Got {max_weight}, which reaches more than 200,000 strings."
        )
    rows, unmeasured = _expectations(propagation, shadows)
    return ShadowModel(
        program.weights[: program.num_weights - len(fixed)], max_weight, rows, unmeasured, propagation, fixed
    )


def _freed(program: PauliProgram) -> tuple[PauliProgram, np.ndarray]:
    """Fixed rotations that are no Cliffords as weights of their own, and their angles."""
    ops = program.fixed_rotations
    parameter, coefficient, offset = program.parameter.copy(), program.coefficient.copy(), program.offset.copy()
    parameter[ops] = program.num_weights + np.arange(len(ops))
    coefficient[ops], offset[ops] = 1.0, 0.0
    names = (*program.weights, *(f"fixed[{k}]" for k in range(len(ops))))
    freed = dataclasses.replace(program, parameter=parameter, coefficient=coefficient, offset=offset, weights=names)
    return freed, program.offset[ops].copy()


def _expectations(propagation: PauliPropagation, shadows: Sequence[Shadows]) -> tuple[np.ndarray, float]:
    """(states, strings of the last list) estimates with signs, and the largest share of strings without a shot."""
    check_listed(shadows)
    n, reached = propagation.program.num_qubits, propagation.reached
    assert reached is not None
    strings, unmeasured = Strings.of(reached.x, reached.z), 0.0
    rows = np.zeros((len(shadows), len(propagation.last)))
    for k, one in enumerate(shadows):
        if one.num_qubits != n:
            raise QTrainError(f"shadows should be of {n} qubits, as the circuit is. Got {one.num_qubits} in state {k}.")
        values, counts = expectations(one._planes, strings)
        rows[k, reached.rows] = reached.signs * np.nan_to_num(values)
        unmeasured = max(unmeasured, float((counts == 0).mean()) if len(counts) else 0.0)
    return rows, unmeasured


def _loss(loss: Any) -> Loss:
    if isinstance(loss, str) and loss in LOSSES:
        return LOSSES[loss]
    if callable(loss):
        return loss  # type: ignore[no-any-return]
    raise QTrainError(f"loss should be {' or '.join(map(repr, LOSSES))}, or a function. Got {shortened(loss)}.")

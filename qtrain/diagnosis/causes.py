"""Why a gradient vanishes: one verdict for each parameter, with advice.

Observable concentration and loss of sensitivity are different illnesses (arXiv 2603.18479). The
last two causes are told apart by a counterfactual: the same parameter, watched by every single-qubit
Pauli instead of the observable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.program import PauliProgram
from qtrain.diagnosis.results import Verdict
from qtrain.diagnosis.sensitivity import LETTERS, SMALL, Sensitivity
from qtrain.gradients.statistics import LIMIT, GradientStats
from qtrain.kernels import truncation
from qtrain.light_cones.result import LightCone

HEALTHY = "healthy"
OUTSIDE = "dead: outside the light cone"
COMMUTES = "dead: commutes with everything the observable becomes"
UNFELT = "dead: the input state cannot feel it"
CONCENTRATED = "observable concentration"
LOST = "information lost"
SCRAMBLED = "scrambled"
UNDECIDED = "below the threshold, cause not resolved within the budget"
UNKNOWN = "unknown: no method reaches its gradient"
CANCELLED = 0.1  # share of the second moment below which the variance rests on what mean and moment differ by
CAUSES = (HEALTHY, OUTSIDE, COMMUTES, UNFELT, CONCENTRATED, LOST, SCRAMBLED, UNDECIDED, UNKNOWN)

# Advice is proven (remove), measured (the qubit that sees it), or names who would measure: it promises nothing untried.
_ADVICE = {
    HEALTHY: "keep it",
    OUTSIDE: "remove, or measure more qubits",
    COMMUTES: "remove",
    UNFELT: "remove, or change the input layer",
    CONCENTRATED: "the whole cost is flat: qtrain improve tries what may change that",
    SCRAMBLED: "no single qubit shows it: qtrain improve tries what may change that",
    UNDECIDED: "raise the budget to learn the cause",
    UNKNOWN: "raise the budget (--thorough) for narrower bounds, or diagnose fewer qubits",
}
# what other qubits would see is not followed for shared angles and fixed gates on many qubits: no budget tells more
_TOO_SMALL = "take more shots, or see what qtrain improve finds"


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the causes of a circuit's weights follow from.

    Attributes:
        stats: gradients and cost. cone: of the observable.
        zero: (weights,) bool, gradients proven to vanish; blind: those that do so from every input state.
        threshold: smallest variance that the shots resolve.
        sensitivity: of the weights below it where the cost is not flat itself; None: not known.
    """

    stats: GradientStats
    cone: LightCone
    zero: np.ndarray
    blind: np.ndarray
    threshold: float
    sensitivity: Sensitivity | None = None

    @property
    def flat(self) -> bool:
        """The cost itself varies less than the shots resolve."""
        stats = self.stats
        return bool(np.fmin(stats.cost_variance + self._blur, stats.cost_second_moment) < self.threshold)

    @property
    def hazy(self) -> bool:
        """Samples do not tell whether the cost is flat: its variance is the small difference of two large numbers."""
        return self._blur > 0 and not self.flat and self.stats.cost_variance - self._blur < self.threshold

    @property
    def _blur(self) -> float:
        """What the cost's variance may be off by where a mean square is taken from it; 0 where nothing cancels."""
        stats = self.stats
        cancels = stats.cost_variance < CANCELLED * stats.cost_second_moment
        return float(np.nan_to_num(LIMIT * stats.cost_standard_error)) if cancels else 0.0

    @property
    def quiet(self) -> np.ndarray:
        """(weights,) bool: gradients below the threshold that are not proven to vanish."""
        return self.below & self.cone.effective & ~self.zero

    @property
    def below(self) -> np.ndarray:
        """(weights,) bool: below the threshold, by the value, or by the bound above where there is no value."""
        return np.where(self.bounded, self.stats.upper, self.stats.second_moment) < self.threshold

    @property
    def above(self) -> np.ndarray:
        """(weights,) bool: not below the threshold, by the value, or by the bound below where there is no value.

        A sampled value within two standard errors of zero decides nothing: a few large samples may have made it.
        """
        stats = self.stats
        certain = stats.lower >= self.threshold
        loose = LIMIT * np.nan_to_num(stats.standard_error) >= stats.second_moment
        return certain | (~self.bounded & ~loose & (stats.second_moment >= self.threshold))

    @property
    def bounded(self) -> np.ndarray:
        """(weights,) bool: without a value, with a bound at most."""
        return np.isnan(self.stats.second_moment)


def causes(evidence: Evidence) -> list[str]:
    """The cause of each weight: the first that holds."""
    cone, size = evidence.cone, len(evidence.zero)
    none = np.zeros(size, bool)
    sensed = evidence.sensitivity
    felt, unfelt = (none, none) if sensed is None else (sensed.felt, sensed.unfelt)
    order = (
        (OUTSIDE, ~cone.structural),
        (COMMUTES, ~cone.effective | (evidence.zero & evidence.blind)),
        (UNFELT, evidence.zero),
        (UNKNOWN, ~evidence.below & ~evidence.above),
        (HEALTHY, evidence.above),
        (CONCENTRATED, np.full(size, evidence.flat)),
        (UNDECIDED, np.full(size, evidence.hazy)),
        (LOST, felt),
        (SCRAMBLED, unfelt),
    )
    return [next((cause for cause, holds in order if holds[k]), UNDECIDED) for k in range(size)]


def advice(cause: str, weight: int, num_qubits: int, sensed: Sensitivity | None) -> str:
    """What to do about a weight with this cause."""
    if cause == UNDECIDED and sensed is None and num_qubits > SMALL:
        return _TOO_SMALL
    if cause != LOST or sensed is None:
        return _ADVICE[cause]
    return (
        f"measure {LETTERS[sensed.pauli[weight]]} on qubit {sensed.qubit[weight]} "
        f"(variance {sensed.best[weight]:.2g} there); {_still(int(sensed.count[weight]), num_qubits)}"
    )


def _still(seeing: int, num_qubits: int) -> str:
    return f"{seeing} of {num_qubits} qubits still {'sees' if seeing == 1 else 'see'} it"


def verdicts(program: PauliProgram, evidence: Evidence, path_weight: np.ndarray) -> tuple[Verdict, ...]:
    """One verdict for each weight of the program."""
    stats = evidence.stats
    beta, phi, moment, lower, upper = stats.beta, stats.phi, stats.second_moment, stats.lower, stats.upper
    gates, qubits = _places(program)
    found = []
    for k, cause in enumerate(causes(evidence)):
        live = 0.0 if cause.startswith("dead") else 1.0
        found.append(Verdict(
            parameter=program.parameters[k], index=k, cause=cause,
            beta=0.0 if cause in (OUTSIDE, COMMUTES) else float(beta[k]),
            phi=float(phi[k]) if live else 0.0, variance=float(moment[k]) if live else 0.0,
            lower=float(lower[k]) if live else 0.0, upper=float(upper[k]) if live else 0.0,
            advice=advice(cause, k, program.num_qubits, evidence.sensitivity), gate=int(gates[k]),
            qubits=qubits[k], path_weight=float(path_weight[k]),
        ))  # fmt: skip
    return tuple(found)


def _places(program: PauliProgram) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """The first gate that uses each weight (-1: none does), and all qubits that it acts on."""
    gates = np.full(len(program.parameters), -1, np.int64)
    found: list[set[int]] = [set() for _ in program.parameters]
    drivers = [(k,) for k in range(len(gates))] if program.angle_map is None else program.angle_map.drivers
    for op in program.rotations:
        touched = program.support[program.start[op] : program.start[op + 1]].tolist()
        for k in drivers[int(program.parameter[op])]:
            gates[k] = program.gate[op] if gates[k] < 0 else gates[k]
            found[k].update(touched)
    return gates, [tuple(sorted(s)) for s in found]


def path_weights(
    tape: Tape, observable_x: np.ndarray, observable_z: np.ndarray, *, size: int, seed: int
) -> np.ndarray:
    """(size,) mean weight of the path Pauli where it meets the gate of a weight; NaN where it never does."""
    weights, seen = np.zeros(tape.num_rows), np.zeros(tape.num_rows, np.int64)
    budget = max(64, min(1024, int(2e7 / max(len(tape), 1))))
    counts = np.full(len(observable_x), max(1, budget // max(len(observable_x), 1)), np.int64)
    owner = np.repeat(np.arange(len(observable_x)), counts)
    paths = len(owner)
    truncation.path_weights(
        tape.steps, np.ascontiguousarray(observable_x), np.ascontiguousarray(observable_z),
        np.arange(len(observable_x) + 1), owner, np.arange(paths + 1), seed % 2**31,
        np.full(tape.num_rows, 0.5), np.zeros(paths, np.int64), np.zeros(paths, np.int64), np.zeros(paths, np.int64),
        np.zeros(paths, np.bool_), weights, seen,
    )  # fmt: skip
    result = np.full(size, np.nan)
    result[tape.weight] = np.divide(weights, seen, out=np.full(tape.num_rows, np.nan), where=seen > 0)
    return result


def summarize(verdicts: Sequence[Verdict], shots: int) -> str:
    """One sentence for the whole circuit."""
    total = len(verdicts)
    counts = {cause: sum(v.cause == cause for v in verdicts) for cause in CAUSES}
    trains = "trains" if counts[HEALTHY] == 1 else "train"
    of = f"{counts[HEALTHY]} of {total} parameter{'' if total == 1 else 's'}"
    parts = [f"{of} {trains} at {shots} shot{'' if shots == 1 else 's'}"]
    dead = sum(counts[c] for c in (OUTSIDE, COMMUTES, UNFELT))
    if dead == total > 0:
        parts.append("the cost is the same at every angle: measure something else, or start from another state")
    elif dead:
        parts.append(f"{dead} {'is' if dead == 1 else 'are'} dead and can be removed")
    names = {
        CONCENTRATED: "{are} flat because the observable concentrates",
        LOST: "{move} the state where the observable does not look",
        SCRAMBLED: "{are} scrambled over the register",
        UNDECIDED: "{are} below the threshold for a cause the budget did not resolve",
        UNKNOWN: "{are} unknown: bounds alone, on both sides of the threshold",
    }
    one, more = {"are": "is", "move": "moves"}, {"are": "are", "move": "move"}
    for cause, text in names.items():
        if counts[cause]:
            parts.append(f"{counts[cause]} {text.format(**(one if counts[cause] == 1 else more))}")
    return "; ".join(parts) + "."

"""Circuits grown gate by gate at their end: ADAPT-VQE, its qubit pool, TETRIS, and energy sorting.

Each step looks at every gate of a pool, appends those that the rule chooses, and fits all angles again from where
they were. What to append is read off one adjoint sweep (:mod:`.sweep`), which counts as one evaluation here; on a
device each slope has its price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError
from qtrain.growth.pools import PoolGate, Setting, build_pool
from qtrain.growth.sweep import Sweep, spliced, sweep
from qtrain.growth.wide.suggest import WIDE_QUBITS, problem_of, wide_sweep
from qtrain.json_results import PLOT, Shown, count, view
from qtrain.simulators.statevector import Simulation
from qtrain.simulators.truncated.choice import choose

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.architecture.topology import Edges

RULES = ("gradient", "gain", "tetris")
REFUSALS = 40  # of gates that do not fit, in one step: from then on only narrow ones are asked about
NARROW = 2  # qubits
WORTH = 1e-6  # of the energy: what a kick has to bring
KICK = 0.4  # radians, standard deviation of the angles that a kick begins with
POINTS = 100  # gradients of a fit, about: what an evaluator beyond the statevector is chosen for
_ONE_THREAD = 1


@dataclass(frozen=True, eq=False, repr=False)
class Step(Shown):
    """One point of a growth: ``gates`` (length of the circuit's list) with the best ``angles`` found, their ``energy``.

    ``steepest``: the largest slope of the pool before the step; ``evaluations``: spent so far.
    """

    gates: int
    energy: float
    angles: np.ndarray
    steepest: float
    evaluations: int

    def _brief(self) -> str:
        return f"{count(self.gates, 'gate')}, energy {self.energy:.6g} after {count(self.evaluations, 'evaluation')}"


@dataclass(frozen=True, eq=False, repr=False)
class Growth(Shown):
    """A grown circuit.

    Attributes:
        gates: the reference's, then the appended ones; free angles numbered from 0.
        steps: the reference first, the whole circuit last.
        evaluations: of the energy with its gradient in all, one for the slopes of a whole pool.
        kicks: escapes that were tried.
        stopped: "converged" (no slope, or no gain, above the tolerance), "target", "max_gates", "limit" (nothing more
            fits) or "budget".
    """

    num_qubits: int
    gates: tuple[Gate, ...]
    steps: tuple[Step, ...]
    evaluations: int
    stopped: str
    kicks: int = 0

    plot = view("figures.history", "plot_history", f"The energy over the circuit's gates. {PLOT}")

    def _brief(self) -> str:
        return (
            f"{count(self.num_qubits, 'qubit')}, {count(len(self.gates), 'gate')}, energy {self.energy:.6g} "
            f"after {count(self.evaluations, 'evaluation')} ({self.stopped})"
        )

    @property
    def energy(self) -> float:
        """Of the whole circuit."""
        return self.steps[-1].energy

    @property
    def angles(self) -> np.ndarray:
        """Of the whole circuit."""
        return self.steps[-1].angles

    @property
    def architecture(self) -> Architecture:
        """The whole circuit; QTrainError where nothing was appended."""
        return self.at(len(self.steps) - 1)

    def at(self, step: int) -> Architecture:
        """The circuit as it stood behind a step, for the angles of that step."""
        return Architecture((), grown=self.gates[: self.steps[step].gates], num_qubits=self.num_qubits)


def grow(
    hamiltonian: SparsePauliOp | str, *, pool: Sequence[PoolGate] | Sequence[str] = ("hardware",),
    reference: Sequence[Gate] = (), rule: str = "gradient", edges: Edges | None = None, max_gates: int = 200,
    fits: Callable[[tuple[Gate, ...]], bool] | None = None, budget: int = 20_000, tolerance: float = 1e-5,
    target: float | None = None, escapes: int = 0, seed: int = 0,
) -> Growth:  # fmt: skip
    """Grow a circuit for the ground state of a Hamiltonian.

    Args:
        hamiltonian: SparsePauliOp, or text such as "ZZI + 0.5*IXX".
        pool: gates, or names of :data:`~qtrain.growth.pools.OPERATOR_POOLS`; "pauli4" is qubit-ADAPT's (1911.10205).
        reference: fixed gates that prepare the state to begin with.
        rule: "gradient": the steepest slope (ADAPT-VQE, 1812.11173); "gain": the lowest energy by this gate alone
            (energy sorting, J. Phys. Chem. Lett. 14, 9596); "tetris": the steepest, and then all on
            qubits that are free yet (TETRIS-ADAPT, 2209.10562).
        edges: couplings that a pool of a name may use; None: all pairs.
        max_gates: of the pool, at most. fits: whether a device takes these gates, asked before any is appended.
        budget: evaluations at most.
        tolerance: it ends where no slope is above it (by "gain": no gain above its square).
        target: energy at which it ends.
        escapes: where no slope is left, so many kicks are tried, one or two layers of the pool's gates at random
            angles each, and the best is kept: slopes of all gates on two qubits vanish at a mean-field
            optimum, and those of ZZ at every real state, however far above the ground state.
        seed: of the order in which equally good gates are taken, and of the escapes.

    Raises:
        QTrainError: an unknown rule or pool, no Hamiltonian, a budget below 1, a reference with free angles.

    Example:
        >>> found = grow("ZZI + IZZ + XII + IXI + IIX", pool=("hardware",), rule="gain", seed=1)
        >>> round(found.energy, 4), found.stopped
        (-3.494, 'converged')
    """
    if rule not in RULES:
        raise QTrainError(f"rule should be one of {', '.join(map(repr, RULES))}. Got {rule!r}.")
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise QTrainError(f"budget should be a whole number of at least 1. Got {budget!r}.")
    operator = as_observable(hamiltonian, None) if isinstance(hamiltonian, str) else hamiltonian
    n = int(operator.num_qubits)
    if any(gate.num_parameters for gate in reference):
        raise QTrainError("reference should hold fixed gates alone. Got some with free angles.")
    if pool and isinstance(pool[0], str):
        pool = build_pool([str(name) for name in pool], Setting(n, edges, operator))
    rng = np.random.default_rng(seed)
    gates: list[PoolGate] = [pool[k] for k in rng.permutation(len(pool))]  # type: ignore[misc]
    run = _Run(operator, gates, rule, fits, budget, tolerance, escapes, rng)
    return run.go(tuple(reference), max_gates, target)


class _Run:
    """A growth under way."""

    def __init__(self, operator: SparsePauliOp, pool: list[PoolGate], rule: str, fits: Any, budget: int,
                 tolerance: float, escapes: int, rng: np.random.Generator) -> None:  # fmt: skip
        self.operator, self.pool, self.rule, self.fits = operator, pool, rule, fits
        self.budget, self.tolerance, self.escapes, self.rng = budget, tolerance, escapes, rng
        n = int(operator.num_qubits)
        self.ready = None if n > WIDE_QUBITS else Simulation(lower(build((), n)), [operator])
        self.spent = self.kicks = 0
        self.refused: set[int] = set()  # what did not fit will not fit behind more gates

    def go(self, gates: tuple[Gate, ...], max_gates: int, target: float | None) -> Growth:
        n = int(self.operator.num_qubits)
        program = lower(build(gates, n))
        steps: list[Step] = []
        angles, steepest, appended = np.zeros(0), np.nan, 0
        while True:
            if self.spent >= self.budget:
                return Growth(n, gates, tuple(steps), self.spent, "budget", self.kicks)
            looked = self._looked(program, angles)
            self.spent += 1
            if not steps:
                steps.append(Step(len(gates), looked.value, angles, steepest, self.spent))
            stopped = self._ended(steps[-1], looked, appended, max_gates, target)
            if not stopped and self.spent >= self.budget:  # nothing left to fit with
                stopped = "budget"
            if stopped == "converged" and (found := self._escaped(gates, program, steps[-1], max_gates - appended)):
                appended += len(found[2]) - len(angles)
                gates, program, angles, energy = found
                steps.append(Step(len(gates), energy, angles, 0.0, self.spent))
                continue
            chosen = [] if stopped else list(self._chosen(gates, looked, len(angles), max_gates - appended))
            if stopped or not chosen:
                return Growth(n, gates, tuple(steps), self.spent, stopped or "limit", self.kicks)
            steepest = float(np.abs(looked.slope[-1]).max())
            for k in chosen:
                gates = gates + self._numbered(k, len(angles))
                program = spliced(program, [(len(program), self.pool[k])])
                first = looked.angle[-1, k]
                angles = np.append(angles, first if np.isfinite(first) and len(chosen) == 1 else 0.0)
            appended += len(chosen)
            energy, angles = self._fit(program, angles)
            steps.append(Step(len(gates), energy, angles, steepest, self.spent))

    def _looked(self, program: PauliProgram, angles: np.ndarray) -> Sweep:
        if program.num_qubits > WIDE_QUBITS:
            return wide_sweep(program, self.operator, angles, self.pool)
        return sweep(program, self.operator, angles, self.pool, exact=32 if self.rule == "gain" else 0)

    def _slopes(self, program: PauliProgram) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Energies (rows,) and gradients (rows, M) of (rows, M) angles."""
        if self.ready is None:
            return choose(problem_of(program, self.operator), POINTS).evaluator.values_and_gradients
        ready = self.ready.on(program)

        def at(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            found = ready.run(rows, gradient=True, num_threads=_ONE_THREAD)
            return found.values[:, 0], found.gradients

        return at

    def _ended(self, last: Step, looked: Sweep, appended: int, max_gates: int, target: float | None) -> str:
        if target is not None and last.energy <= target:
            return "target"
        scores = self._scores(looked)
        if not len(scores) or scores.max() <= self.tolerance:
            return "converged"
        return "max_gates" if appended >= max_gates else ""

    def _scores(self, looked: Sweep) -> np.ndarray:
        if self.rule == "gain":
            return np.sqrt(np.clip(np.nan_to_num(looked.gain[-1]), 0.0, None))  # in units of a slope
        return np.abs(looked.slope[-1])

    def _numbered(self, k: int, parameter: int) -> tuple[Gate, ...]:
        return tuple(gate.renumbered(lambda _: parameter) for gate in self.pool[k].gates)

    def _chosen(self, gates: tuple[Gate, ...], looked: Sweep, parameter: int, most: int) -> Iterator[int]:
        """Places in the pool of what is appended now, the best first."""
        scores = self._scores(looked)
        busy: set[int] = set()
        taken = refusals = 0
        for k in np.argsort(-scores, kind="stable").tolist():
            if scores[k] <= self.tolerance or taken >= most:
                return
            if k in self.refused or busy & set(self.pool[k].qubits):
                continue
            if refusals >= REFUSALS and len(self.pool[k].qubits) > NARROW:
                continue
            longer = gates + self._numbered(k, parameter + taken)
            if self.fits is not None and not self.fits(longer):
                self.refused.add(k)
                refusals += 1
                continue
            yield k
            gates, taken = longer, taken + 1
            busy |= set(self.pool[k].qubits)
            if self.rule != "tetris":
                return

    def _escaped(
        self, gates: tuple[Gate, ...], program: PauliProgram, last: Step, most: int
    ) -> tuple[tuple[Gate, ...], PauliProgram, np.ndarray, float] | None:
        """Gates, program, angles and energy behind the kick that helps most; None: none does."""
        best, lowest = None, last.energy - WORTH * max(1.0, abs(last.energy))
        for attempt in range(self.escapes):
            kicked, longer = self._kick(gates, len(last.angles), 1 + attempt % 2, most)
            if not kicked or self.spent >= self.budget:
                break
            self.kicks += 1
            tried = program
            for k in kicked:
                tried = spliced(tried, [(len(tried), self.pool[k])])
            start = np.append(last.angles, self.rng.normal(0.0, KICK, len(kicked)))
            energy, angles = self._fit(tried, start)
            if energy < lowest:
                best, lowest = (longer, tried, angles, energy), energy
        return best

    def _kick(
        self, gates: tuple[Gate, ...], parameter: int, layers: int, most: int
    ) -> tuple[list[int], tuple[Gate, ...]]:
        """Places in the pool of some random layers, and the gates with them.

        In each layer the same one to three kinds of gates stand on disjoint sets of qubits, on others than in the layer
        before where there are any: with hops and ZZ two of them are a Trotter step.
        """
        kinds = sorted({gate.names for gate in self.pool if len(gate.qubits) > 1})
        if not kinds:
            return [], gates
        some = self.rng.permutation(len(kinds))[: int(self.rng.integers(1, 4))]
        named = {kinds[k] for k in some.tolist()}
        by_qubits: dict[tuple[int, ...], list[int]] = {}
        for k, gate in enumerate(self.pool):
            if gate.names in named:
                by_qubits.setdefault(gate.qubits, []).append(k)
        places = sorted(by_qubits)
        first = int(self.rng.integers(len(places)))
        places = places[first:] + places[:first]
        found: list[int] = []
        for _ in range(layers):
            busy, layer = set[int](), list[tuple[int, ...]]()
            for place in places:
                if not busy & set(place):
                    layer.append(place)
                    busy |= set(place)
            for k in (k for place in layer for k in by_qubits[place]):
                longer = gates + self._numbered(k, parameter + len(found))
                if k in self.refused or len(found) >= most:
                    continue
                if self.fits is not None and not self.fits(longer):
                    self.refused.add(k)
                    continue
                gates = longer
                found.append(k)
            places = [place for place in places if place not in layer] + layer
        return found, gates

    def _fit(self, program: PauliProgram, start: np.ndarray) -> tuple[float, np.ndarray]:
        """All angles by L-BFGS from where they are; at least one evaluation is left."""
        from scipy.optimize import minimize

        best, lowest = start, np.inf
        slopes = self._slopes(program)

        def energy(point: np.ndarray) -> tuple[float, Any]:
            nonlocal best, lowest
            if self.spent >= self.budget:
                raise _Spent
            self.spent += 1
            value, slope = slopes(point[None])
            if value[0] < lowest:
                lowest, best = float(value[0]), point.copy()
            return float(value[0]), slope[0]

        options = {"maxiter": 2000, "maxfun": 4000, "maxcor": 20, "ftol": 1e-13, "gtol": 1e-7}
        try:
            minimize(energy, start, jac=True, method="L-BFGS-B", options=options)
        except _Spent:
            pass
        return lowest, best


class _Spent(Exception):
    """No evaluation is left."""

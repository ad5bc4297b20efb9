"""What a search found: trials, Pareto front, and the winner by a stated rule."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.json_results import PAGE, PLOT, Shown, count, number, view
from qtrain.studies.objectives import signs
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.spec.tables import WinnerSpec
from qtrain.studies.trials import TrialRecord, pareto_front

if TYPE_CHECKING:
    import numpy as np
    from qiskit import QuantumCircuit

    from qtrain.registry.registry import RegistryEntry


def choose_winner(
    trials: Sequence[TrialRecord], front: Sequence[int], objectives: Sequence[str], rule: WinnerSpec
) -> int | None:
    """The number of the winning trial of the front by ``rule``, None if the front is empty."""
    if not front:
        return None
    by_number = {t.number: t for t in trials}
    signed: dict[str, dict[int, float]] = {}  # lower is better
    scaled: dict[int, dict[str, float]] = {n: {} for n in front}
    for name, sign in zip(objectives, signs(objectives)):
        column = signed[name] = {n: sign * by_number[n].objectives[name] for n in front}
        low, high = min(column.values()), max(column.values())
        for n, value in column.items():
            scaled[n][name] = (value - low) / (high - low) if high > low else 0.0
    if rule.rule == "knee":
        return min(front, key=lambda n: (math.hypot(*scaled[n].values()), n))
    if rule.rule == "weighted":
        weights = dict(rule.weights)
        return min(front, key=lambda n: (sum(weights.get(k, 0.0) * v for k, v in scaled[n].items()), n))
    left = sorted(front)
    for name in rule.order or objectives:
        best = min(signed[name][n] for n in left)
        left = [n for n in left if signed[name][n] <= best + rule.tolerance * abs(best)]
    return left[0]


def describe_rule(rule: WinnerSpec, objectives: Sequence[str]) -> str:
    """The winner's rule as a sentence."""
    if rule.rule == "knee":
        return "closest to the ideal point over the Pareto front of the feasible trials, objectives scaled to [0, 1]"
    if rule.rule == "weighted":
        terms = " + ".join(f"{w:g} {name}" for name, w in rule.weights)
        return f"lowest {terms} over the Pareto front of the feasible trials, objectives scaled to [0, 1]"
    order = ", then ".join(rule.order or objectives)
    return (
        f"best {order} over the Pareto front of the feasible trials "
        f"(within {100 * rule.tolerance:g} % of the best counts as equal; then the lowest trial number)"
    )


@dataclass(frozen=True, repr=False)
class SearchResult(Shown):
    """The outcome of :func:`qtrain.search`.

    Attributes:
        study: its name; ``spec``: what was asked; ``storage``: where the trials are; ``tracking_uri``: where MLflow is.
        trials: every trial in order of its number; ``front``: numbers on the Pareto front.
        winner: the winning trial, None if no trial is feasible; ``rule``: how it was chosen, as a sentence.
        name: under which the winner is registered (``qtrain.load(name)``), None without a winner.
        undelivered: trials that MLflow has not got yet; they are delivered when the search is next started.
        interrupted: stopped by the user before all trials were done; ``seconds``: this call took.
        references: figures to compare with: exact energy, scores of classical models.
        run_id: of the winner's MLflow run, None where it is not delivered.
        full: what the full training of the front gave, by trial number; empty where the spec asks for none.
    """

    study: str
    spec: SearchSpec
    storage: str
    tracking_uri: str | None
    trials: tuple[TrialRecord, ...]
    front: tuple[int, ...]
    winner: TrialRecord | None
    rule: str
    name: str | None
    undelivered: int = 0
    interrupted: bool = False
    seconds: float = 0.0
    references: Mapping[str, float] = field(default_factory=dict)
    full: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    run_id: str | None = None

    plot = view("figures.front", "plot_front", f"The Pareto front; of one objective, the history. {PLOT}")
    to_html = view("study_page", "study_page", PAGE)

    def _brief(self) -> str:
        states = ", ".join(f"{n} {state}" for state, n in self.counts.items() if n) or "none"
        text = f"{self.study}, {count(len(self.trials), 'trial')} ({states}), {len(self.front)} on the front"
        if self.winner is None:
            return f"{text}, no winner"
        figures = ", ".join(f"{name} {number(value)}" for name, value in self.winner.objectives.items())
        return f"{text}, winner {self.winner.number} ({figures})"

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names, in the order of the spec."""
        return self.spec.objectives.use

    @property
    def directions(self) -> tuple[str, ...]:
        """ "minimize" or "maximize", for each objective."""
        return self.spec.directions

    @property
    def counts(self) -> dict[str, int]:
        """Trials by state."""
        states = [t.state for t in self.trials]
        return {state: states.count(state) for state in ("complete", "pruned", "failed", "running")}

    @property
    def architecture(self) -> Architecture:
        """Of the winner."""
        if self.winner is None:
            raise QTrainError("the search should have a winner for this. Got none: no trial was feasible.")
        return Architecture.from_dict(dict(self.winner.architecture))

    @property
    def circuit(self) -> QuantumCircuit:
        """The winner's, with its parameters free; of a task with data behind its encoding (inputs ``x``)."""
        from qtrain.studies.setup import setup_of

        family, task = self.architecture, setup_of(self.spec).task
        circuit = family.circuit(self.spec.qubits)
        return circuit if task.prepares else task.compose(circuit, family.uploads)

    @property
    def angles(self) -> np.ndarray:
        """(num_parameters,) the winner's trained angles in radians, in the order of the circuit's parameters.

        (Inputs aside.) Those of the full training where there was one.

        Raises:
            QTrainError: no winner, or one that was not trained.
        """
        import numpy as np

        plain = self.architecture and self.winner
        trained = self.full.get(plain.number) or plain.report.get("training", {})  # type: ignore[union-attr]
        if "weights" not in trained:
            raise QTrainError("the search should have trained its winner for this. Got none: task_loss is not used.")
        return np.array(trained["weights"], float)

    @property
    def bound(self) -> QuantumCircuit:
        """The winner's circuit at its trained angles; inputs stay free."""
        from qtrain.circuits.program import lower
        from qtrain.studies.setup import setup_of

        circuit, task = self.circuit, setup_of(self.spec).task
        named = {p.name: p for p in circuit.parameters}
        weights = lower(circuit, inputs=() if task.prepares else task.inputs).weights
        return circuit.assign_parameters({named[w]: v for w, v in zip(weights, self.angles, strict=True)})

    @property
    def entry(self) -> RegistryEntry:
        """The registered winner."""
        from qtrain.registry.registry import load

        if self.name is None:
            raise QTrainError("the search should have a winner for this. Got none: no trial was feasible.")
        return load(self.name)

    def score(
        self, circuit: QuantumCircuit | Architecture, *, seed: int | None = None, full: bool = False
    ) -> TrialRecord:
        """Any other circuit on the same task, device, criteria and training budget, for comparison.

        Nothing is pruned: a circuit that breaks a limit is trained as well, and its constraints say so.

        Args:
            circuit: a circuit of ``spec.qubits`` qubits with free parameters, or an architecture.
            seed: of its starts; None: the winner's own, so that both are trained alike.
            full: with the budget of the spec's full training, where it has one, instead of the short one.
        """
        from qtrain.studies.evaluate import score

        default = self.spec.seed if self.winner is None else self.winner.seed
        return score(self.spec, circuit, seed=default if seed is None else seed, full=full)

    def cost(self, circuit: QuantumCircuit | Architecture) -> dict[str, float]:
        """What any circuit takes on the search's device: two_qubit_depth, two_qubit_gates, depth, implied_error, …."""
        from qtrain.studies.setup import setup_of

        built = circuit.circuit(self.spec.qubits) if hasattr(circuit, "circuit") else circuit
        return setup_of(self.spec).device.cost(built)

    @property
    def observables(self) -> tuple[Any, ...]:
        """The task's: its Hamiltonian, or a readout per class (SparsePauliOp)."""
        from qtrain.studies.setup import setup_of

        return setup_of(self.spec).task.observables

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: the figures of every trial, without their reports."""
        kept = ("study", "storage", "tracking_uri", "counts", "rule", "name", "run_id", "undelivered", "interrupted",
                "seconds")  # fmt: skip
        figures = ("number", "state", "reason", "architecture_id", "duplicate_of", "objectives", "metrics", "timings")
        return {
            **{name: getattr(self, name) for name in kept},
            "objectives": dict(zip(self.objectives, self.directions)),
            "front": list(self.front),
            "winner": None if self.winner is None else self.winner.number,
            "references": dict(self.references),
            "full": {str(n): {k: v for k, v in values.items() if k != "weights"} for n, values in self.full.items()},
            "trials": [{name: getattr(trial, name) for name in figures} for trial in self.trials],
        }


def finalists(trials: Sequence[TrialRecord], spec: SearchSpec) -> tuple[int, ...]:
    """The trials that a full training decides between: the Pareto front, and those of the lowest task loss."""
    able = [t for t in trials if t.feasible and t.duplicate_of is None]
    best = sorted(able, key=lambda t: (t.objectives["task_loss"], t.number))[: spec.training.full_trials]
    return tuple(sorted({*pareto_front(trials, spec.objectives.use), *(t.number for t in best)}))


def summarise(
    spec: SearchSpec, trials: Sequence[TrialRecord], full: Mapping[int, Mapping[str, Any]], *, storage: str,
    tracking_uri: str | None, interrupted: bool,
) -> SearchResult:  # fmt: skip
    """Front and winner of a study as it stands; ``full``: what the full training gave, by trial number."""
    names = spec.objectives.use
    front = pareto_front(trials, names)
    judged = [
        dataclasses.replace(t, objectives={**t.objectives, "task_loss": full[t.number]["task_loss"]})
        if t.number in full else t
        for t in trials
    ]  # fmt: skip
    # A start that is no architecture is there to be compared with: it has no family to register.
    families = [n for n in sorted(full) or front if "circuit" not in trials[n].architecture]
    number = choose_winner(judged, families, names, spec.winner)
    return SearchResult(
        study=spec.name, spec=spec, storage=storage, tracking_uri=tracking_uri, trials=tuple(trials), front=front,
        winner=None if number is None else trials[number], rule=describe_rule(spec.winner, names), name=None,
        interrupted=interrupted, full=dict(full),
    )  # fmt: skip

"""Grown candidates: children of trained circuits, one edit away, as Optuna trials like any other.

A trial's report says which gates of the pool would lower its cost and which of its own it would not miss (see
:mod:`qtrain.growth.suggest`): a child is one edit of one parent, its angles inherited. What is proposed is a function
of the finished trials and the seed alone.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.growth.edits import GateList
from qtrain.growth.references import REFERENCES
from qtrain.growth.suggest import Suggestions
from qtrain.studies.propose.growth_moves import BEGIN, GROWTH_MOVES, Child, Growing, Parent
from qtrain.studies.propose.racing import (
    LONGER,
    MOST_STEPS,
    behind,
    continued,
    next_to_restart,
    next_to_train,
    task_loss,
)
from qtrain.studies.propose.suggesting import suggest_for
from qtrain.studies.training import initial_weights
from qtrain.studies.trials import MOVE, PARENT, RESTART, ROOT, TRAIN_ON, TrialRecord

if TYPE_CHECKING:
    from qtrain.studies.setup import Setup
    from qtrain.studies.spec.search_spec import SearchSpec

MOST_PARENTS = 24
FULL = 0.97  # of a limit: no room for more two-qubit gates
LEAN = 0.85  # of the children of circuits on target have no more two-qubit gates than they
PATIENCE = 0.4  # of the proposals train on a circuit whose training was not at its end, while there are some
MOST_STARTS = 8
FEWEST_STEPS = 20  # a child begins where its parent ended: a quarter of the steps tells whether it is worth more
AGAIN = 0.15  # train a leading circuit from other angles


@dataclass(frozen=True)
class Grown:
    """A grown candidate: its architecture, the angles it begins with, and how it came to be.

    ``params`` are no parameters of an Optuna trial: a sampler would look for a space that all trials share, and
    databases refuse a choice among moves that a later release adds to.
    ``steps``: of its training, None: the spec's.
    """

    architecture: Architecture
    angles: tuple[Any, ...]
    params: dict[str, Any]
    steps: int | None = None

    @property
    def same(self) -> bool:
        """Its parent's circuit, trained on or again."""
        return self.params[MOVE] in (TRAIN_ON, RESTART)

    @property
    def content_id(self) -> str:
        return self.architecture.content_id


@dataclass(frozen=True, eq=False)
class Grower:
    """Proposes grown candidates for one set-up."""

    setup: Setup

    @property
    def share(self) -> float:
        """Of the proposals."""
        return self.setup.spec.growth.share

    @functools.cached_property
    def growing(self) -> Growing:
        limits = self.setup.spec.constraints
        bounds = [
            ("two_qubit_depth", limits.max_two_qubit_depth),
            ("two_qubit_gates", limits.max_two_qubit_gates),
        ]

        def room(parent: Parent) -> bool:
            used = self._used.get(parent.number, {})
            return all(limit is None or used.get(name, 0.0) < FULL * limit for name, limit in bounds)

        return Growing(self.setup.pool, self.setup.setting.graph, room)

    @functools.cached_property
    def _used(self) -> dict[int, Any]:
        """Figures by trial number, for the limits."""
        return {}

    @functools.cached_property
    def roots(self) -> tuple[Parent, ...]:
        """The reference states, with what the sweep says of each."""
        spec, task = self.setup.spec, self.setup.task
        found: dict[tuple[Gate, ...], None] = {}
        for name in spec.growth.references:
            for gates in REFERENCES[name](self.setup.setting):
                found.setdefault(gates, None)
        starts = spec.training.starts if task.is_classifier else 1
        parents: list[Parent] = []
        for gates in found:
            for uploads in self.rounds:
                grown = GateList(gates, ())
                said = suggest_for(
                    task, spec.training, grown, np.zeros((starts, 0)), uploads, self.setup.pool, seed=spec.seed,
                    places=0,
                )  # fmt: skip
                columns = ((),) * (starts * uploads) if task.is_classifier else ()
                parents.append(Parent(-1 - len(parents), grown, said, uploads=uploads, columns=columns))
        return tuple(parents)

    @property
    def rounds(self) -> tuple[int, ...]:
        """How often data may be encoded."""
        encoded = self.setup.task.is_classifier and not self.setup.task.prepares
        return tuple(sorted(set(self.setup.spec.space.uploads))) if encoded else (1,)

    def children(self, finished: Sequence[TrialRecord]) -> Children:
        """A source of proposals for one batch; ``finished``: all trials of earlier batches."""
        return Children(self, finished)


def grower_of(setup: Setup) -> Grower | None:
    """The grower of a set-up; None where nothing is to grow."""
    return Grower(setup) if setup.spec.growth.share > 0 else None


class Children:
    """The proposals of one batch."""

    def __init__(self, grower: Grower, finished: Sequence[TrialRecord]) -> None:
        self.grower = grower
        n = grower.setup.spec.qubits
        able = [t for t in finished if t.feasible and t.duplicate_of is None and "growth" in t.report]
        target = grower.setup.spec.growth.target
        self.target = -np.inf if target is None else target
        front, fewest = [], np.inf
        for trial in sorted(
            able, key=lambda t: (task_loss(t), t.number)
        ):  # each that takes fewer gates than all before
            gates = trial.metrics.get("two_qubit_gates", 0.0)
            if gates < fewest:
                fewest = gates
                front.append(trial)
        able.sort(key=lambda t: (*_rank(t, self.target), t.number))
        self.ranked, self.front = able[:MOST_PARENTS], front
        grower._used.update({t.number: t.metrics for t in (*self.ranked, *front)})
        inherits = grower.setup.spec.growth.inherit and grower.setup.spec.trains
        self.trained = [
            t for t in finished
            if inherits and t.feasible and t.duplicate_of is None and "training" in t.report
            and "circuit" not in t.architecture
        ]  # fmt: skip
        self.gradients = behind(self.trained)
        past = continued(finished)
        self.unfinished = [
            t for t in self.trained
            if t.number not in past and task_loss(t) > self.target and _unfinished(t, grower.setup.spec)
        ]  # fmt: skip
        self.reached = any(task_loss(t) <= self.target for t in self.trained)
        self.restarted = set[str]()  # architectures that begin again in this batch
        self.begun = {t.params[PARENT] for t in finished if t.params.get(MOVE) == ROOT}
        self.n = n
        self.worth = self._successes(finished)

    def _successes(self, finished: Sequence[TrialRecord]) -> dict[str, float]:
        """How often each move's children were better than their parent, as a rate."""
        by_number = {t.number: t for t in finished}
        worth = {}
        for name in GROWTH_MOVES:
            mine = [t for t in finished if t.params.get(MOVE) == name]
            won = sum(_better(t, by_number.get(t.params[PARENT]), self.target) for t in mine)
            worth[name] = (2 + won) / (4 + len(mine))
        return worth

    def child(self, rng: np.random.Generator) -> Grown | None:
        """One proposal; None where nothing can grow yet."""
        root = next((root for root in self.grower.roots if root.number not in self.begun), None)
        if root is not None:
            self.begun.add(root.number)
            grown = BEGIN.child(root, self.grower.growing, rng)
            return None if grown is None else self._proposal(grown, ROOT, root.number)
        whence = rng.random()
        if whence < PATIENCE:
            longer = self._trained_on(rng)
            if longer is not None:
                return longer
        elif whence < PATIENCE + AGAIN and not self.reached:
            again = self._trained_again(rng)
            if again is not None:
                return again
        names = list(GROWTH_MOVES)
        for _ in range(8):
            parent = self._parent(rng)
            if parent is None:
                return None
            lean = parent.loss <= self.target and rng.random() < LEAN
            weights = np.array(
                [self.worth[n] * (m.lean if lean else m.often(self.n)) for n, m in GROWTH_MOVES.items()]
            )
            name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
            if parent.uploads + GROWTH_MOVES[name].rounds not in self.grower.rounds:
                continue
            grown = GROWTH_MOVES[name].child(parent, self.grower.growing, rng)
            if grown is not None:
                return self._proposal(grown, name, parent.number, whole=parent.loss <= self.target)
        return None

    def _trained_on(self, rng: np.random.Generator) -> Grown | None:
        """One whose training was not at its end goes on; None where none is worth it."""
        trial = next_to_train(
            self.trained, self.gradients, self.unfinished, self.grower.setup.spec.training.steps,
            richest=bool(rng.random() < 0.5),
        )  # fmt: skip
        if trial is None:
            return None
        self.unfinished.remove(trial)
        steps = min(round((LONGER - 1) * self.gradients[trial.number]), MOST_STEPS)
        trained = trial.report["training"]
        rows = tuple(map(tuple, trained["starts"])) if "starts" in trained else tuple(trained["weights"])
        return Grown(_architecture(trial), rows, {MOVE: TRAIN_ON, PARENT: trial.number}, steps)

    def _trained_again(self, rng: np.random.Generator) -> Grown | None:
        """A leading circuit from other angles: as the spec's trainings begin, or from anywhere.

        What came to rest before its steps were used up has as many starts as they allow.
        """
        spec = self.grower.setup.spec
        trial = next_to_restart([t for t in self.trained if t.architecture_id not in self.restarted])
        if trial is None:
            return None
        self.restarted.add(trial.architecture_id)
        trained, steps = trial.report["training"], LONGER * spec.training.steps
        wide = {"initialization": "uniform"}
        as_ever = spec.training.clifford_width is None and spec.training.initialization != "zero" and rng.random() < 0.5
        training = spec.training.model_copy(update={} if as_ever else wide)
        if "starts" not in trained:
            each = steps if _unfinished(trial, spec) else max(1.0, self.gradients[trial.number])
            starts = min(MOST_STARTS, int(steps / each)) if spec.training.aggregate == "best" else 1
            training = training.model_copy(update={"starts": max(1, starts)})
            steps = steps // training.starts
        rows = initial_weights(len(trained["weights"]), training, int(rng.integers(2**32)))
        angles = tuple(map(tuple, rows.tolist()))
        flat = angles[0] if len(angles) == 1 and "starts" not in trained else angles
        return Grown(_architecture(trial), flat, {MOVE: RESTART, PARENT: trial.number}, steps)

    def _parent(self, rng: np.random.Generator) -> Parent | None:
        """A trained circuit, or a reference state before there are any."""
        if not self.ranked:
            roots = self.grower.roots
            return roots[int(rng.integers(len(roots)))] if roots else None
        if rng.random() < (0.4 if self.target == -np.inf else 0.1):
            return as_parent(self.front[int(rng.integers(len(self.front)))], self.n)
        return as_parent(self.ranked[min(int(rng.geometric(0.35)), len(self.ranked)) - 1], self.n)

    def _proposal(self, child: Child, move: str, parent: int, *, whole: bool = False) -> Grown:
        """A child's training looks first; all its steps are taken (``whole``) where what is asked is whether the target
        can be kept with fewer gates."""
        spec, params = self.grower.setup.spec, {MOVE: move, PARENT: parent}
        if not spec.growth.inherit:
            return Grown(child.architecture(self.n), (), params)
        most = spec.training.steps
        steps = most if whole or move == ROOT else min(most, max(FEWEST_STEPS, most // LONGER))
        return Grown(child.architecture(self.n), child.angles, params, steps)


def _unfinished(trial: TrialRecord, spec: SearchSpec) -> bool:
    """Whether its training took all its steps."""
    steps = (trial.steps or spec.training.steps) * len(trial.report["training"]["losses"])
    return trial.metrics.get("gradient_evaluations", 0.0) >= steps


def _architecture(trial: TrialRecord) -> Architecture:
    return Architecture.from_dict(dict(trial.architecture))


def bar_of(finished: Sequence[TrialRecord]) -> float | None:
    """The loss of the last one that counts as a parent; None while there are few."""
    losses = sorted(task_loss(t) for t in finished if t.feasible and t.duplicate_of is None)
    return losses[MOST_PARENTS - 1] if len(losses) >= MOST_PARENTS else None


def _gates(trial: TrialRecord) -> float:
    return trial.metrics.get("two_qubit_gates", 0.0)


def _rank(trial: TrialRecord, target: float) -> tuple[float, ...]:
    """Lower is better: those that reach the target by their two-qubit gates, then the others by their loss."""
    loss = task_loss(trial)
    return (0.0, _gates(trial), float(f"{loss:.1e}")) if loss <= target else (1.0, loss)


def _better(child: TrialRecord, parent: TrialRecord | None, target: float) -> bool:
    """Whether a child's loss is lower than its parent's, or as low, or on target, with fewer two-qubit gates."""
    if parent is None or child.state != "complete":
        return False
    mine, before = child.objectives.get("task_loss", np.inf), parent.objectives.get("task_loss", np.inf)
    enough = max(before + 1e-2 * abs(before), target)
    if before <= target:
        return _gates(child) < _gates(parent) and mine <= enough
    return mine < before - 1e-3 * abs(before) or (_gates(child) < _gates(parent) and mine <= enough)


def as_parent(trial: TrialRecord, num_qubits: int) -> Parent:
    """A finished trial, with its trained angles."""
    architecture = _architecture(trial)
    suggestions, trained = Suggestions.from_dict(trial.report["growth"]), trial.report["training"]
    cost, loss = trial.metrics.get("two_qubit_gates", 0.0), trial.objectives["task_loss"]
    if "starts" not in trained:
        gates = GateList.of(architecture, num_qubits, trained["weights"])
        return Parent(trial.number, gates, suggestions, loss, cost)
    count = architecture.num_parameters(num_qubits)
    columns = tuple(tuple(row[k : k + count]) for row in trained["starts"] for k in range(0, len(row), count))
    gates = GateList.of(architecture, num_qubits, columns[0])
    return Parent(trial.number, gates, suggestions, loss, cost, architecture.uploads, columns)

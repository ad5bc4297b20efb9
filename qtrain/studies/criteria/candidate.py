"""A candidate that is evaluated, what a stage finds of it, and the limits that it may break."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qtrain.circuits.program import PauliProgram, lower
from qtrain.studies.objectives import OBJECTIVES
from qtrain.studies.pruning import Watch
from qtrain.studies.setup import Setup
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.tasks.task import Task

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qtrain.architecture.architecture import Architecture


class Broken(Exception):
    """A limit of the spec that the candidate breaks."""


@dataclass
class Candidate:
    """A circuit that is evaluated, and what is known of it so far.

    Attributes:
        setup: task, device and spec; ``architecture``: its family, None for a circuit of its own.
        whole: its circuit with the data's encoding; ``ansatz``: what comes behind the first encoding.
        forgive: broken limits are noted, and the evaluation goes on. ``steps``: of the training, not the spec's.
        angles: that the training begins with, () where they are drawn. watch: a pruner's, on the training.
        bar: a task loss above which nothing will grow from it.
        metrics: figures by name; ``objectives``, ``constraints`` (feasible: ≤ 0), ``timings`` (seconds by stage).
        report: details by stage, plain data; ``found``: anything, for later stages and objectives.
    """

    setup: Setup
    circuit: QuantumCircuit
    architecture: Architecture | None
    seed: int
    forgive: bool = False
    steps: int | None = None
    angles: tuple[float, ...] = ()
    watch: Watch | None = None
    bar: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    constraints: dict[str, float] = field(default_factory=dict)
    objectives: dict[str, float] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> SearchSpec:
        return self.setup.spec

    @property
    def task(self) -> Task:
        return self.setup.task

    @property
    def uploads(self) -> int:
        """How often data are encoded."""
        return 1 if self.architecture is None or not self.task.is_classifier else self.architecture.uploads

    @cached_property
    def whole(self) -> QuantumCircuit:
        return self.task.compose(self.circuit, self.uploads)

    @cached_property
    def ansatz(self) -> QuantumCircuit:
        return self.task.ansatz_of(self.circuit, self.uploads)

    @cached_property
    def program(self) -> PauliProgram:
        """Of the ansatz."""
        return lower(self.ansatz)

    @cached_property
    def whole_program(self) -> PauliProgram:
        """Of the whole circuit, its data as inputs."""
        return lower(self.whole, inputs=self.task.inputs) if self.task.is_classifier else self.program

    def note(self, figures: Mapping[str, float]) -> None:
        """Keep figures, then look at their limits in this order.

        Raises:
            Broken: a limit does not hold, and is not forgiven.
        """
        self.metrics.update(figures)
        aliases = {row.limited: name for name, row in OBJECTIVES.items() if row.limited}
        for name, value in figures.items():
            self.limit(aliases.get(name, name), value)

    def limit(self, name: str, value: float) -> None:
        """Look at ``max_name`` and ``min_name`` of the spec's constraints."""
        for side, sign, word in (("max", 1.0, "above"), ("min", -1.0, "below")):
            limit = self.spec.constraints.limit(side, name)
            if limit is None:
                continue
            excess, key = sign * (value - limit), f"{side}_{name}"
            self.constraints[key] = float(min(max(excess, -1e9), 1e9))
            if excess > 0 and not self.forgive:
                said = name.replace("_", " ")
                raise Broken(f"{said} {value:.4g} is {word} constraints.{key} = {limit:g}")

    def take(self, stage: Stage) -> None:
        """Run a stage, then compute its objectives, and again those whose figure it has made sharper."""
        self.metrics.update(figures := dict(stage.run(self) or {}))
        rows = [row for row in OBJECTIVES.values() if row.stage == stage.name or row.name in figures]
        found = {row.name: row.of(self) for row in rows}
        self.objectives.update((name, float(value)) for name, value in found.items() if value is not None)
        self.note(figures)
        for row in rows:
            if row.limited is None and row.name in self.objectives:
                self.limit(row.name, self.objectives[row.name])
        lost = self.objectives.get("trainability") == -math.inf and not self.forgive
        if lost and {"trainability", "shots_per_step"} & set(self.spec.objectives.use):  # whatever the limits allow
            raise Broken("no parameter changes the cost")


@dataclass(frozen=True)
class Stage:
    """One row of the table.

    Attributes:
        run: candidate → figures, whose limits are then looked at; None: none.
        wanted: whether a spec asks for it; None: where one of its objectives or of ``gives`` is used, recorded or
            limited, and always where it has neither.
        gives: figures besides its objectives that limits may name. needs: stages that have to run in front of it.
    """

    name: str
    run: Callable[[Candidate], Mapping[str, float] | None]
    wanted: Callable[[SearchSpec], bool] | None = None
    gives: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def asked(self, spec: SearchSpec) -> bool:
        """Whether a spec asks for it, other stages aside."""
        if self.wanted is not None:
            return self.wanted(spec)
        own = {*self.gives, *(row.name for row in OBJECTIVES.values() if row.stage == self.name)}
        return not own or any(spec.wants(name) for name in own)

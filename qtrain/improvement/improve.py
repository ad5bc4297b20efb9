"""``improve``: edits of a model, each of them tried, the best first."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from os import PathLike
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget, clock
from qtrain.circuits.angles import choose_inputs
from qtrain.circuits.files import read_circuit
from qtrain.circuits.initialization import Initialization, parse_initialization
from qtrain.circuits.observables import as_observable
from qtrain.errors import QTrainError
from qtrain.improvement import edits  # noqa: F401  (registers the rows)
from qtrain.improvement.measure import DETAILS, Row, Setting, begin, measure
from qtrain.improvement.ranking import ranked
from qtrain.improvement.results import Improvements
from qtrain.improvement.table import EDITS, Candidate, Edit, Model, check_words

SECONDS = 20.0  # where no budget is given
SINGLES, PAIRS = 0.4, 0.6  # of the budget, by when single edits and pairs of them are to be measured
EACH = 2.0  # seconds that one model may take, at most
TYPICAL = 2  # candidates of an edit, before it has proposed them
DETAILED = 12  # rows whose trend, rank and certificate are looked at first


def improve(
    circuit: QuantumCircuit | str | PathLike[str],
    observable: SparsePauliOp | str,
    *,
    keep: Sequence[str] | str = (),
    initialization: str | tuple[str, float] | Initialization = "uniform",
    noise: Any = None,
    shots: int = 10_000,
    budget: Budget | None = None,
    seed: int = 0,
    inputs: Sequence[Any] | str = (),
    data: np.ndarray | None = None,
) -> Improvements:
    """Try what might make a circuit trainable, and measure each: a table, the best first.

    Edits of the observable, the start, the entanglement, the repetitions, the parameters, alone and the best of them in
    pairs. Rows are ranked by how many parameters train (alike within a tenth of the most), then by the trend with n,
    where the circuit belongs to a known family, by how few edits there are, and by what they cost.

    Args:
        circuit, observable, initialization, noise, shots, seed, inputs, data: as those of `qtrain.diagnose`.
        keep: what may not change, among ``"observable"``, ``"start"``, ``"entanglement"``, ``"depth"`` (of two-qubit
            gates), ``"parameters"`` (how many), ``"circuit"`` (any gate) and ``"function"`` (the expectation value);
            words, or text with commas.
        budget: its seconds are for all of it; None: 20 seconds.

    Returns:
        Improvements: ``.before``, ``.tried``, ``.apply(k)``. An edit that fails is a row that says why.

    Raises:
        QTrainError: a circuit that cannot be diagnosed, wrong options.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> found = improve(real_amplitudes(4, reps=1), "IIIZ", keep="observable, start")
        >>> circuit, observable, initialization = found.apply(1)
        >>> found.before.trains <= found.tried[0].trains
        True
    """
    began, wall = clock(), time.monotonic()
    kept = check_words(keep, "keep")
    source = read_circuit(circuit)
    operator = as_observable(observable, source.num_qubits)
    names = tuple(p.name for p in choose_inputs(list(source.parameters), inputs))
    setting = Setting(noise, shots, budget or Budget(seconds=SECONDS), seed, data)
    search = _Search(Model(source, operator, parse_initialization(initialization), names, seed), setting, kept, began)
    search.singles()
    search.pairs()
    search.details()
    return search.result(time.monotonic() - wall)


class _Search:
    """One call of `improve`: the rows so far, and the clock that they share."""

    def __init__(self, model: Model, setting: Setting, keep: tuple[str, ...], began: float) -> None:
        self.model, self.setting, self.keep, self.began = model, setting, keep, began
        self.notes: list[str] = []
        self.complete = True
        self.before = begin(model)
        measure(self.before, setting, min(EACH, setting.budget.seconds / 4))
        if self.before.tried.failed:
            raise QTrainError(self.before.tried.failed)
        self.rows: list[Row] = []
        self.made: list[tuple[Edit, str]] = []  # of each single row: what made it
        self.seen = {_identity(model)}
        self.proposals: dict[str, list[Candidate]] = {}  # of the model as it was, by edit

    def left(self, share: float = 1.0) -> float:
        """Seconds until this share of the budget is spent."""
        return share * self.setting.budget.seconds - (clock() - self.began)

    def singles(self) -> None:
        """Every edit of the table by itself, measured as it is proposed; what takes long to propose comes last."""
        rows = [edit for edit in EDITS.values() if not set(edit.changes) & set(self.keep)]
        rows.sort(key=lambda edit: edit.costly)
        for k, edit in enumerate(rows):
            if self.rows and self.left(SINGLES) <= 0:
                self._cut("not every edit was tried, as the budget had ended.")
                break
            found = [
                candidate for candidate in self._proposed(edit, self.model)
                if "function" not in self.keep or edit.keeps_function or candidate.keeps_function
            ]  # fmt: skip
            for j, candidate in enumerate(found):
                waiting = len(found) - j + TYPICAL * (len(rows) - k - 1)
                if self._try(candidate, [edit], [candidate], self.left(SINGLES) / waiting):
                    self.made.append((edit, candidate.name))

    def pairs(self) -> None:
        """The two best edits, of different aspects, each with every edit of another aspect, the best ones first."""
        order = [k for k in self._order() if not self.rows[k].tried.failed]
        aspect = {k: _aspect(self.made[k][0]) for k in order}
        leaders = order[:1] + [k for k in order if aspect[k] != aspect[order[0]]][:1]
        table = list(EDITS)
        chosen: list[tuple[int, int]] = []
        for k in leaders:
            partners: dict[str, list[int]] = {}
            for other in order:
                if aspect[other] != aspect[k] or self._combine(k, other):
                    partners.setdefault(aspect[other], []).append(other)
            for members in partners.values():  # what trains nothing alone may still with another: as the table has them
                members.sort(key=lambda o: (not self.rows[o].tried.trains, 0 if self.rows[o].tried.trains else o))
            turns = zip_longest(*sorted(partners.values(), key=lambda members: aspect[members[0]]))
            chosen += [(k, other) for turn in turns for other in turn if other is not None]
        chosen = list({frozenset(pair): pair for pair in chosen}.values())
        for n, pair in enumerate(chosen):
            first, second = sorted((self.made[k] for k in pair), key=lambda made: table.index(made[0].name))
            if self.left(PAIRS) <= 0:
                self._cut("not every edit was tried, as the budget had ended.")
                break
            one = self._candidate(first, self.model)
            two = None if one is None else self._candidate(second, one.model)
            if one is not None and two is not None:
                self._try(two, [first[0], second[0]], [one, two], self.left(PAIRS) / (len(chosen) - n))

    def details(self) -> None:
        """Trend, rank and certificate: of the model as it was, then of the best rows, as long as there is time."""
        for name, add, until, most in DETAILS:
            if name == "noise" and self.setting.noise is None:
                continue
            best = [self.rows[k] for k in self._order() if not self.rows[k].tried.failed]
            rows = [self.before, *best[:DETAILED]]
            for k, row in enumerate(rows):
                left = self.left(until)
                if left <= 0.02:
                    self._cut(f"{name}: looked at in {k} of {len(rows)} rows, as the budget had ended.")
                    break
                try:
                    add(row, self.setting, min(left, max(most, left / (len(rows) - k))))
                except QTrainError as error:
                    row.tried = replace(row.tried, notes=(*row.tried.notes, f"{name}: {error}"))

    def result(self, seconds: float) -> Improvements:
        tried = tuple(ranked([row.tried for row in self.rows], self.before.tried.parameters))
        return Improvements(
            self.before.tried, tried, shots=self.setting.shots, kept=self.keep, complete=self.complete,
            notes=tuple(self.notes), seconds=round(seconds, 3),
        )

    def _order(self) -> list[int]:
        """Places of the rows, the best first."""
        best = ranked([row.tried for row in self.rows], self.before.tried.parameters)
        place = {id(tried): k for k, tried in enumerate(best)}
        return sorted(range(len(self.rows)), key=lambda k: place[id(self.rows[k].tried)])

    def _proposed(self, edit: Edit, model: Model) -> list[Candidate]:
        if model is self.model and edit.name in self.proposals:
            return self.proposals[edit.name]
        try:
            found = list(edit.propose(model))
        except QTrainError as error:
            self.notes.append(f"{edit.name}: not tried: {error}")
            found = []
        if model is self.model:
            self.proposals[edit.name] = found
        return found

    def _candidate(self, made: tuple[Edit, str], model: Model) -> Candidate | None:
        return next((c for c in self._proposed(made[0], model) if c.name == made[1]), None)

    def _combine(self, one: int, other: int) -> bool:
        """Whether two edits of one aspect change different things."""
        first, second = (self.made[k][0] for k in (one, other))
        return first.name != second.name and not set(first.changes) & set(second.changes) - {"circuit"}

    def _try(self, last: Candidate, rows: Sequence[Edit], steps: Sequence[Candidate], seconds: float) -> bool:
        """Measure a model that is new and that changes nothing it should keep."""
        identity = _identity(last.model)
        if identity in self.seen:
            return False
        self.seen.add(identity)
        row = begin(
            last.model, edits=tuple(c.sentence for c in steps),
            names=tuple(f"{edit.name}: {c.name}" for edit, c in zip(rows, steps)),
            keeps_function=all(e.keeps_function or c.keeps_function for e, c in zip(rows, steps)),
        )
        if not self.rows:  # a busy machine may spend it all on the model as it was
            seconds = max(seconds, self.setting.budget.seconds / 8)
        if seconds <= 0:
            self._cut("not every edit was tried, as the budget had ended.")
            return False
        measure(row, self.setting, min(EACH, seconds * 2))
        changes = dict.fromkeys(word for edit in rows for word in edit.changes)
        for word, field in (("depth", "two_qubit_depth"), ("parameters", "parameters")):
            if not row.tried.failed and getattr(row.tried, field) != getattr(self.before.tried, field):
                changes[word] = None
        own = [note for note in row.tried.notes if note not in self.before.tried.notes]
        row.tried = replace(row.tried, changes=tuple(changes), notes=tuple(own))
        if set(changes) & set(self.keep):
            return False
        self.rows.append(row)
        return True

    def _cut(self, note: str) -> None:
        self.complete = False
        if note not in self.notes:
            self.notes.append(note)


def _aspect(edit: Edit) -> str:
    return next((word for word in ("observable", "start") if word in edit.changes), "circuit")


def _identity(model: Model) -> tuple[Any, ...]:
    """Equal for equal models: gates with their qubits and angles, terms, start."""
    gates = tuple(
        (item.name, tuple(model.circuit.find_bit(q).index for q in item.qubits), tuple(map(_angle, item.params)))
        for item in model.circuit.data if item.operation.name != "barrier"
    )  # fmt: skip
    terms = tuple(sorted((label, complex(c).real) for label, c in model.observable.to_list()))
    return gates, terms, model.start


def _angle(value: Any) -> Any:
    return round(value, 12) if isinstance(value, float) and math.isfinite(value) else str(value)

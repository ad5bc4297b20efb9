"""Batches of a study: proposed, begun, evaluated, ended; then the Pareto front trained in full."""

from __future__ import annotations

import dataclasses
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qtrain.architecture.architecture import Architecture
from qtrain.studies import pruning
from qtrain.studies.propose.growing import Grower, Grown, bar_of
from qtrain.studies.propose.proposals import child_seed, propose, replay
from qtrain.studies.propose.shelf import breaks
from qtrain.studies.propose.starts import start_at
from qtrain.studies.result import SearchResult, finalists, summarise
from qtrain.studies.run import record
from qtrain.studies.run.storage import repair_journal
from qtrain.studies.run.supervise import Pool, run_batch
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.trials import TrialRecord
from qtrain.tracking.tracker import Tracker

log = logging.getLogger("qtrain")


@dataclasses.dataclass
class Part:
    """What takes part in a study; see :func:`qtrain.studies.study.run_study` for the fields."""

    spec: SearchSpec
    study: Any
    pool: Pool
    tracker: Tracker
    draw: Callable[[Any], Any]
    starts: Sequence[Mapping[str, Any]]
    where: str
    on_trial: Callable[[TrialRecord], None] | None
    grower: Grower | None

    def patiently(self, action: Callable[[], Any]) -> Any:
        journal = Path(self.where)
        return record.patiently(action, repair=lambda: repair_journal(journal) if journal.is_file() else None)

    def trials(self) -> list[Any]:
        return list(self.patiently(lambda: self.study.get_trials(deepcopy=False)))

    def started(self, start: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """(what is kept of a start, the frozen trial that draws it or None)."""
        kept = {"architecture": start["architecture"], "architecture_id": start["architecture_id"]}
        return kept, replay(self.draw, start.get("choices"))

    def proposed(self, finished: list[Any], *, batch: int, size: int) -> list[tuple[dict[str, Any], Any]]:
        """(what is kept of a proposal, its frozen trial), ``size`` times."""
        drawn = propose(
            self.draw, finished, directions=self.spec.directions, sampler=self.spec.sampler, seed=self.spec.seed,
            batch=batch, size=size, objectives=self.spec.objectives.use, grower=self.grower,
            fits=self.fits,
        )  # fmt: skip
        return [(self.kept(candidate), frozen) for candidate, frozen in drawn]

    def fits(self, architecture: Any) -> bool:
        """Whether an architecture does not plainly break a limit."""
        known = isinstance(architecture, Architecture)
        return not known or breaks(architecture, self.spec.qubits, self.spec.constraints) is None

    def barred(self, finished: Sequence[Any]) -> dict[str, float]:
        """The loss above which nothing will grow from a trial that is begun now."""
        bar = None if self.grower is None else bar_of([record.to_record(t) for t in finished])
        return {} if bar is None else {"bar": bar}

    def kept(self, candidate: Any) -> dict[str, Any]:
        """What is kept of a proposal: its architecture; of a grown one the angles it begins with and whence it came."""
        grown = isinstance(candidate, Grown)
        family = candidate.architecture if grown else candidate
        plain = {"architecture": json.loads(family.to_json()), "architecture_id": family.content_id}
        if not grown:
            return plain
        plain |= {"angles": list(candidate.angles), record.GROWN: dict(candidate.params)}
        return plain | ({"steps": candidate.steps} if candidate.steps else {})

    def end(self, trial: TrialRecord, ended: Mapping[str, Any]) -> TrialRecord:
        """Write what a trial gave, and pass it on."""
        ended = record.settled(ended, self.spec.objectives.use)
        first = self.patiently(lambda: record.end(self.study, trial.number, ended, self.spec.objectives.use))
        done = record.with_end(trial, ended) if first else record.to_record(self.trials()[trial.number])
        self.tracker.record(dataclasses.asdict(done))
        if self.on_trial is not None:
            self.on_trial(done)
        return done

    def result(self, full: Mapping[int, Mapping[str, Any]], *, interrupted: bool) -> SearchResult:
        """The study as it stands."""
        return summarise(
            self.spec, [record.to_record(t) for t in self.trials()], full, storage=self.where,
            tracking_uri=self.tracker.uri, interrupted=interrupted,
        )  # fmt: skip


@dataclasses.dataclass
class Loop(Part):
    """The one search that runs a study."""

    jobs: int
    pruner: Any = None

    def ended(self) -> list[TrialRecord]:
        return [record.to_record(t) for t in self.trials() if t.state.is_finished()]

    def run(self, batch: int) -> bool:
        """Bring every trial of the batch to its end; False if there was nothing to do."""
        first = batch * self.spec.batch
        last = min(first + self.spec.batch, self.spec.trials)
        trials = self.trials()
        if len(trials) >= last and all(t.state.is_finished() for t in trials[first:last]):
            return False
        record.check_mode(self.study, "batches")
        if len(trials) < last:
            self.begin(batch, first, last)
        self.evaluate([record.to_record(t) for t in self.trials()], first, last)
        return True

    def begin(self, batch: int, first: int, last: int) -> None:
        """Create the batch's trials that are missing."""
        starts = [start_at(self.starts, number) for number in range(first, first + self.spec.batch)]
        size = starts.count(None)
        drawn = iter(self.proposed(self.trials()[:first], batch=batch, size=size) if size else ())
        proposals = [next(drawn) if start is None else self.started(start) for start in starts]

        bar = self.barred(self.trials()[:first])

        def add_missing() -> None:
            while (number := len(self.study.get_trials(deepcopy=False))) < last:
                kept, frozen = proposals[number - first]
                begun = {"batch": batch, "seed": child_seed(self.spec.seed, 1, number), **kept, **bar}
                self.study.add_trial(record.running(frozen, begun))

        self.patiently(add_missing)

    def evaluate(self, trials: list[TrialRecord], first: int, last: int) -> None:
        """Evaluate trials ``first`` to ``last - 1`` that have not ended; each architecture once.

        An architecture that an earlier trial has scored is answered from the record. One that two trials of this
        batch share is evaluated for the first of them; if that failed, for the next.
        """
        scored: dict[str, TrialRecord] = {}
        for trial in trials[:last]:
            if trial.scored:
                scored.setdefault(trial.key, trial)
        left = [t for t in trials[first:last] if t.state == "running"]
        while left:
            wave: dict[str, TrialRecord] = {}
            waiting = []
            for trial in left:
                known = scored.get(trial.key)
                if known is not None and known.number < trial.number:
                    self.end(trial, answer_from(known))
                elif trial.key in wave:
                    waiting.append(trial)
                else:
                    wave[trial.key] = trial
            candidates = list(wave.values())
            payloads = [pruning.payload(t, self.judged(trials[:first])) for t in candidates]
            for index, outcome in run_batch(self.pool, payloads, n_jobs=self.jobs):
                if outcome.kind == "stopped":
                    waiting = []  # they are evaluated when the search goes on
                    continue
                ended = self.end(candidates[index], record.ended_dict(outcome))
                if ended.state != "failed":
                    scored[ended.key] = ended
            left = waiting

    def judged(self, before: list[TrialRecord]) -> dict[str, Any] | None:
        """What a trial's training is judged by: the pruner, and the trials of earlier batches."""
        return None if self.pruner is None else {"pruner": self.pruner, "before": pruning.past(before)}

    def train_front(self) -> dict[int, dict[str, Any]]:
        """Full training of the Pareto front and of the lowest losses, where the spec asks for it; each trial once."""
        if not self.spec.training.full_steps or not self.spec.trains:
            return {}
        trials = [record.to_record(t) for t in self.trials()]
        front = finalists(trials, self.spec)
        attributes = self.patiently(lambda: self.study.user_attrs)
        full = {n: attributes[key] for n in front if (key := f"qtrain:full:{n}") in attributes}
        left = [n for n in front if n not in full]
        exact = not self.spec.task.has_data  # of data, one start's angles know what another one holds out
        payloads = [
            {"do": "train", "architecture": trials[n].architecture, "seed": child_seed(self.spec.seed, 2, n)}
            | ({"angles": trials[n].report["training"]["weights"]} if trials[n].angles and exact else {})
            for n in left
        ]
        for index, outcome in run_batch(self.pool, payloads, n_jobs=self.jobs):
            if outcome.kind != "ok":
                log.warning("Full training of trial %d gave nothing: %s.", left[index], outcome.reason)
                continue
            number = left[index]
            full[number] = outcome.value
            self.patiently(partial(self.study.set_user_attr, f"qtrain:full:{number}", outcome.value))
        return full


def answer_from(known: TrialRecord) -> dict[str, Any]:
    """The outcome of a duplicate: the scored trial's, at no cost."""
    kept = {k: getattr(known, k) for k in ("state", "reason", "objectives", "constraints", "metrics", "versions")}
    own = {"duplicate_of": known.number, "report": {"duplicate_of": known.number}, "timings": {}}
    return {**kept, **own, "time": time.time()}

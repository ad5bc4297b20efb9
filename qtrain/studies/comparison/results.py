"""The outcome of a comparison: figures of every run, and what they say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError
from qtrain.files.reading import read_json
from qtrain.json_results import Shown, count
from qtrain.studies.comparison.fronts import FrontCheck, check_front
from qtrain.studies.comparison.intervals import SOLVED, TIE, Ratio, paired_ratio

FORMAT = 1
SEARCH = "search"


@dataclass(frozen=True, repr=False)
class Benchmark(Shown):
    """A search and its rivals on one task.

    Attributes:
        study: name of the spec. seeds: of the runs. data: losses are those on the test part of a data set.
        runs: by method ("search" first), then by seed: the figures of :func:`~.judging.judge`.
        failed: by method and seed, why a run gave nothing.
        references: by seed, figures to compare with, such as classical models' accuracies.
        solved: losses below it count as it; of a data set it has no use.
        overlap: see :func:`~.intervals.paired_ratio`.
        exact: whether losses are relative to the exact energy. If not they are energies, and errors are taken from the
            lowest one that any method found.
    """

    study: str
    seeds: tuple[int, ...]
    data: bool
    runs: Mapping[str, Mapping[int, Mapping[str, Any]]]
    failed: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    references: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    solved: float = SOLVED
    overlap: float = 0.0
    exact: bool = True

    def _brief(self) -> str:
        text = f"{self.study}, {count(len(self.runs), 'method')}, {count(len(self.seeds), 'run')} of each"
        return f"{text}; {self.sentences()[0].rstrip('.')}"

    @property
    def column(self) -> str:
        """What methods are compared by: the delivered energy is exact; of data, the mean over newly trained models."""
        return "retrained" if self.data else "loss"

    @property
    def rivals(self) -> tuple[str, ...]:
        """Methods beside the search that have a result for every seed."""
        return tuple(name for name in self.runs if name != SEARCH and self._whole(name))

    def _whole(self, name: str) -> bool:
        return all(seed in self.runs[name] for seed in self.seeds)

    def losses(self, method: str, column: str | None = None) -> list[float]:
        """Of every seed; ``column``: "loss" (as delivered), "retrained", "retrained_best"; None: what is compared."""
        column = column or self.column
        found = [float(self.runs[method][seed][column]) for seed in self.seeds]
        if self.exact or self.data:
            return found
        lowest = [min(_energies(self.runs, seed)) for seed in self.seeds]
        return [(energy - low) / (abs(low) or 1.0) for energy, low in zip(found, lowest)]

    def mean(self, method: str, column: str | None = None) -> float:
        """Geometric mean over the seeds; lower losses than ``solved`` count as that."""
        logs = [math.log(max(loss, self.solved)) for loss in self.losses(method, column)]
        return math.exp(sum(logs) / len(logs))

    def against(self, rival: str, column: str | None = None) -> Ratio:
        """The rival's loss over the search's, with its interval and verdict."""
        return paired_ratio(
            self.losses(rival, column), self.losses(SEARCH, column), solved=self.solved, tie=TIE, overlap=self.overlap
        )

    @property
    def best_rival(self) -> str:
        """The rival with the lowest mean loss in this very comparison: the hardest one to beat.

        Raises:
            QTrainError: there is none.
        """
        if not self.rivals:
            raise QTrainError("the comparison should have a rival with a result for every seed. Got none.")
        return min(self.rivals, key=self.mean)

    @property
    def verdict(self) -> Ratio:
        """Against the best rival."""
        return self.against(self.best_rival)

    def named(self, verdict: str) -> tuple[str, ...]:
        """The rivals against which the search has this verdict: "win", "tie" or "loss"."""
        return tuple(name for name in self.rivals if self.against(name).verdict == verdict)

    def front_checks(self, rival: str) -> dict[int, FrontCheck]:
        """By seed: whether the search's error is at no count of two-qubit gates above the rival's."""
        both = [s for s in self.seeds if all("front" in self.runs[m].get(s, {}) for m in (SEARCH, rival))]
        return {
            seed: check_front(self.runs[SEARCH][seed]["front"], self.runs[rival][seed]["front"], solved=self.solved)
            for seed in both
        }

    def sentences(self) -> list[str]:
        """What the figures say, losses first."""
        if not self.rivals or len(self.seeds) < 2:
            return ["Fewer than two runs, or no rival: nothing can be said."]
        best = self.best_rival
        word = {"win": "beats", "tie": "ties with", "loss": "loses to"}
        said = [
            f"The search {word[self.verdict.verdict]} the best rival, {best}: the rival's loss is {self.verdict} times "
            f"the search's (95 % over {len(self.seeds)} runs)."
        ]
        for verdict, text in (("loss", "Lost to"), ("tie", "Tied with"), ("win", "Won against")):
            names = self.named(verdict)
            said.append(f"{text}: {', '.join(f'{name} ({self.against(name)})' for name in names) or 'none'}.")
        said += [self._said_of_front(name) for name in self.rivals if self.front_checks(name)]
        for name, seeds in self.failed.items():
            said += [f"No result of {name} for seed {seed}: {reason}" for seed, reason in seeds.items()]
        return said

    def _said_of_front(self, name: str) -> str:
        checks = self.front_checks(name)
        worse = [(check.ratio, seed, check.gates) for seed, check in checks.items() if not check.never_worse]
        if not worse:
            return f"At equal two-qubit gates never worse than {name}."
        ratio, seed, gates = max(worse)
        how = f"a {ratio:.3g} times lower error" if math.isfinite(ratio) else "a circuit where the search has none"
        return (
            f"At equal two-qubit gates {name} is better somewhere in {len(worse)} of {len(checks)} runs: it has {how} "
            f"at {gates} gates (seed {seed})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "format": FORMAT, "study": self.study, "seeds": list(self.seeds), "data": self.data, "exact": self.exact,
            "solved": self.solved, "overlap": self.overlap, "references": _by_text(self.references),
            "failed": {name: _by_text(rows) for name, rows in self.failed.items()},
            "runs": {name: _by_text(rows) for name, rows in self.runs.items()},
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Benchmark:
        """The inverse of :meth:`to_dict`; QTrainError for other data."""
        if not isinstance(data, Mapping) or data.get("format") != FORMAT or "runs" not in data:
            raise QTrainError(f"results should be a comparison's, of format {FORMAT}. Got something else.")
        return cls(
            data["study"], tuple(data["seeds"]), data["data"],
            {name: _by_number(rows) for name, rows in data["runs"].items()},
            {name: _by_number(rows) for name, rows in data["failed"].items()}, _by_number(data["references"]),
            data["solved"], data["overlap"], data["exact"],
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | Path) -> Benchmark:
        """From a file that :func:`qtrain.benchmark` wrote.

        Raises:
            QTrainError: a file that cannot be read, or is something else.
        """
        return cls.from_dict(read_json(Path(path), "results", kind="a file of qtrain compare"))


def _energies(runs: Mapping[str, Mapping[int, Mapping[str, Any]]], seed: int) -> Sequence[float]:
    return [
        float(rows[seed][column]) for rows in runs.values() if seed in rows
        for column in ("loss", "retrained_best") if column in rows[seed]
    ]  # fmt: skip


def _by_text(rows: Mapping[int, Any]) -> dict[str, Any]:
    return {str(seed): row for seed, row in sorted(rows.items())}


def _by_number(rows: Mapping[str, Any]) -> dict[int, Any]:
    return {int(seed): row for seed, row in rows.items()}

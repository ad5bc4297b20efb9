"""The runs of a comparison on file: what is there is not run again."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError
from qtrain.files.reading import read_json
from qtrain.files.writing import write_text
from qtrain.studies.comparison.results import SEARCH, Benchmark
from qtrain.studies.spec.search_spec import SearchSpec


class Book:
    """All runs so far, by method and seed; written whole after each.

    Args:
        path: of the JSON file, None: in memory alone.

    Raises:
        QTrainError: a file that is something else, or holds runs of another spec.
    """

    def __init__(
        self, spec: SearchSpec, vary: str | None, evaluations: int | None, solved: float, path: Path | None,
        transfer: int | None = None,
    ) -> None:  # fmt: skip
        self.solved = solved
        self.name, self.path, self.evaluations = spec.name, path, evaluations
        self.asked = _asked(spec) | {"vary": vary, "evaluations": evaluations}
        if transfer is not None:
            self.asked["transfer"] = transfer
        self.runs: dict[str, dict[int, dict[str, Any]]] = {}
        self.failed: dict[str, dict[int, str]] = {}
        self.task: dict[int, dict[str, Any]] = {}
        if path is not None and (path.exists() or _circular(path)):
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            data = read_json(path, "results")
            there = Benchmark.from_dict(data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QTrainError(
                f"results should be a new file, or one of a comparison. Got {str(path)!r}: {error}."
            ) from None
        here, there_asked = json.loads(json.dumps(self.asked)), data.get("asked", {})
        keys = here.keys() | there_asked.keys()
        differing = sorted(key for key in keys if here.get(key) != there_asked.get(key))
        if differing:
            raise QTrainError(
                f"results should be of this spec. Got {str(path)!r}, made with other values for "
                f"{', '.join(differing)}: choose another file."
            )
        self.runs = {name: dict(rows) for name, rows in there.runs.items()}  # type: ignore[arg-type]
        self.task = {int(seed): about for seed, about in data["task"].items()}

    def has(self, method: str, seed: int) -> bool:
        """Whether this run is there."""
        return seed in self.runs.get(method, {})

    def budget(self, seed: int) -> int | None:
        """What each rival may spend; None where the search has given nothing."""
        if self.evaluations is not None:
            return self.evaluations
        return int(self.runs[SEARCH][seed]["evaluations"]) if self.has(SEARCH, seed) else None

    def note(self, method: str, seed: int, run: Mapping[str, Any]) -> None:
        """Take a run that has ended."""
        if "failed" in run:
            self.failed.setdefault(method, {})[seed] = str(run["failed"])
            return
        kept = dict(run)
        if "task" in kept:
            self.task[seed] = kept.pop("task")
        self.runs.setdefault(method, {})[seed] = kept
        if self.path is not None:
            self._write(self.path)

    def _write(self, path: Path) -> None:
        methods = list(self.runs)
        whole = self.benchmark(sorted({seed for rows in self.runs.values() for seed in rows}), methods)
        about = {str(seed): about for seed, about in sorted(self.task.items())}
        text = json.dumps(whole.to_dict() | {"asked": self.asked, "task": about}, indent=None, ensure_ascii=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text.replace('}, "', '},\n"') + "\n", "results")

    def benchmark(self, seeds: Sequence[int], methods: Sequence[str]) -> Benchmark:
        """What is there of these methods and seeds."""
        chosen = {m: {s: self.runs[m][s] for s in seeds if self.has(m, s)} for m in methods if m in self.runs}
        abouts = [self.task[seed] for seed in seeds if seed in self.task]
        options: dict[str, Any] = {"solved": self.solved}
        if abouts:
            options["overlap"] = sum(about["overlap"] for about in abouts) / len(abouts)
            options["exact"] = all(about["exact"] for about in abouts)
        return Benchmark(
            self.name, tuple(seeds), any(about["data"] for about in abouts), chosen,
            {name: rows for name, rows in self.failed.items() if name in methods},
            {seed: self.task[seed]["references"] for seed in seeds if seed in self.task}, **options,
        )  # fmt: skip


def _asked(spec: SearchSpec) -> dict[str, Any]:
    """Of a spec, what decides the figures."""
    return {name: value for name, value in spec.to_dict().items() if name not in ("seed", "limits", "extensions")}


def _circular(path: Path) -> bool:
    """Whether it is a link that leads to itself; ``exists`` says no of those."""
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False

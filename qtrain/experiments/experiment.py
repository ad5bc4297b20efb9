"""One folder, one study: its sizes, its parts kept on file, its numbers beside those expected, its record in MLflow."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import resource
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError, shortened
from qtrain.experiments.expected import Row, compare, flat, read_rows, shown
from qtrain.experiments.record import metric_name, record
from qtrain.files.reading import parse_toml, read_json, read_text
from qtrain.files.writing import write_text

SIZES = ("quick", "full")


class Experiment:
    r"""A run of an experiment's folder, at one of its sizes.

    The folder holds ``config.toml`` (a table for each size, in it one for each part, with the same keys),
    ``expected.json`` (a list of rows for each size, see :class:`~qtrain.experiments.expected.Row`) and ``run.py``::

        def slopes(*, sizes: list[int], seed: int) -> dict:  # numbers, in tables and lists of them
            ...

        def main(argv=None) -> int:
            run = qtrain.Experiment.from_arguments(__file__, argv)
            run.part("slopes", slopes)  # with the settings of [quick.slopes] or [full.slopes]
            return run.finish()

    What a part gave is on file as soon as it ends: started again, the same command goes on after it. A part whose
    settings were changed since is run again, and says so; one from before a change of the folder's code says so.

    Args:
        folder: of the experiment; ``size``: "quick" or "full".
        only: names of the parts to run, none for all of them; ``again``: also those that are on file.
        results: where parts are kept, by default ``results/<size>`` in the folder.
        tracking_uri: of MLflow's store, by default the environment's or ``mlruns/``; "off" records nothing.

    Raises:
        QTrainError: a size or file that is missing, sizes with other keys.

    Example:
        >>> import qtrain; from pathlib import Path
        >>> _ = Path("config.toml").write_text("[quick.sum]\nn = 4\n[full.sum]\nn = 100\n")
        >>> row = '{"name": "sum.total", "value": 10, "exact": true, "source": "n (n + 1) / 2"}'
        >>> _ = Path("expected.json").write_text(f'{{"quick": [{row}]}}')
        >>> run = qtrain.Experiment(".", "quick", tracking_uri="off", say=lambda line: None)
        >>> run.part("sum", lambda *, n: {"total": n * (n + 1) // 2})
        {'total': 10}
        >>> run.finish()
        0
    """

    def __init__(
        self, folder: str | Path, size: str = "quick", *, only: Sequence[str] = (), again: bool = False,
        results: str | Path | None = None, tracking_uri: str | None = None, say: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.size = as_folder(folder, "folder"), size
        self.name = self.folder.name
        self.config = _read_config(self.folder / "config.toml", size)
        self.rows = read_rows(self.folder / "expected.json", size)
        self.results = self.folder / "results" / size if results is None else as_folder(results, "results")
        self.parts: dict[str, dict[str, Any]] = {}
        if isinstance(only, str) or not isinstance(only, Sequence) or not all(isinstance(part, str) for part in only):
            raise QTrainError(f"only should be a list of names of parts. Got {shortened(only)}.")
        if say is not None and not callable(say):
            raise QTrainError(f"say should be a function of a line. Got {shortened(say)}.")
        self._only, self._again, self._uri = tuple(only), again, tracking_uri
        self._is_script = False
        self._say = say or (lambda line: print(line, flush=True))
        self._kept: dict[str, dict[str, Any]] = {}
        self._mark = self._digest_of_code()

    @classmethod
    def from_arguments(cls, script: str, argv: Sequence[str] | None = None) -> Experiment:
        """The experiment of a ``run.py``, with what stands on its command line.

        ``run.py [quick|full] [--only PART ...] [--again] [--results FOLDER] [--tracking-uri URI]``

        What is wrong then, in a part too, is a sentence on stderr and exit code 2.
        """
        parser = argparse.ArgumentParser(prog=f"{Path(script).parent.name}/run.py")
        parser.add_argument("size", nargs="?", default="quick", choices=SIZES)
        parser.add_argument("--only", action="append", default=[], metavar="PART", help="this part alone (repeatable)")
        parser.add_argument("--again", action="store_true", help="run parts again that are on file")
        parser.add_argument("--results", help="folder where parts are kept")
        parser.add_argument("--tracking-uri", help="MLflow's store, or 'off'")
        given = parser.parse_args(sys.argv[1:] if argv is None else argv)
        with _told(parser.prog, True):
            made = cls(
                Path(script).parent, given.size, only=given.only, again=given.again, results=given.results,
                tracking_uri=given.tracking_uri,
            )  # fmt: skip
        made._is_script = True
        return made

    def part(self, name: str, function: Callable[..., Mapping[str, Any]], **settings: Any) -> dict[str, Any]:
        """The numbers of a part: from file if it ran with these settings, else ``function(**settings)``, kept on file.

        Settings are those of the part's table in ``config.toml``, and over them the ones given here. A part that
        ``only`` leaves out gives what is on file, or nothing.

        Raises:
            QTrainError: a name that config.toml lacks, a damaged file, a function that fails or returns no numbers;
                parts that ended before are on file.
        """
        with _told(self.name, self._is_script):
            return self._part(name, function, settings)

    def _part(self, name: str, function: Callable[..., Any], settings: dict[str, Any]) -> dict[str, Any]:
        if name not in self.config:
            raise QTrainError(
                f"name should be a part of config.toml's table [{self.size}]: {', '.join(self.config)}. Got {name!r}."
            )
        if not callable(function):
            raise QTrainError(f"function should be one that returns a table of numbers. Got {shortened(function)}.")
        settings = {**self.config[name], **settings}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]
        path = self.results / f"{name}.json"
        kept = _read_part(path) if path.exists() else None
        wanted = not self._only or name in self._only
        if kept is not None and kept["digest"] != digest:
            known = kept["settings"]
            names = sorted(k for k in known.keys() | settings.keys() if known.get(k) != _plain(settings.get(k)))
            self._say(f"{name}: on file with other settings ({', '.join(names)}){', run again' if wanted else ''}")
            kept = None
        elif kept is not None and wanted and not self._again and kept["mark"] != self._mark:
            self._say(f"{name}: on file from earlier code of this folder; --again runs it again")
        if wanted and (kept is None or self._again):
            kept = self._run(name, function, settings, digest)
            made_folder(self.results)
            write_text(path, json.dumps(kept, indent=1) + "\n", "results")
        if kept is None:
            return {}
        self._kept[name] = kept
        self.parts[name] = kept["numbers"]
        return dict(kept["numbers"])

    def _run(self, name: str, function: Callable[..., Any], settings: dict[str, Any], digest: str) -> dict[str, Any]:
        self._say(f"{name} ...")
        begun, cpu = time.time(), _cpu_seconds()
        try:
            numbers = _plain(found := function(**settings))
        except _NoData:
            got = f"{shortened(found)} from {name!r}"
            raise QTrainError(f"A part should return a table of numbers. Got {got}.") from None
        except Exception as error:
            what = str(error) if isinstance(error, QTrainError) else f"{type(error).__name__}: {error}"
            raise QTrainError(
                f"The part {name!r} failed{self._place(error)}: {' '.join(what.split()).rstrip('.')}. "
                "What ended before it is on file."
            ) from error
        ended, spent = time.time(), _cpu_seconds() - cpu
        if not isinstance(numbers, dict) or not numbers:
            raise QTrainError(f"A part should return a table of numbers. Got {shortened(numbers)} from {name!r}.")
        memory = _peak_megabytes()
        self._say(f"{name}: {ended - begun:.1f} s, {spent:.1f} s of CPU, at most {memory:.0f} MB so far")
        return {
            "digest": digest, "mark": self._mark, "settings": _plain(settings), "begun": begun, "ended": ended,
            "seconds": ended - begun, "cpu_seconds": spent, "memory_mb": memory, "numbers": numbers,
        }  # fmt: skip

    def _place(self, error: Exception) -> str:
        """The last line of the folder's own code that an error passed through."""
        every = traceback.extract_tb(error.__traceback__)
        frames = [frame for frame in every if self.folder in Path(frame.filename).resolve().parents]
        return f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""

    def save(self, figure: Any, name: str = "figure.png", **options: Any) -> Path:
        """Keep a figure of Matplotlib beside the results; of the full size also in the folder, as the README's."""
        places = [self.results] + ([self.folder] if self.size == "full" and not self._only else [])
        for place in places:
            made_folder(place)
            figure.savefig(place / name, **{"dpi": 160, "bbox_inches": "tight", **options})
        return self.results / name

    def finish(self) -> int:
        """Print ours beside what is expected, record everything, return 0 if every number is as expected, else 1.

        Raises:
            QTrainError: a part that never ran and that ``only`` does not leave out; a store out of reach.
        """
        with _told(self.name, self._is_script):
            return self._finish()

    def _finish(self) -> int:
        missing = [name for name in self.config if name not in self.parts and (not self._only or name in self._only)]
        unknown = [name for name in self._only if name not in self.config]
        if unknown or missing:
            raise QTrainError(
                f"only should name parts of config.toml: {', '.join(self.config)}. Got {', '.join(unknown)}."
                if unknown
                else f"Every part of config.toml should run before the end. Got nothing of {', '.join(missing)}."
            )
        chosen = {name: numbers for name, numbers in self.parts.items() if not self._only or name in self._only}
        table, failures = compare(self.rows, chosen)
        for line in _lines(table):
            self._say(line)
        seconds = sum(part["seconds"] for part in self._kept.values())
        cpu = sum(part["cpu_seconds"] for part in self._kept.values())
        memory = max(part["memory_mb"] for part in self._kept.values())
        self._say(f"{self.name}, {self.size}: {seconds:.0f} s, {cpu:.0f} s of CPU, at most {memory:.0f} MB")
        metrics = {metric_name(row.name): float(v) for row, v, _ in table if isinstance(v, (int, float))}
        metrics |= {"seconds": seconds, "cpu_seconds": cpu, "memory_mb": memory, "rows": len(table)}
        metrics["rows_not_as_expected"] = sum(not holds for _, _, holds in table)
        parts = {k: {**v, "flat": _numbers(v["numbers"])} for k, v in self._kept.items()}
        written = record(
            self._uri, self.name, self.size, self._uid(), parts=parts, metrics=metrics, complete=not failures,
            params={"size": self.size, "parts": ", ".join(self.config)}, files=self._files(),
        )  # fmt: skip
        if written is not None:
            self._say(f"Recorded in {written}.")
        for sentence in failures:
            self._say(f"Not as expected: {sentence}")
        self._say("As expected." if not failures else f"{len(failures)} not as expected.json says.")
        return 1 if failures else 0

    def _code(self) -> list[Path]:
        """Python files of the folder and those below it, but for experiments of their own."""
        others = {path.parent for path in self.folder.rglob("config.toml")} - {self.folder}
        found = [path for path in self.folder.rglob("*.py") if not others & set(path.parents)]
        return sorted(path for path in found if self.folder / "results" not in path.parents)

    def _digest_of_code(self) -> str:
        digest = hashlib.sha256()
        for path in self._code():
            text = path.read_bytes()
            digest.update(f"{path.relative_to(self.folder).as_posix()} {len(text)}\n".encode() + text)
        return digest.hexdigest()[:16]

    def _files(self) -> dict[str, Path]:
        texts = [self.folder / name for name in ("config.toml", "expected.json", "README.md")]
        files = {str(path.relative_to(self.folder)): path for path in [*texts, *self._code()] if path.is_file()}
        return files | {path.name: path for path in sorted(self.results.glob("*.png"))}

    def _uid(self) -> str:
        """Of this run of the experiment: as long as its results are there it stays the same run."""
        path = self.results / ".run"
        if not path.exists():
            made_folder(self.results)
            write_text(path, secrets.token_hex(8), "results")
        return path.read_text().strip()


@contextlib.contextmanager
def _told(name: str, is_script: bool) -> Iterator[None]:
    """Errors of input: of a script a sentence and exit code 2."""
    try:
        yield
    except QTrainError as error:
        if not is_script:
            raise
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(2) from None


class _NoData(Exception):
    """What a part returned holds more than numbers."""


def as_folder(folder: Any, argument: str) -> Path:
    """The absolute name of a folder that the system takes."""
    try:
        return Path(folder).resolve()
    except (TypeError, ValueError, OSError, RuntimeError) as error:  # no name, a zero byte, links in a circle
        raise QTrainError(f"{argument} should be the name of a folder. Got {shortened(folder)}: {error}.") from None


def made_folder(folder: Path) -> None:
    """It is there afterwards, or one sentence about why not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QTrainError(f"results should be a folder to write in. Got {folder}: {error.strerror}.") from None


def _read_config(path: Path, size: str) -> dict[str, dict[str, Any]]:
    if size not in SIZES:
        raise QTrainError(f"size should be 'quick' or 'full'. Got {size!r}.")
    try:
        tables = parse_toml(read_text(path, "folder", kind="one with a config.toml"))
    except QTrainError:
        raise
    except ValueError as error:
        raise QTrainError(f"config.toml should be a TOML file. Got {path}: {error}.") from None
    for each in SIZES:
        if not isinstance(tables.get(each), dict) or not all(isinstance(v, dict) for v in tables[each].values()):
            raise QTrainError(f"config.toml should have a table [{each}.PART] for each part. Got {path}.")
    keys = [{(part, key) for part, table in tables[each].items() for key in ["", *table]} for each in SIZES]
    if differing := sorted(f"{part}.{key}".rstrip(".") for part, key in keys[0] ^ keys[1]):
        raise QTrainError(f"config.toml should give [quick] and [full] the same keys. Got one of {differing[0]} alone.")
    return {str(part): dict(table) for part, table in tables[size].items()}


def _read_part(path: Path) -> dict[str, Any]:
    found = read_json(path, "results")
    figures = [found.get(key) for key in ("seconds", "cpu_seconds", "memory_mb")] if isinstance(found, dict) else [None]
    if (
        not isinstance(found, dict)
        or not {"digest", "mark"} <= found.keys()
        or not all(isinstance(found.get(key), dict) for key in ("settings", "numbers"))
        or not all(isinstance(figure, (int, float)) for figure in figures)
    ):
        raise QTrainError(f"results should be what an experiment wrote. Got {path}: remove it, and run again.")
    return found


def _plain(value: Any) -> Any:
    """Numbers of NumPy and tuples as JSON has them."""

    def of_numpy(other: Any) -> Any:
        if not hasattr(other, "tolist"):
            raise _NoData
        return other.tolist()

    return json.loads(json.dumps(value, default=of_numpy))


def _numbers(numbers: Mapping[str, Any]) -> dict[str, float]:
    pairs = (pair for key, value in numbers.items() for pair in flat(value, key))
    return {name: value for name, value in pairs if isinstance(value, (int, float))}


def _lines(table: Sequence[tuple[Row, Any, bool]]) -> list[str]:
    cells = [("number", "ours", "expected", "paper", "source")]
    cells += [(row.name, shown(v), row.wanted, shown(row.paper), row.source) for row, v, _ in table]
    widths = [max(len(row[k]) for row in cells) for k in range(4)]
    marks = [" "] + [" " if holds else "!" for _, _, holds in table]
    return [
        f"{mark} " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + f"  {row[4]}"
        for mark, row in zip(marks, cells)
    ]


def _cpu_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def _peak_megabytes() -> float:
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return peak / (2**20 if sys.platform == "darwin" else 2**10)

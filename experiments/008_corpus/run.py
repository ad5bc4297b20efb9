"""A report on every circuit of a large corpus: in time, without a crash, with a value or a bound for each parameter.

    python experiments/008_corpus/run.py [--sizes 4 12] [--only TEXT ...] [--seconds 10] [--results FILE] [--table]
                                         [--minutes M] [--summary FILE]

Reports are made one after another in a process of their own, which is killed where a report takes too long. Each is a
line of ``results.jsonl`` beside this file (or of FILE) as soon as it is there: a run that was stopped goes on.
``--table`` makes none. ``expected.json`` says what must come out: crashes, reports over 1.5 x budget + 5 s, and the
share of parameters that stay unknown.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
import tomllib
import traceback
import zlib
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import circuits
import numpy as np

HERE = Path(__file__).parent
CONFIG = tomllib.loads((HERE / "config.toml").read_text())


def report(name: str, n: int, seconds: float) -> dict[str, Any]:
    """What one diagnosis says, in figures; ``took`` is without what is compiled at the first call, as budgets are."""
    from numba.core import event

    import qtrain

    circuit, observable, options = circuits.pose(circuits.CASES[name], n)
    began, processor, compiled = time.monotonic(), time.process_time(), [0.0]
    with event.install_timer("numba:compiler_lock", compiled.append):
        found = qtrain.diagnose(circuit, observable, budget=qtrain.Budget(seconds=seconds), seed=CONFIG["seed"], **options)
    took = time.monotonic() - began - sum(compiled)
    stats = found.gradients
    value, upper = np.isfinite(stats.second_moment), np.isfinite(stats.upper)
    return {
        "took": round(took, 3), "compiled": round(sum(compiled), 3),
        "processor": round(time.process_time() - processor, 3), "method": stats.method, "parameters": found.num_parameters,
        "exact": int((stats.exact & value).sum()), "interval": int((~stats.exact & value & upper).sum()),
        "bound": int((~value & upper).sum()), "nothing": int((~upper).sum()),
        "unknown": sum(v.cause.startswith("unknown") for v in found.verdicts),
        "stages": {k: round(v, 2) for k, v in found.seconds.items() if v > 0.5},
        "notes": [note[:300] for note in found.notes],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def _work(pipe: Connection) -> None:
    import qtrain

    for n in (4, 12):  # compiled code is loaded, or made, before the clock runs
        qtrain.diagnose(*circuits.pose(circuits.CASES["qaoa ring p=1"], n)[:2], budget=qtrain.Budget(seconds=2))
        qtrain.diagnose(*circuits.pose(circuits.CASES["real_amplitudes full Z"], n)[:2], budget=qtrain.Budget(seconds=2))
    pipe.send("ready")
    while True:
        name, n, seconds = pipe.recv()
        try:
            pipe.send(report(name, n, seconds))
        except Exception as error:  # a crash is a result
            pipe.send({"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-1500:]})


class Worker:
    """A process that reports; another takes its place where it hangs or dies."""

    def __init__(self) -> None:
        self.process: Any = None

    def ask(self, name: str, n: int, seconds: float, kill: float) -> dict[str, Any]:
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(target=_work, args=(theirs,), daemon=True)
            self.process.start()
            theirs.close()
            self.pipe.recv()
        self.pipe.send((name, n, seconds))
        try:
            if self.pipe.poll(kill):
                return dict(self.pipe.recv())
            found: dict[str, Any] = {"killed": kill}
        except EOFError:
            found = {"error": "the process died"}
        self.close()
        return found

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def chosen(sizes: list[int], only: list[str]) -> Iterator[tuple[str, int]]:
    """Cases in an order that mixes families: a part of the run tells of the whole."""
    pairs = [
        (name, n) for name, case in circuits.CASES.items() for n in case.sizes
        if (n in sizes or n not in circuits.SIZES) and (not only or any(text in name for text in only))
    ]  # fmt: skip
    return iter(sorted(pairs, key=lambda pair: zlib.crc32(repr(pair).encode())))


def read(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The last line of each report."""
    lines = path.read_text().splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return {(row["name"], row["n"]): row for row in rows}


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Totals over all reports; shares of all parameters, and the mean of the shares of each report."""
    done = [row for row in rows if "took" in row]
    parameters = sum(row["parameters"] for row in done) or 1
    shares = {
        key: sum(row[key] for row in done) / parameters for key in ("exact", "interval", "bound", "nothing", "unknown")
    }
    return {
        "reports": len(rows), "crashes": sum("error" in row for row in rows), "killed": sum("killed" in row for row in rows),
        "late": sum(row.get("took", 1e9) > 1.5 * row["seconds"] + 5 for row in rows if "error" not in row),
        "late, of a processor": sum(row.get("processor", 0.0) > 1.5 * row["seconds"] + 5 for row in done),
        "median seconds": float(np.median([row["took"] for row in done])) if done else 0.0,
        "over 5 s": sum(row.get("took", 1e9) > 5 for row in rows if "error" not in row), **shares,
        "unknown, mean over reports": float(np.mean([r["unknown"] / r["parameters"] for r in done])) if done else 0.0,
    }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: totals, then circuit x n."""
    lines = [f"- {key}: {value:.4g}" for key, value in summary(rows).items()]
    heads = ["circuit", "n", "method", "seconds", "of a processor", "parameters", "exact", "interval", "bound", "unknown"]
    lines += ["", f"| {' | '.join(heads)} | stages over 0.5 s |", "|---" * (len(heads) + 1) + "|"]
    for row in sorted(rows, key=lambda row: (row["name"], row["n"])):
        if "took" not in row:
            what = f"killed after {row['killed']:g} s" if "killed" in row else row["error"][:150]
            lines.append(f"| {row['name']} | {row['n']} | {what} | | | | | | | | |")
            continue
        share = [f"{row[key] / row['parameters']:.0%}" for key in ("exact", "interval", "bound", "unknown")]
        stages = ", ".join(f"{k} {v}" for k, v in row["stages"].items())
        lines.append(
            f"| {row['name']} | {row['n']} | {row['method']} | {row['took']:.2f} | "
            f"{row.get('processor', '')} | {row['parameters']} | "
            f"{' | '.join(share)} | {stages} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=CONFIG["sizes"])
    parser.add_argument("--only", nargs="*", default=[], help="texts, one of which a circuit's name holds")
    parser.add_argument("--seconds", type=float, default=CONFIG["seconds"])
    parser.add_argument("--kill", type=float, default=CONFIG["kill"])
    parser.add_argument("--minutes", type=float, default=1e9, help="when to stop asking")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--summary", type=Path, default=None, help="a file for the table")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    known, worker, since = read(options.results), Worker(), time.monotonic()
    wanted = list(chosen(options.sizes, options.only))
    for name, n in [] if options.table else [pair for pair in wanted if pair not in known]:
        if time.monotonic() - since > 60 * options.minutes:
            break
        row = {"name": name, "n": n, "seconds": options.seconds}
        row |= worker.ask(name, n, options.seconds, options.kill)
        known[name, n] = row
        with options.results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(name, n, row.get("took", row.get("error", "killed")), row.get("method", ""), flush=True)
    worker.close()
    rows = [known[pair] for pair in wanted if pair in known]
    text = table(rows)
    if options.summary:
        options.summary.write_text(text)
    print(text.partition("\n\n")[0])
    expected, found = json.loads((HERE / "expected.json").read_text()), summary(rows)
    missed = [f"{key}: {found[key]:g} > {most:g}" for key, most in expected["at most"].items() if found[key] > most]
    print("As expected." if not missed else f"Not as expected.json says: {'; '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""What the verbs about studies and the registry do: search, compare, worker, register, list, show, model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from rich.console import Console

    from qtrain.registry.registry import RegistryEntry
    from qtrain.studies.comparison.results import Benchmark
    from qtrain.studies.result import SearchResult


def search(
    spec: Path, *, n_trials: int | None = None, join: bool = False, console: Console, **options: Any
) -> SearchResult:
    """Run or continue a search, or ``join`` one as a worker, with its progress (a worker's own) on ``console``."""
    from qtrain.cli.progress import SearchProgress
    from qtrain.studies.spec.search_spec import read_spec

    read = read_spec(spec)
    total = read.trials if n_trials is None else n_trials
    with SearchProgress(read, total, console, shared=join) as progress:
        if join:
            from qtrain.studies.worker import work

            return work(read, on_trial=progress.show, **options)
        from qtrain.studies.study import search

        return search(read, n_trials=n_trials, on_trial=progress.show, **options)


def compare(
    spec: Path, *, rivals: list[str] | None, output: Path | None, jobs: int, say: Callable[[str], None], **options: Any
) -> Benchmark:
    """Compare a search with its rivals; every run is kept in ``output`` and said as it ends."""
    from qtrain.studies.comparison.benchmark import benchmark
    from qtrain.studies.spec.search_spec import read_spec

    read = read_spec(spec)
    where = Path("mlruns") / f"{read.name}-compared.json" if output is None else output

    def told(method: str, seed: int, run: Mapping[str, Any]) -> None:
        what = run.get("failed") or f"loss {run['loss']:.3g}, {run['evaluations']} evaluations, {run['seconds']:.1f} s"
        say(f"{method}, seed {seed}: {what}")

    return benchmark(read, rivals or None, results=where, jobs=jobs, on_run=told, **options)


PROBE_STEPS, PROBE_STARTS = 100, 10  # of trainings that a dry run tries; the time of longer ones follows from them
RECORDING_SECONDS = 0.04  # of a trial: Optuna, MLflow, dispatch; experiments/benchmarks/search_overhead.py


def plan(spec: Path, *, trials: int | None, jobs: int, seed: int | None, budget: float = 8.0) -> dict[str, Any]:
    """What a search would cost: the size of its space, seconds by stage of some drawn candidates, the time in all.

    Candidates are evaluated until 8 of them are whole (the pruned ones cost less), at most 40, and ``budget`` seconds.
    """
    import time

    from qtrain.studies.evaluate import evaluate, prepare
    from qtrain.studies.propose.proposals import propose
    from qtrain.studies.setup import build_setup
    from qtrain.studies.spec.search_spec import read_spec
    from qtrain.studies.study import count_jobs

    read = read_spec(spec)
    read = read.model_copy(update={"trials": trials or read.trials, "seed": read.seed if seed is None else seed})
    asked = read.training
    tried = asked.model_copy(
        update={"steps": min(asked.steps, PROBE_STEPS), "starts": min(asked.starts, PROBE_STARTS), "full_steps": 0}
    )
    longer = asked.steps * asked.starts / (tried.steps * tried.starts)
    begun = time.perf_counter()
    setup = build_setup(read.model_copy(update={"training": tried}))
    prepare(setup)  # kernels are loaded before anything is timed
    ready = time.perf_counter()
    drawn = propose(
        setup.space.draw, [], directions=read.directions, sampler="random", seed=read.seed, batch=0, size=40
    )
    answers: list[dict[str, Any]] = []
    probing = time.perf_counter()
    for architecture, _ in drawn:
        answers.append(evaluate(setup, architecture.circuit(read.qubits), architecture, seed=read.seed))
        if sum(a["state"] == "complete" for a in answers) == 8 or time.perf_counter() - probing > budget:
            break
    whole = [a["timings"] for a in answers if a["state"] == "complete"]
    stages = {stage: sum(t[stage] for t in whole) / len(whole) for stage in (whole[0] if whole else ())}
    per_trial = (time.perf_counter() - probing) / len(answers)
    if "training" in stages:
        per_trial += stages["training"] * (longer - 1) * len(whole) / len(answers)
        stages["training"] *= longer
    long = read.training.full_steps * read.training.full_starts / (read.training.steps * read.training.starts)
    full = {"seconds of each full training": round(stages.get("training", 0.0) * long, 2)} if long else {}
    at_once = min(count_jobs(jobs), read.batch)
    return {
        "study": read.name,
        "trials": read.trials,
        "architectures in the space": setup.space.size,
        "candidates probed": len(answers),
        "of them pruned": len(answers) - len(whole),
        **{f"seconds of {stage}": round(seconds, 4) for stage, seconds in stages.items()},
        "seconds of a trial that is not pruned": round(sum(stages.values()), 4),
        "seconds of the mean trial": round(per_trial, 4),
        **full,
        "seconds of the search": round(ready - begun + read.trials * (per_trial / at_once + RECORDING_SECONDS), 1),
    }


def register(study: str, *, storage: str | None, name: str | None) -> str:
    """Register the winner of a study that is in ``storage``, by the rule of its spec file if that is given.

    Returns a sentence about it. The study itself, its trials and its MLflow runs are left as they are.
    """
    from qtrain.cli.stored_studies import journal_of, read_study
    from qtrain.studies.run.backends import make_pool
    from qtrain.studies.run.storage import open_storage
    from qtrain.studies.setup import build_setup
    from qtrain.studies.spec.search_spec import read_spec
    from qtrain.studies.study import EVALUATE
    from qtrain.studies.winner import check_name, register_winner

    given = read_spec(study) if study.endswith(".toml") else None
    title = study if given is None else given.name
    journal_of(storage, title)
    with open_storage(storage, title) as (opened, where):
        result = read_study(opened, where, title, given)
    if result.winner is None:
        raise QTrainError(f"study should have a feasible trial to register. Got {title!r}: {why_no_winner(result)}")
    chosen = check_name(result.spec, name)
    setup = build_setup(result.spec)
    with make_pool(result.spec, EVALUATE, 1) as pool:
        pool.set_up(setup)
        register_winner(result, setup, pool, chosen)
    return f"Registered trial {result.winner.number} of {title} as {chosen}: qtrain show {chosen}"


def why_no_winner(result: SearchResult) -> str:
    """One sentence from the counts and the most frequent reason."""
    from collections import Counter

    if result.interrupted:
        return "it was interrupted; the same command continues it."
    counts = result.counts
    text = f"of {len(result.trials)} trials {counts['pruned']} were pruned and {counts['failed']} failed"
    own = [str(n) for n in result.front if "circuit" in result.trials[n].architecture]
    if own:
        text = f"trial {', '.join(own)} leads, a circuit of your own and no family to register; {text}"
    reasons = Counter(t.reason for t in result.trials if t.reason).most_common(1)
    return f"{text}; most often: {reasons[0][0].rstrip('.')}." if reasons else f"{text}."


def entries() -> list[dict[str, Any]]:
    """A row for each registered name; one that cannot be read says why instead of hiding the others."""
    from qtrain.registry.registry import load, names

    rows: list[dict[str, Any]] = []
    for name in names():
        row: dict[str, Any] = dict.fromkeys(("name", "qubits", "parameters", "architecture", "observable", "study"))
        rows.append(row)
        try:
            entry = load(name)
        except QTrainError as error:
            row |= {"name": name, "architecture": f"unreadable: {error}"}
            continue
        parameters = entry.architecture.num_parameters(entry.num_qubits)
        row |= {"name": name, "qubits": entry.num_qubits, "parameters": parameters, "observable": entry.observable}
        row |= {"architecture": entry.architecture.summary, "study": entry.study}
    return rows


def drawing(entry: RegistryEntry, *, width: int, max_qubits: int = 12, max_gates: int = 200) -> str:
    """The circuit as text, folded to ``width`` characters; of a large one, nothing."""
    if entry.num_qubits > max_qubits or len(circuit := entry.circuit()) > max_gates:
        return ""
    return str(circuit.draw("text", fold=width, idle_wires=False))


def model(name: str, tracking_uri: str | None) -> str:
    """Log a winner as an MLflow model; how to serve it, as text."""
    from qtrain.registry.registry import load
    from qtrain.tracking.models import log_model
    from qtrain.tracking.tracker import resolve_uri

    found = log_model(load(name), tracking_uri=tracking_uri)
    best = f"models:/{found.name}@champion" if found.champion else found.uri
    return (
        f"{found.uri}{', the champion' if found.champion else ''}\n"
        f"MLFLOW_TRACKING_URI={resolve_uri(tracking_uri)} mlflow models serve --env-manager local -m {best}"
    )


def entry_report(entry: RegistryEntry) -> Any:
    """The entry's TrainabilityReport, None where it has none of that kind."""
    from qtrain.diagnosis.report import TrainabilityReport

    if entry.report is None:
        return None
    try:
        return TrainabilityReport.from_json(json.dumps({"kind": "TrainabilityReport", **entry.report}))
    except QTrainError:
        return None

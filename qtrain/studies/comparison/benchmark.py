"""The search against its rivals on one task, run by run: resumable, equal means for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError
from qtrain.extensions import load_modules
from qtrain.studies.comparison.book import Book
from qtrain.studies.comparison.choice import chosen_rivals
from qtrain.studies.comparison.intervals import SOLVED
from qtrain.studies.comparison.judging import classical_scores, judge
from qtrain.studies.comparison.results import SEARCH, Benchmark
from qtrain.studies.comparison.rivals import Contest, Rival
from qtrain.studies.comparison.searching import run_search
from qtrain.studies.comparison.transfer import larger, run_transfer
from qtrain.studies.propose.proposals import child_seed
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import SearchSpec, read_spec
from qtrain.studies.study import count_jobs
from qtrain.studies.tasks.task import Task

ENOUGH = 0.01  # of the error that counts as solved: where rivals may end
OnRun = Callable[[str, int, Mapping[str, Any]], None]


def benchmark(
    spec: Any,
    rivals: Any = None,
    *,
    seeds: int | Sequence[int] = 5,
    vary: str | None = None,
    evaluations: int | None = None,
    solved: float = SOLVED,
    results: str | Path | None = None,
    storage: str | Path | None = None,
    jobs: int = 1,
    transfer: int | None = None,
    on_run: OnRun | None = None,
) -> Benchmark:
    """Compare a search with what one would do without it, by equal means.

    Every method works on the same task, device and limits of depth, gates and parameters, and may spend as many
    gradient evaluations as the search of that seed took. The search's other limits bind the search and the random
    draws alone. The shelf's best is picked on other seeds than it is judged on, at no charge. What a method delivers is
    judged as it is, circuit with angles, and trained anew from starts that no method has seen.

    Args:
        spec: of the search, as for :func:`qtrain.search`.
        rivals: names of :data:`~.rivals.RIVALS`; a mapping of names to circuits, architectures or functions of a
            :class:`~.rivals.Contest`; None: all that suit the task.
        seeds: of the runs, or how many: 0, 1, ….
        vary: a dotted key of the spec that gets the seed too, such as "task.seed": every run has an instance of its
            own. None: "task.data_seed" where there is one.
        evaluations: replaces what the search took.
        solved: relative errors below it are equal; rivals may stop at a hundredth of it.
        results: file that takes every run as it ends; runs that are there are not repeated.
        storage: folder for the journals of the searches; None: none is kept.
        jobs: runs at a time; -1: one per core. The result does not depend on it, but for the seconds.
        transfer: how many qubits larger the task is that all are compared on: what the search found at the spec's own
            size is carried there, its family, or its growth run again with its pool and reference, and trained with as
            many evaluations as the search took; rivals begin at the larger size. The device's limits stay.
        on_run: called with method, seed and figures of each run that has ended.

    Raises:
        QTrainError: wrong input; results of another spec.

    Example:
        >>> import qtrain
        >>> spec = {"name": "ising", "qubits": 3, "task": {"kind": "tfim"}, "trials": 2, "batch": 2,
        ...         "training": {"steps": 5, "starts": 1}}
        >>> ansatz = qtrain.catalogue.real_amplitudes(reps=1)
        >>> found = qtrain.benchmark(spec, {"mine": ansatz}, seeds=2)
        >>> found.rivals, found.verdict.verdict in ("win", "tie", "loss")
        (('mine',), True)
    """
    spec = read_spec(spec)
    there = None if transfer is None else larger(spec, transfer)
    chosen = chosen_rivals(spec, rivals)
    numbers = _seeds(seeds)
    vary = _varied(spec, vary)
    if evaluations is not None and (type(evaluations) is not int or evaluations < 1):
        raise QTrainError(f"evaluations should be a whole number of at least 1. Got {evaluations!r}.")
    workers = count_jobs(jobs)
    spec.task.store()  # arrays of the user's, for other processes and for a later call
    book = Book(spec, vary, evaluations, solved, None if results is None else Path(results), transfer)
    folder = None if storage is None else Path(storage)
    phases: list[list[Rival | None]] = [[None], list(chosen)]  # the search first: it says what the others may spend
    for phase in phases:
        work = [(row, seed) for seed in numbers for row in phase if not book.has(_name(row), seed)]
        tasks = [
            (row, spec_of(spec if row is None else there or spec, seed, vary), seed, book.budget(seed), folder,
             ENOUGH * solved, None if row is not None or there is None else spec_of(there, seed, vary))
            for row, seed in work
        ]  # fmt: skip
        for name, seed, run in _ended(tasks, workers):
            book.note(name, seed, run)
            if on_run is not None:
                on_run(name, seed, run)
    return book.benchmark(numbers, [SEARCH, *(row.name for row in chosen)])


def _name(row: Rival | None) -> str:
    return SEARCH if row is None else row.name


def _ended(tasks: list[Any], workers: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every run as it ends."""
    if workers == 1 or len(tasks) < 2:
        yield from (run_one(*task) for task in tasks)
        return
    import joblib

    parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
    yield from parallel(joblib.delayed(run_one)(*task) for task in tasks)


def run_one(
    row: Rival | None, spec: SearchSpec, seed: int, evaluations: int | None, storage: Path | None, enough: float,
    there: SearchSpec | None = None,
) -> tuple[str, int, dict[str, Any]]:  # fmt: skip
    """(method, seed, figures) of one run; ``{"failed": reason}`` where it gives nothing. ``row`` None: the search.

    ``there``: a larger task to which the search's find is carried.
    """
    from threadpoolctl import threadpool_limits

    name = _name(row)
    if row is not None and evaluations is None:
        return name, seed, {"failed": "the search of this seed gave nothing, so nobody knows what may be spent"}
    load_modules(spec.extensions)
    with threadpool_limits(1):  # threads that spin would count as seconds of the processor
        try:
            setup = build_setup(spec if row is None else spec.model_copy(update={"start": ()}))
            judged = setup if there is None else build_setup(there.model_copy(update={"start": ()}))
            contest = Contest(judged, child_seed(seed, 11), evaluations or 0, enough=enough)
            begun = time.process_time()
            if there is not None:
                delivered, contest.spent = run_transfer(setup, contest, storage=storage)
            elif row is None:
                delivered, contest.spent = run_search(setup, storage=storage)
            else:
                delivered = row.run(contest)
            seconds = time.process_time() - begun if delivered.seconds is None else delivered.seconds
            run = judge(contest, delivered, seed=child_seed(seed, 12), seconds=seconds)
        except QTrainError as error:
            return name, seed, {"failed": str(error)}
        if row is None:
            run["task"] = _about(judged.task)
        return name, seed, run


def _about(task: Task) -> dict[str, Any]:
    """What a comparison needs to know of a task: see :class:`~.results.Benchmark`."""
    fitted = len(task.train) + len(task.validation)
    overlap = len(task.test) / fitted if task.is_classifier else 0.0
    references = {name: round(float(value), 6) for name, value in (task.references | classical_scores(task)).items()}
    return {"data": task.is_classifier, "exact": bool(task.lowest), "overlap": overlap, "references": references}


def spec_of(spec: SearchSpec, seed: int, vary: str | None) -> SearchSpec:
    """The spec of one run: its seed, its instance, its name."""
    data = spec.to_dict() | {"seed": seed, "name": f"{spec.name[:50]}-{seed}"}
    if vary is not None:
        *tables, key = vary.split(".")
        place = data
        for table in tables:
            place = place[table]
        place[key] = seed
    return read_spec(data)


def _varied(spec: SearchSpec, vary: str | None) -> str | None:
    """The checked key, by default that of a data set's split."""
    if vary is None:
        return "task.data_seed" if "data_seed" in type(spec.task).model_fields else None
    place: Any = spec.to_dict()
    for key in vary.split("."):
        if not isinstance(place, Mapping) or key not in place:
            raise QTrainError(f"vary should be a key of the spec, such as 'task.seed'. Got {vary!r}.")
        place = place[key]
    return vary


def _seeds(seeds: Any) -> tuple[int, ...]:
    if isinstance(seeds, int) and not isinstance(seeds, bool) and seeds >= 1:
        return tuple(range(seeds))
    whole = isinstance(seeds, Sequence) and all(type(s) is int and s >= 0 for s in seeds)
    if not whole or not seeds or len(set(seeds)) != len(seeds):
        raise QTrainError(f"seeds should be how many, at least 1, or different whole numbers. Got {seeds!r}.")
    return tuple(seeds)

"""What a search found carried to more qubits: its family, or its growth rule run again, trained as any rival is.

Nothing of the search's charges at the larger size but what carries over: a family is written at that size and trained;
a grown winner's growth is run again, with the pool of the spec and from the reference it grew from, and where it grew
from a family, that family is tried beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.errors import QTrainError
from qtrain.growth.pools import Setting
from qtrain.growth.references import REFERENCES
from qtrain.simulators.statevector import values
from qtrain.studies.comparison.growers import Plan, grown
from qtrain.studies.comparison.rivals import Contest, Delivered
from qtrain.studies.comparison.searching import searched, spent
from qtrain.studies.comparison.templates import deliver_template
from qtrain.studies.propose.starts import circuit_of
from qtrain.studies.result import SearchResult
from qtrain.studies.setup import Setup
from qtrain.studies.spec.search_spec import SearchSpec, read_spec
from qtrain.studies.trials import MOVE, PARENT, TrialRecord

RULE = "gain"  # additions of a search are ranked by gain
FAMILY = 0.5  # of the evaluations for the family that a winner grew from


def larger(spec: SearchSpec, by: int) -> SearchSpec:
    """The same spec on more qubits; a device's given qubits go on with the next numbers.

    Raises:
        QTrainError: a task that has no larger one of its kind, such as data; no whole number above 0.
    """
    if type(by) is not int or by < 1:
        raise QTrainError(f"transfer should be a whole number of qubits of at least 1. Got {by!r}.")
    if spec.task.has_data:
        raise QTrainError(f"transfer should be asked of a Hamiltonian's ground state. Got the task {spec.task.kind!r}.")
    data = spec.to_dict() | {"qubits": spec.qubits + by}
    if data.get("device") and data["device"].get("qubits"):
        last = max(data["device"]["qubits"])
        data["device"]["qubits"] = [*data["device"]["qubits"], *range(last + 1, last + 1 + by)]
    return read_spec(data)


def run_transfer(setup: Setup, contest: Contest, *, storage: Path | None) -> tuple[Delivered, int]:
    """Search at the setup's size, and deliver at the contest's with as many evaluations again.

    Args:
        contest: of the larger size; its evaluations are set where they are 0.

    Returns:
        what is delivered there, and the evaluations it might take.
    """
    result = searched(setup, storage=storage)
    contest.evaluations = contest.evaluations or spent(result)
    return carry(result, setup, contest), contest.evaluations


def carry(result: SearchResult, setup: Setup, contest: Contest) -> Delivered:
    """The winner's family, or its growth run again, at the contest's size.

    Raises:
        QTrainError: there is no winner, or nothing of it carries over within the device's limits.
    """
    if result.winner is None:
        raise QTrainError(f"the search {setup.spec.name!r} should find a winner. Got none: no trial was feasible.")
    winner, _ = circuit_of(result.winner.architecture, setup.spec.qubits)
    first, reference = _origin(result)
    family = next((a for a in (winner, first) if a is not None and a.num_qubits is None), None)
    if family is not None and not contest.fits(family):
        family = None
    if family is not None and family == winner:
        return deliver_template(contest, family, label=str(family))
    tried: list[tuple[float, Delivered]] = []
    if family is not None:
        part = dataclasses.replace(contest, evaluations=max(1, int(FAMILY * contest.evaluations)), spent=0)
        tried.append(_judged(part, deliver_template(part, family, label=str(family))))
        contest.spend(part.spent)
    if contest.setup.task.cost is None and contest.left:
        plans = [
            Plan(f"the search's pool from {name}", gates, contest.setup.pool, number)
            for number, (name, gates) in enumerate(_references(setup, contest.setup, reference).items())
        ]
        try:
            tried.append(_judged(contest, grown(contest, RULE, plans)))
        except QTrainError:
            if not tried:
                raise
    if not tried:
        raise QTrainError("the winner should carry over to more qubits. Got a circuit of its own, and no growth.")
    return min(tried, key=lambda item: item[0])[1]


def _judged(contest: Contest, delivered: Delivered) -> tuple[float, Delivered]:
    """With its energy (the task's cost)."""
    task = contest.setup.task
    program, angles = contest.program(delivered.candidate), delivered.angles[None]
    outputs = values(program, list(task.observables), angles, num_threads=1)
    return float(outputs[0, 0] if task.cost is None else task.cost(outputs)[0]), delivered


def _origin(result: SearchResult) -> tuple[Architecture | None, int | None]:
    """What the winner's line of edits began with: an architecture, or the number of a reference state."""
    by_number: Mapping[int, TrialRecord] = {t.number: t for t in result.trials}
    trial = result.winner
    assert trial is not None
    while MOVE in trial.params:
        parent = int(trial.params[PARENT])
        if parent < 0:
            return None, -1 - parent
        trial = by_number[parent]
    return circuit_of(trial.architecture, result.spec.qubits)[0], None


def _named(spec: SearchSpec, setting: Setting) -> dict[tuple[Gate, ...], tuple[str, int]]:
    """Each reference state once, in the order in which a search numbers them, with its row's name and place in it."""
    found: dict[tuple[Gate, ...], tuple[str, int]] = {}
    for name in spec.growth.references:
        for place, gates in enumerate(REFERENCES[name](setting)):
            found.setdefault(tuple(gates), (name, place))
    return found


def _references(small: Setup, large: Setup, number: int | None) -> dict[str, tuple[Gate, ...]]:
    """At the larger size: the reference of this number, or all where it is not there or none was."""
    there = {key: gates for gates, key in _named(large.spec, large.setting).items()}
    if number is not None:
        key = list(_named(small.spec, small.setting).values())[number]
        there = {key: there[key]} if key in there else there
    return {f"{name} {place + 1}": gates for (name, place), gates in there.items()}

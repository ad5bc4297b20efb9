"""ADAPT-VQE, TETRIS and greedy growth as rivals, from every reference and with every pool that suits the device."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.growth.adapt import Growth, grow
from qtrain.growth.pools import PoolGate, Setting, build_pool
from qtrain.growth.references import REFERENCES
from qtrain.simulators.statevector import values
from qtrain.studies.comparison.fronts import front_of
from qtrain.studies.comparison.limits import DeviceLimit
from qtrain.studies.comparison.rivals import Contest, Delivered, Rival, register_rival
from qtrain.studies.comparison.templates import ROUNDING, fit
from qtrain.studies.propose.proposals import child_seed
from qtrain.studies.setup import Setup
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.training import relative_energy

POOLS = ("hardware", "pauli2", "pauli4", "hamiltonian", "hops", "qubit_excitations")
"""Of the device's own rotations; qubit-ADAPT's strings; the Hamiltonian's; those that conserve particles."""
WIDEST = 5000  # gates of a pool that is asked at every step
LOOK, FEWEST, FIRST_AGAIN, AGAIN = 0.4, 20, 16, 4
"""Share of the evaluations for a first look at every reference and pool, at least so many each; how many go again, at
first and in the end."""
LONG = 200  # evaluations that a growth has when it goes again, at least
ESCAPES, PATIENCE = 6, 4
"""Kicks where no slope is left; rounds of the best ones that brought nothing before a rival has had enough."""


class Plan(NamedTuple):
    """What a growth begins with, and what it may append; ``number`` decides its seed."""

    label: str
    reference: tuple[Gate, ...]
    pool: tuple[PoolGate, ...]
    number: int


def references(setting: Setting) -> dict[str, tuple[Gate, ...]]:
    """Every state of the table of references, each once."""
    found: dict[tuple[Gate, ...], str] = {}
    for name, prepare in REFERENCES.items():
        for number, gates in enumerate(prepare(setting)):
            found.setdefault(tuple(gates), name if number == 0 else f"{name} {number + 1}")
    return {name: gates for gates, name in found.items()}


def pools(setting: Setting) -> dict[str, tuple[PoolGate, ...]]:
    """The pools of :data:`POOLS` that are there on this device and not too wide, each set of gates once."""
    found: dict[str, tuple[PoolGate, ...]] = {}
    for name in POOLS:
        try:
            pool = build_pool([name], setting)
        except QTrainError:  # too many strings on so many qubits
            continue
        if 0 < len(pool) <= WIDEST and set(pool) not in map(set, found.values()):
            found[name] = pool
    return found


def run(contest: Contest, rule: str) -> Delivered:
    """Grow from every reference with every pool, then the best of these again with more, then fit the best."""
    setup = contest.setup
    if setup.task.cost is not None:
        raise QTrainError("the task should be a Hamiltonian's ground state for growth. Got a cost of one's own.")
    return grown(contest, rule, _plans(setup))


def grown(contest: Contest, rule: str, plans: Sequence[Plan]) -> Delivered:
    """Grow by these plans, numbered from 0.

    Raises:
        QTrainError: no gate of theirs fits the device's limits.
    """
    limit = DeviceLimit(contest)
    first = max(FEWEST, int(LOOK * contest.evaluations / len(plans)))
    found = [tried for plan in plans if (tried := _grow(contest, plan, rule, limit, first)) is not None]
    found += _again(contest, plans, found, rule, limit)
    if not found:
        raise QTrainError("the device limits should leave room for a gate. Got none that fits.")
    return _deliver(contest, sorted(found, key=lambda item: item[1].energy), limit)


def _again(
    contest: Contest, plans: Sequence[Plan], first: Sequence[tuple[Plan, Growth]], rule: str, limit: DeviceLimit
) -> list[tuple[Plan, Growth]]:
    """The best growths again, fewer and longer each time, until the evaluations are spent or nothing gets better.

    By another seed: equally good gates in another order, other escapes. Those that neither ran out of evaluations nor
    escaped would end where they did.
    """
    lowest = {plan.label: growth.energy for plan, growth in first}
    open_ = {plan.label: plan for plan, growth in first if growth.stopped == "budget" or growth.kicks}
    found: list[tuple[Plan, Growth]] = []
    keep, stale = min(FIRST_AGAIN, max(AGAIN, contest.left // LONG)), 0
    while open_ and contest.left >= FEWEST and stale < PATIENCE:
        if any(growth.stopped == "target" for _, growth in (*first, *found)):
            break
        before, more = min(lowest.values()), max(LONG, contest.left // (2 * keep))
        for label in sorted(open_, key=lowest.__getitem__)[:keep]:
            open_[label] = plan = open_[label]._replace(number=open_[label].number + len(plans))
            if (tried := _grow(contest, plan, rule, limit, more)) is not None:
                found.append(tried)
                lowest[label] = min(lowest[label], tried[1].energy)
        stale = stale + 1 if keep <= AGAIN and min(lowest.values()) >= before else 0
        keep = max(AGAIN, keep // 2)
    return found


def _plans(setup: Setup) -> list[Plan]:
    """Every reference with every pool, those of low energy first."""
    n, operator = setup.spec.qubits, setup.task.observables[0]
    states = references(setup.setting)
    energies = {
        name: float(values(lower(build(gates, n)), operator, np.zeros((1, 0)), num_threads=1)[0])
        for name, gates in states.items()
    }
    usable = pools(setup.setting)
    return [
        Plan(f"{pool} from {name}", states[name], usable[pool], number)
        for number, (name, pool) in enumerate(itertools.product(sorted(states, key=energies.__getitem__), usable))
    ]


def _grow(contest: Contest, plan: Plan, rule: str, limit: DeviceLimit, budget: int) -> tuple[Plan, Growth] | None:
    """One growth with at most so many evaluations; None where none is left, or nothing of the pool fits."""
    task = contest.setup.task
    if contest.left < 1:
        return None
    target = None if not task.lowest else task.lowest + max(contest.enough, ROUNDING) * abs(task.lowest)
    found = grow(
        task.observables[0], pool=plan.pool, reference=plan.reference, rule=rule, fits=limit.fits, target=target,
        budget=min(contest.left, max(1, budget)), escapes=ESCAPES, seed=child_seed(contest.seed, plan.number),
    )  # fmt: skip
    contest.spend(found.evaluations)
    if len(found.steps) == 1:  # the reference is as good as it gets: a rotation by 0 behind it, to have a parameter
        for gate in plan.pool:
            gates = found.gates + gate.gates
            if limit.fits(gates):
                last = dataclasses.replace(found.steps[0], gates=len(gates), angles=np.zeros(1))
                return plan, dataclasses.replace(found, gates=gates, steps=(*found.steps, last))
        return None
    return (plan, found) if limit.fits(found.gates) else None


def _deliver(contest: Contest, found: Sequence[tuple[Plan, Growth]], limit: DeviceLimit) -> Delivered:
    """The best growth, fitted once more with what is left; the front over all of them."""
    task, (plan, best) = contest.setup.task, found[0]
    architecture, angles = best.architecture, best.angles
    if contest.left:
        again = fit(
            contest.program(architecture), task, contest.setup.spec.training,
            evaluations=contest.left, enough=contest.enough, seed=child_seed(contest.seed, 6), angles=angles,
        )  # fmt: skip
        contest.spend(again.evaluations)
        angles = again.angles
    points = [(limit.gates(architecture), _error(task, _energy(contest, architecture, angles)))]
    for _, growth in found:
        n, reference = growth.num_qubits, growth.gates[: growth.steps[0].gates]
        points.append((contest.cost(build(reference, n))["two_qubit_gates"], _error(task, growth.steps[0].energy)))
        for k, step in enumerate(growth.steps[1:], start=1):
            points.append((limit.gates(growth.at(k)), _error(task, step.energy)))
    notes = {"growths": len(found), "stopped": best.stopped, "gates": len(best.gates)}
    return Delivered(architecture, angles, plan.label, front_of(points), notes)


def _energy(contest: Contest, architecture: Architecture, angles: np.ndarray) -> float:
    operator = contest.setup.task.observables[0]
    return float(values(contest.program(architecture), operator, angles[None], num_threads=1)[0])


def _error(task: Any, energy: float) -> float:
    return float(relative_energy(np.array([energy]), task.lowest)[0])


def _suits(spec: SearchSpec) -> bool:
    return not spec.task.has_data


def _ruled(rule: str) -> Callable[[Contest], Delivered]:
    return lambda contest: run(contest, rule)


for _name, _rule in {"adapt": "gradient", "tetris": "tetris", "greedy": "gain"}.items():
    register_rival(Rival(_name, _ruled(_rule), _suits))

"""ADAPT-VQE, TETRIS and greedy growth as rivals, from every reference and with every pool that suits the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from qtrain.architecture.blocks import Gate
from qtrain.errors import QTrainError
from qtrain.growth.adapt import Growth, grow
from qtrain.growth.pools import PoolGate, Setting, build_pool
from qtrain.growth.references import REFERENCES
from qtrain.studies.comparison.fronts import front_of
from qtrain.studies.comparison.limits import DeviceLimit
from qtrain.studies.comparison.rivals import Contest, Delivered, Rival, register_rival
from qtrain.studies.comparison.templates import ROUNDING, fit
from qtrain.studies.propose.proposals import child_seed
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.training import relative_energy

POOLS = ("hardware", "pauli2", "pauli4", "hamiltonian", "hops", "qubit_excitations")
"""Of the device's own rotations; qubit-ADAPT's strings; the Hamiltonian's; those that conserve particles."""
WIDEST = 5000  # gates of a pool that is asked at every step
SHARE = 0.25  # of the evaluations for one growth


def references(setting: Setting) -> dict[str, tuple[Gate, ...]]:
    """Every state of the table of references, each once."""
    found: dict[tuple[Gate, ...], str] = {}
    for name, build in REFERENCES.items():
        for number, gates in enumerate(build(setting)):
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
    """Grow from every reference with every pool until the evaluations are spent, then fit the best again."""
    setup = contest.setup
    task, operator = setup.task, setup.task.observables[0]
    if task.cost is not None:
        raise QTrainError(
            "the task should be a Hamiltonian's ground state for growth. Got a cost of one's own."
        )
    setting = setup.setting
    limit = DeviceLimit(contest)
    target = None if not task.lowest else task.lowest + max(contest.enough, ROUNDING) * abs(task.lowest)
    grown: list[tuple[float, str, Growth]] = []
    plans = [(name, pool, where, gates) for where, gates in references(setting).items()
             for name, pool in pools(setting).items()]  # fmt: skip
    for number, (name, pool, where, gates) in enumerate(plans):
        if contest.left < 1:
            break
        found = grow(
            operator, pool=pool, reference=gates, rule=rule, fits=limit.fits, target=target,
            budget=min(contest.left, max(1, int(SHARE * contest.evaluations))), seed=child_seed(contest.seed, number),
        )  # fmt: skip
        contest.spend(found.evaluations)
        if len(found.steps) > 1 and limit.fits(found.gates):
            grown.append((found.energy, f"{name} from {where}", found))
    if not grown:
        raise QTrainError("the device limits should leave room for a gate. Got none that fits.")
    return _deliver(contest, sorted(grown, key=lambda item: item[0]), limit)


def _deliver(contest: Contest, grown: Sequence[tuple[float, str, Growth]], limit: DeviceLimit) -> Delivered:
    """The best growth, fitted once more with what is left; the front over all of them."""
    task, (_, label, best) = contest.setup.task, grown[0]
    architecture, angles = best.architecture, best.angles
    if contest.left:
        again = fit(
            contest.program(architecture), task, contest.setup.spec.training,
            evaluations=contest.left, enough=contest.enough, seed=child_seed(contest.seed, 6), angles=angles,
        )  # fmt: skip
        contest.spend(again.evaluations)
        angles = again.angles
    points = [(0.0, _error(task, growth.steps[0].energy)) for _, _, growth in grown if not _entangles(growth)]
    for _, _, growth in grown:
        for k, step in enumerate(growth.steps[1:], start=1):
            points.append((limit.gates(growth.at(k)), _error(task, step.energy)))
    notes = {"growths": len(grown), "stopped": best.stopped, "gates": len(best.gates)}
    return Delivered(architecture, angles, label, front_of(points), notes)


def _entangles(growth: Growth) -> bool:
    """Whether its reference holds gates on several qubits."""
    return any(len(gate.qubits) > 1 for gate in growth.gates[: growth.steps[0].gates])


def _error(task: Any, energy: float) -> float:
    return float(relative_energy(np.array([energy]), task.lowest)[0])


def _suits(spec: SearchSpec) -> bool:
    return not spec.task.has_data


def _ruled(rule: str) -> Callable[[Contest], Delivered]:
    return lambda contest: run(contest, rule)


for _name, _rule in {"adapt": "gradient", "tetris": "tetris", "greedy": "gain"}.items():
    register_rival(Rival(_name, _ruled(_rule), _suits))

"""The count that spares the transpiler: never below what the transpiler needs."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.studies.comparison.limits import DeviceLimit, upper_bound
from qtrain.studies.comparison.rivals import Contest
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec


def contest(level=2, **constraints):
    device = {"topology": "line", "optimization_level": level}
    spec = {"name": "t", "qubits": 4, "task": {"kind": "tfim"}, "device": device}
    return Contest(build_setup(read_spec(spec | {"constraints": constraints})), seed=0, evaluations=100)


FREE = contest()


def random_gates(seed: int, size: int) -> tuple[Gate, ...]:
    """Rotations on one qubit and on neighbours, each with its angle."""
    rng = np.random.default_rng(seed)
    gates = []
    for k in range(size):
        q = int(rng.integers(3))
        if rng.random() < 0.3:
            gates.append(Gate("r" + rng.choice(list("xyz")), (q,), (k,)))
        else:
            pair = (q, q + 1) if rng.random() < 0.5 else (q + 1, q)
            gates.append(Gate("r" + "".join(rng.choice(list("xyz"), 2)), pair, (k,)))
    return tuple(gates)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_the_device_never_needs_more_than_the_bound(seed, size):
    gates = random_gates(seed, size)
    bound = upper_bound(gates, FREE.setup.device.edges)
    cost = FREE.cost(Architecture((), grown=gates, num_qubits=4))
    assert all(cost[name] <= bound[name] for name in bound)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2))
def test_fits_is_what_the_device_says_but_far_above_the_limit(seed, size, limit, level):
    limited = contest(level, max_two_qubit_depth=limit)
    gates = random_gates(seed, size)
    taken = limited.fits(Architecture((), grown=gates, num_qubits=4))
    if upper_bound(gates, limited.setup.device.edges)["two_qubit_depth"] <= limit + 3:
        assert DeviceLimit(limited).fits(gates) == taken
    else:
        assert taken or not DeviceLimit(limited).fits(gates)  # never one that the device does not take


def test_wide_and_distant_gates_have_no_bound():
    assert upper_bound([Gate("rxyz", (0, 1, 2), (0,))], None) is None
    assert upper_bound([Gate("rzz", (0, 2), (0,))], [(0, 1), (1, 2)]) is None
    assert upper_bound([Gate("rzz", (0, 2), (0,))], None)["two_qubit_depth"] == 2


def test_parameters_are_a_limit_too():
    few = DeviceLimit(contest(max_parameters=2))
    assert few.fits(random_gates(0, 2)) and not few.fits(random_gates(0, 3))

"""What a search begins with: the user's own first, named sets in turns with what is drawn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture.catalogue import brickwork
from qtrain.studies.propose.space import SearchSpace
from qtrain.studies.propose.starts import (
    PACE,
    STARTS,
    build_starts,
    circuit_of,
    shelf_of,
    start_at,
    start_due,
)
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec

STARTING = st.tuples(st.integers(0, 4), st.integers(0, 12)).map(
    lambda counts: [{"architecture_id": f"own {k}"} for k in range(counts[0])]
    + [{"architecture_id": f"set {k}", "paced": True} for k in range(counts[1])]
)


@given(STARTING, st.integers(0, 60))
def test_every_start_once_and_room_for_others_however_few_trials(starts, trials):
    given_ = [start_at(starts, number) for number in range(trials)]
    begun = [start["architecture_id"] for start in given_ if start]
    assert begun == [start["architecture_id"] for start in starts][: len(begun)]
    own = sum("paced" not in start for start in starts)
    assert len(begun) >= min(trials, own)
    assert len(begun) - min(trials, own) <= -(-max(0, trials - own) // PACE)
    if trials >= own + PACE * len(starts):
        assert len(begun) == len(starts)


@given(STARTING, st.integers(0, 60))
def test_workers_take_turns_as_a_search_does(starts, trials):
    begun: list[str] = []
    for number in range(trials):
        due = start_due(starts, begun)
        assert due == start_at(starts, number)
        begun.append(due["architecture_id"] if due else f"drawn {number}")


def test_shelf_of_the_task_and_device_without_what_breaks_the_limits():
    spec = {"name": "s", "qubits": 6, "task": {"kind": "xxz"}, "start": ["shelf", brickwork(reps=2).to_dict()],
            "device": {"topology": "line"}, "trials": 3000}  # fmt: skip
    free, tight = (read_spec(spec | {"constraints": limits}) for limits in ({}, {"max_two_qubit_depth": 4}))
    setup = build_setup(free)
    assert [s.get("paced", False) for s in setup.starts] == [False] + [True] * (len(setup.starts) - 1)
    assert setup.starts[0]["architecture_id"] == brickwork(reps=2).content_id
    found = [s["architecture_id"] for s in setup.starts[1:]]
    assert found == [t.architecture.content_id for t in shelf_of(free, setup.task)]
    assert found == [a.content_id for a in STARTS["shelf"](free)]  # builds the task itself
    fewer = build_starts(tight, SearchSpace(6))[1:]
    assert 20 < len(fewer) < len(found) and {s["architecture_id"] for s in fewer} <= set(found)
    device = setup.device
    kept = build_setup(tight).starts[1:]
    costs = {s["architecture_id"]: device.cost(circuit_of(s["architecture"], 6)[1])["two_qubit_depth"] for s in fewer}
    assert {s["architecture_id"] for s in kept} == {name for name, depth in costs.items() if depth <= 4}
    few = build_setup(read_spec(spec | {"trials": 9})).starts
    assert few == setup.starts[:4]  # the first, and one for every third trial
    names = {t.family for t in shelf_of(free, setup.task)}
    assert "HVA from Néel, independent" in names and "efficient_su2, device" in names

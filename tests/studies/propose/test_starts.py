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
    shelf_of,
    start_at,
    start_due,
)
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec

STARTING = st.tuples(*(st.integers(0, k) for k in (4, 9, 9))).map(
    lambda counts: [{"architecture_id": f"own {k}"} for k in range(counts[0])]
    + [{"architecture_id": f"leader {k}", "paced": "fast"} for k in range(counts[1])]
    + [{"architecture_id": f"other {k}", "paced": "slow"} for k in range(counts[2])]
)


@given(STARTING, st.integers(0, 80))
def test_every_start_once_and_room_for_others_however_few_trials(starts, trials):
    given_ = [start_at(starts, number) for number in range(trials)]
    begun = [start["architecture_id"] for start in given_ if start]
    assert begun == [start["architecture_id"] for start in starts][: len(begun)]
    own = sum("paced" not in start for start in starts)
    leaders = sum(start.get("paced") == "fast" for start in starts)
    assert len(begun) >= min(trials, own)
    behind = [start for start in given_[own:] if not start or start.get("paced")]
    for k in range(len(behind) - PACE + 1):
        assert None in behind[k : k + PACE]
    slow = [k for k, start in enumerate(given_) if start and start.get("paced") == "slow"]
    assert all(b - a == PACE for a, b in zip(slow, slow[1:], strict=False))
    if trials >= own + PACE * (leaders + 1) // (PACE - 1) + PACE * (len(starts) - own - leaders):
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
    paces = [s.get("paced") for s in setup.starts]
    families = list(dict.fromkeys(t.family for t in shelf_of(free, setup.task)))
    assert paces == [None] + ["fast"] * len(families) + ["slow"] * (len(paces) - 1 - len(families))
    assert setup.starts[0]["architecture_id"] == brickwork(reps=2).content_id
    found = [s["architecture_id"] for s in setup.starts[1:]]
    shelf = {t.architecture.content_id: t for t in shelf_of(free, setup.task)}
    assert set(shelf) == {t.architecture.content_id for t in STARTS["shelf"](free)}  # builds the task itself
    assert set(found) == set(shelf) - {setup.starts[0]["architecture_id"]}  # what is there already is no start again
    assert [shelf[name].family for name in found[: len(families)]] == families
    fewer = {s["architecture_id"] for s in build_starts(tight, SearchSpace(6))[1:]}
    assert 20 < len(fewer) < len(found) and fewer <= set(found)
    device = setup.device
    kept = [s["architecture_id"] for s in build_setup(tight).starts[1:]]
    costs = {name: device.cost(shelf[name].architecture.circuit(6))["two_qubit_depth"] for name in fewer}
    assert set(kept) == {name for name, depth in costs.items() if depth <= 4}
    leaders = kept[: len({shelf[name].family for name in kept})]
    assert len({shelf[name].family for name in leaders}) == len(leaders)
    for leader in leaders:  # what the device allows is used up
        own = [shelf[name] for name in kept if shelf[name].family == shelf[leader].family]
        assert shelf[leader].architecture.num_parameters(6) == max(t.architecture.num_parameters(6) for t in own)
    few = build_setup(read_spec(spec | {"trials": 9})).starts
    assert few == setup.starts[:7]  # the first, and two of every three trials
    assert "HVA from Néel, independent" in families and "efficient_su2, device" in families

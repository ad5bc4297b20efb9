"""What a spec's words become."""

import pytest

from qtrain.growth.islands import family_pools, island_starts
from qtrain.growth.references import REFERENCES
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec

AUTO = {"start": ["auto"], "space": {"pools": ["auto"]}, "growth": {"share": 0.5, "pools": ["auto"], "references": ["auto"]}}


@pytest.mark.parametrize("kind", ["tfim", "xxz", "maxcut"])
def test_auto_is_what_the_islands_say(kind):
    found = build_setup(read_spec({"name": "a", "qubits": 6, "task": {"kind": kind}, **AUTO}))
    assert found.space.pools == family_pools(found.setting)
    ids = [start["architecture_id"] for start in found.starts]
    assert ids == [a.content_id for a in island_starts(found.setting)]
    assert ids
    assert found.pool
    assert REFERENCES["auto"](found.setting)


def test_auto_beside_names_and_limits():
    table = {"name": "a", "qubits": 6, "task": {"kind": "xxz", "anisotropy": 0.5}, **AUTO, "space": {"pools": ["z2", "auto"]}}
    found = build_setup(read_spec({**table, "constraints": {"max_two_qubit_depth": 4}}))
    assert found.space.pools[:2] == ("z2", "u1")
    free = build_setup(read_spec(table))
    assert 0 < len(found.starts) < len(free.starts)


def test_auto_of_data():
    found = build_setup(read_spec({"name": "a", "qubits": 4, "task": {"kind": "classification", "data": "iris", "classes": ["setosa", "virginica"]}, **AUTO, "growth": {}}))
    assert found.space.pools == ("hardware_efficient", "qcnn")
    assert found.starts == ()

"""Architectures as values: equality, content id, JSON, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_architecture import architectures, layers

from qtrain.architecture.architecture import Architecture, Layer
from qtrain.architecture.blocks import BLOCKS
from qtrain.architecture.catalogue import efficient_su2, qcnn, sim_template, tree
from qtrain.architecture.gates import Writer
from qtrain.architecture.topology import edges
from qtrain.errors import QTrainError


@given(layers(), st.integers(2, 7), st.integers(0, 3), st.sets(st.integers(0, 12), min_size=1))
def test_bonds_are_edges_by_their_places_in_the_topology(layer, n, repetition, places):
    """The gates of the whole layer on those edges, and no others."""
    if layer.entangler is None:
        return
    pairs = tuple((q, q + 1) for q in range(n - 1))
    options = {"sharing": "independent", "pool": False, "rotations": ()}
    whole, part = (dataclasses.replace(layer, bonds=b, **options) for b in (None, tuple(places)))
    written = [
        [(g.name, g.qubits) for g in Writer(n, pairs).write("none", [x], repetition + 1, ())]
        for x in (whole, part)
    ]
    blocks = len(BLOCKS[layer.entangler])
    count = len(pairs) if layer.topology == "edges" else len(edges(layer.topology, n))
    order = list(reversed(range(count))) if layer.reverse else list(range(count))
    kept = [k * blocks + g for k in range(count * (repetition + 1)) if order[k % count] in places for g in range(blocks)]
    assert written[1] == [written[0][k] for k in kept]


LAYER = Layer(("ry",), "cx")


@settings(max_examples=150)
@given(architectures(), st.integers(1, 6))
def test_every_architecture_is_a_value_with_a_circuit(family, n):
    n = family.num_qubits or n
    again = Architecture.from_json(family.to_json())
    assert again == family and hash(again) == hash(family)
    assert again.content_id == family.content_id and again.to_json() == family.to_json()
    gates = family.gates(n)
    assert again.gates(n) == gates
    first_use = list(dict.fromkeys(a for gate in gates for a in gate.angles if isinstance(a, int)))
    assert first_use == list(range(family.num_parameters(n)))  # numbered in time order, without gaps
    assert all(0 <= q < n for gate in gates for q in gate.qubits)
    assert set(family.output_qubits(n)) <= set(range(n)) and family.output_qubits(n)


@given(architectures(), architectures())
def test_the_content_id_tells_architectures_apart(one, other):
    assert (one == other) == (one.content_id == other.content_id) == (one.to_json() == other.to_json())


def test_fields_that_cannot_matter_are_reset():
    assert Layer(("rx",), None, "ring", reverse=True, flip=True) == Layer(("rx",))
    assert Layer((), "cx", qubits="odd", sharing="shared") == Layer((), "cx")
    assert Layer(("rx",), bonds=(1,)) == Layer(("rx",)) and Layer((), "cx", bonds=[2, 0]).bonds == (0, 2)
    device = Architecture((LAYER,), edges=((0, 1),))
    assert device == Architecture((LAYER,)) and device.num_qubits is None


def test_the_id_does_not_change_from_one_process_to_the_next():
    code = "from qtrain.architecture.catalogue import efficient_su2; print(efficient_su2().content_id)"
    found = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                            env={"PYTHONHASHSEED": seed}).stdout.strip() for seed in ("1", "2")}  # fmt: skip
    assert found == {efficient_su2().content_id} == {"05cbe4a7cc1ead44"}


def test_json_is_readable_and_canonical():
    text = Architecture((Layer(("ry",), "cz", "ring"),), "log", final_rotations=("ry",)).to_json()
    assert text == (
        '{"final_rotations":["ry"],"format":1,"layers":[{"entangler":"cz","rotations":["ry"],"topology":"ring"}],'
        '"repetitions":"log","requires":"0.1.0"}'
    )


@pytest.mark.parametrize(
    "n, log, linear", [(1, 1, 1), (2, 1, 2), (3, 2, 3), (4, 2, 4), (5, 3, 5), (8, 3, 8), (9, 4, 9)]
)
def test_repetition_rules(n, log, linear):
    assert Architecture((LAYER,), "log").depth(n) == log
    assert Architecture((LAYER,), "linear").depth(n) == linear
    assert Architecture((LAYER,), 7).depth(n) == 7


@pytest.mark.parametrize(
    "sharing, expected", [("independent", 5 + 4), ("shared", 1 + 1), ("translation", 2 + 2)]
)
def test_sharing(sharing, expected):
    assert Architecture((Layer(("rx",), "rzz", "brickwork", sharing=sharing),)).num_parameters(5) == expected


def test_translation_shares_by_sublattice():
    gates = Architecture((Layer(("ry",), "rzz", "ring", sharing="translation"),)).gates(6)
    angle = {gate.qubits: gate.angles[0] for gate in gates}
    assert angle[0,] == angle[2,] == angle[4,] != angle[1,] == angle[3,]
    assert angle[0, 1] == angle[2, 3] == angle[4, 5] != angle[1, 2] == angle[3, 4] == angle[5, 0]


def test_pooling_leaves_the_second_half_and_then_one():
    assert [qcnn().output_qubits(n) for n in (1, 2, 3, 4, 8)] == [(0,), (1,), (2,), (3,), (7,)]
    once = Architecture((Layer((), "pool", "even", pool=True),))
    assert once.output_qubits(5) == (1, 3, 4)  # the odd one out stays
    assert tree().num_parameters(16) == 15 * 15


def test_edges_of_a_device():
    pairs = ((0, 1), (1, 2), (1, 3))
    device = Architecture((Layer(("ry",), "cz", "edges"),), 2, edges=pairs)
    assert device.num_qubits == 4 and device.resolved_edges() == pairs
    assert device.num_parameters() == device.num_parameters(4) == 8
    with pytest.raises(QTrainError, match="num_qubits should be 4, this architecture's own. Got 5"):
        device.circuit(5)


@pytest.mark.parametrize("number, parameters, two_qubit", [
    (1, 8, 0), (2, 8, 3), (3, 11, 3), (4, 11, 3), (5, 28, 12), (6, 28, 12), (7, 19, 3), (8, 19, 3), (9, 4, 3),
    (10, 8, 4), (11, 12, 3), (12, 12, 3), (13, 16, 8), (14, 16, 8), (15, 8, 8), (16, 11, 3), (17, 11, 3), (18, 12, 4),
    (19, 12, 4),
])  # fmt: skip
def test_counts_of_the_sim_templates(number, parameters, two_qubit):
    """Table 2 of 1905.10876 at n = 4, L = 1."""
    gates = sim_template(number).gates(4)
    assert sim_template(number).num_parameters(4) == parameters
    assert sum(len(gate.qubits) == 2 for gate in gates) == two_qubit


@pytest.mark.parametrize("changes, message", [
    ({}, "rotations or an entangler. Got neither"),
    ({"rotations": ("rq",)}, r"rotations should be a list of names from rx, ry.*Got \('rq',\)"),
    ({"rotations": "ry"}, "rotations should be a list of names"),
    ({"rotations": (["ry"],)}, "rotations should be a list of names"),
    ({"entangler": "cq"}, "entangler should be one of cx, cz.*Got 'cq'"),
    ({"entangler": "cx", "topology": "knot"}, "topology should be one of line.*Got 'knot'"),
    ({"entangler": "cx", "topology": ["line"]}, "topology should be one of"),
    ({"rotations": ("ry",), "sharing": "some"}, "sharing should be one of"),
    ({"rotations": ("ry",), "qubits": "left"}, "qubits should be one of"),
    ({"entangler": "cx", "bonds": ()}, "bonds should be different places of edges, counted from 0, or None. Got \\(\\)"),
    ({"entangler": "cx", "bonds": (1, 1)}, "bonds should be different places"),
    ({"rotations": ("ry",), "flip": 1}, "flip should be true or false. Got 1"),
    ({"entangler": "cx", "pool": True}, "pool should come with an entangler on one of the topologies even"),
    ({"rotations": ("ry",), "pool": True}, "pool should come with an entangler"),
])  # fmt: skip
def test_bad_layers_are_refused(changes, message):
    with pytest.raises(QTrainError, match=message):
        Layer(**changes)


@pytest.mark.parametrize("changes, message", [
    ({"layers": ()}, "layers should hold at least one layer. Got none"),
    ({"layers": ("ry",)}, "layers should be Layer objects"),
    ({"layers": (Layer((), "cx"),)}, "Got fixed gates alone"),
    ({"repetitions": 0}, 'repetitions should be a whole number of at least 1, "log" or "linear". Got 0'),
    ({"repetitions": True}, "repetitions should be"),
    ({"repetitions": "sqrt"}, "repetitions should be"),
    ({"repetitions": 2.0}, "repetitions should be"),
    ({"initial": "ghz"}, "initial should be one of none, h"),
    ({"final_rotations": ("q",)}, "final_rotations should be a list of names"),
    ({"num_qubits": 0}, "num_qubits should be a whole number of at least 1. Got 0"),
    ({"layers": (Layer(("ry",), "cx", "edges"),)}, 'edges should be given with the topology "edges". Got none'),
    ({"layers": (Layer(("ry",), "cx", "edges"),), "edges": ((0, 9),), "num_qubits": 4}, "below num_qubits = 4"),
])  # fmt: skip
def test_bad_architectures_are_refused(changes, message):
    with pytest.raises(QTrainError, match=message):
        Architecture(**{"layers": (LAYER,), **changes})


@pytest.mark.parametrize("text, message", [
    ("", "not JSON"), ("{", "not JSON"), ("[]", "should be a JSON object. Got list"), (b"\xff\xfe\x00", "not JSON"),
    ('{"layers": [], "reps": 3}', "architecture should hold layers, .* only. Got reps"),
    ('{"layers": [{"gate": "cx"}]}', "layer should hold rotations, .* only. Got gate"),
    ('{"layers": ["cx"]}', "layers should be a list of JSON objects"), ('{"layers": 3}', "layers should be a list"),
    ('{"layers": [{"rotations": 5}]}', "rotations should be a list of names"), ("{}", "at least one layer. Got none"),
    ('{"format": "1"}', "format as a whole number. Got '1'"),
    ('{"format": 2, "requires": "0.9.1"}', "format 1 or older. Got format 2: install qtrain>=0.9.1"),
    ('{"format": 3, "new": []}', "Got format 3: install a newer qtrain"),
])  # fmt: skip
def test_damaged_and_newer_json_is_refused(text, message):
    with pytest.raises(QTrainError, match=message):
        Architecture.from_json(text)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["ry", "cx", "line", "edges"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["layers", "rotations", "entangler", "edges", "format", "num_qubits", "initial", "topology"]),
        inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_json_is_an_architecture_or_a_plain_refusal(data):
    try:
        family = Architecture.from_json(json.dumps(data))
    except QTrainError:
        return
    assert Architecture.from_json(family.to_json()) == family


def test_a_width_is_asked_for_where_none_is_known():
    with pytest.raises(QTrainError, match="num_qubits should be given"):
        Architecture((LAYER,)).circuit()


def test_text_says_what_it_is():
    family = Architecture((Layer((), "rzz", "ring", sharing="shared"), Layer(("rx",))), "log", "h", ("ry",))
    assert str(family) == "h · [rzz (ring) (shared)] · [rx] × log n · ry"

"""Strings on neighbours against all strings; their table against single estimates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.shadows.collect import collect_shadows
from qtrain.shadows.data import Shadows
from qtrain.shadows.features import local_paulis, shadow_features


@given(st.integers(1, 5), st.integers(1, 4), st.one_of(st.none(), st.integers(1, 5)))
def test_strings_are_those_within_a_window(n, weight, window):
    width = weight if window is None else window
    wanted = set()
    for letters in itertools.product("IXYZ", repeat=n):
        places = [k for k, letter in enumerate(letters) if letter != "I"]
        if places and len(places) <= weight and places[-1] - places[0] < width:
            wanted.add("".join(letters))
    found = local_paulis(n, max_weight=weight, window=window).to_labels()
    assert set(found) == wanted and len(found) == len(wanted)


def test_the_table_holds_estimates():
    states = [collect_shadows(np.random.default_rng(k).normal(size=8), shots=200, seed=k) for k in range(3)]
    paulis = local_paulis(3, max_weight=2)
    table = shadow_features(states, paulis)
    for k, pauli in itertools.product(range(3), range(0, len(paulis), 5)):
        assert table[k, pauli] == pytest.approx(states[k].estimate(paulis[pauli]).value)
    only_z = Shadows(np.full((5, 3), 2), np.zeros((5, 3), int))
    assert shadow_features([only_z], ["ZII", "XII"]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(("call", "said"), [
    (lambda: local_paulis(0), "num_qubits"), (lambda: local_paulis(3, max_weight=0), "max_weight"), (lambda: local_paulis(3, window=0), "window"),
    (lambda: shadow_features([], ["Z"]), "list of Shadows"), (lambda: shadow_features(collect_shadows([1, 0], shots=2), ["Z"]), "list of Shadows"),
    (lambda: shadow_features([collect_shadows([1, 0], shots=2)], ["ZZ"]), "1 qubits"),
    (lambda: shadow_features([collect_shadows([1, 0], shots=2), collect_shadows([1, 0, 0, 0], shots=2)], ["Z"]), "2 in state 1"),
])  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(QTrainError, match=said):
        call()

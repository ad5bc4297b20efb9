"""Hypothesis strategies: lists of gates on named qubits, with angles."""

from __future__ import annotations

from hypothesis import strategies as st

from qtrain.architecture.blocks import Gate
from qtrain.growth.edits import numbered

N = 4
ONE, TWO = ("h", "s", "sdg", "x"), ("cx", "cz")


@st.composite
def gate_lists(draw):
    gates, count = [], 0
    for _ in range(draw(st.integers(1, 8))):
        size = draw(st.integers(1, N))
        qubits = tuple(draw(st.permutations(range(N)))[:size])
        letters = "".join(draw(st.lists(st.sampled_from("xyz"), min_size=size, max_size=size)))
        fixed = {1: ONE, 2: TWO}.get(size)
        if fixed and draw(st.booleans()):
            gates.append(Gate(draw(st.sampled_from(fixed)), qubits))
            continue
        index = draw(st.integers(0, count))
        factor = draw(st.sampled_from([1.0, -0.5]))
        gates.append(Gate("r" + letters, qubits, (index if factor == 1.0 else (index, factor),)))
        count += index == count
    angles = draw(st.lists(st.floats(-3, 3), min_size=count, max_size=count))
    return numbered(gates, angles)

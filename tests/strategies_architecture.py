"""Hypothesis strategies: any valid architecture."""

from __future__ import annotations

from hypothesis import strategies as st

from qtrain.architecture.architecture import INITIAL, Architecture
from qtrain.architecture.blocks import BLOCKS, ROTATIONS
from qtrain.architecture.layer import POOLING, QUBITS, SHARING, Layer
from qtrain.architecture.topology import TOPOLOGIES

rotations = st.lists(st.sampled_from(sorted(ROTATIONS)), max_size=3).map(tuple)


@st.composite
def layers(draw):
    pool = draw(st.booleans())
    topology = draw(st.sampled_from(POOLING if pool else (*TOPOLOGIES, "edges")))
    entangler = draw(st.sampled_from([*sorted(BLOCKS), *([] if pool else [None])]))
    columns = draw(rotations)
    return Layer(columns if columns or entangler else ("rx",), entangler, topology, draw(st.sampled_from(SHARING)),
                 draw(st.sampled_from(QUBITS)), draw(st.booleans()), draw(st.booleans()), pool,
                 draw(st.none() | st.sets(st.integers(0, 8), min_size=1).map(tuple)))  # fmt: skip


@st.composite
def architectures(draw, max_layers: int = 3):
    chosen = draw(st.lists(layers(), min_size=1, max_size=max_layers))
    if not any(layer.has_parameters for layer in chosen):
        chosen.append(Layer(("ry",)))
    needs_edges = any(layer.entangler and layer.topology == "edges" for layer in chosen)
    pairs = [(a, b) for a in range(5) for b in range(5) if a != b]
    return Architecture(
        tuple(chosen),
        draw(st.one_of(st.integers(1, 3), st.sampled_from(["log", "linear"]))),
        draw(st.sampled_from(INITIAL)),
        draw(rotations),
        tuple(draw(st.lists(st.sampled_from(pairs), unique=True, max_size=6))) if needs_edges else None,
        5 if needs_edges else None,
    )

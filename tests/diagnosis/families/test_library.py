"""Every member of a named family is recognised, at any width, and built again gate for gate."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import efficient_su2, excitation_preserving, n_local, real_amplitudes
from same_circuit import same

from qtrain.diagnosis.families import recognize

ENTANGLEMENT = ("linear", "reverse_linear", "full", "circular", "pairwise", "sca")
MAKERS = {
    "real_amplitudes": real_amplitudes,
    "efficient_su2": efficient_su2,
    "rx, h": lambda n, **options: efficient_su2(n, su2_gates=["rx", "h"], **options),
    "iswap": excitation_preserving,
    "fsim": lambda n, **options: excitation_preserving(n, mode="fsim", **options),
    "n_local": lambda n, **options: n_local(n, ["rx", "rz"], "crx", **options),
}


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(sorted(MAKERS)), st.sampled_from(ENTANGLEMENT), st.integers(4, 7), st.integers(1, 5),
    st.booleans(), st.integers(4, 9),
)  # fmt: skip
def test_qiskit_library(name, entanglement, n, reps, skip, wider):
    def make(width):
        return MAKERS[name](width, entanglement=entanglement, reps=reps, skip_final_rotation_layer=skip)

    family = recognize(make(n))
    assert family is not None
    assert same(family.at(n), make(n))
    assert same(family.at(wider), make(wider))
    assert bool(family.remark) == (reps == n)

"""The words of a trend against the figures they stand for."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit.circuit.library import real_amplitudes

from qtrain.diagnosis.scaling import scaling
from qtrain.improvement.trends import _words


@pytest.fixture(scope="module")
def measured():
    return scaling(lambda n: real_amplitudes(n, reps=1), "parity", [4, 6, 8, 12, 16])


@pytest.mark.parametrize("seed", range(30))
def test_about_constant_is_said_of_all_larger_sizes(measured, seed):
    """Not of two of them that happen to be alike."""
    rng = np.random.default_rng(seed)
    variance = np.exp(rng.normal(size=5) * rng.choice([0.03, 1.0]))
    law, words = _words(replace(measured, law="undecided", variance=variance))
    tail = variance[2:]  # from half of the largest size on
    assert (law == "flat") == bool(min(tail) >= 0.8 * tail[0])
    assert words.startswith("about constant" if law == "flat" else "not decided")
    assert words.endswith(f"V(16) = {variance[4] / variance[2]:#.2g} V(8)")

"""Fisher information inside sectors against that of all amplitudes."""

import numpy as np
from conserving_circuits import any_observable, conserving_circuit
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.circuits.program import lower
from qtrain.diagnosis.expressivity import fisher
from qtrain.simulators.sectors.evaluator import SectorSurrogate
from qtrain.simulators.sectors.find import sector
from qtrain.simulators.sectors.fisher import sector_fisher


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.integers(3, 7))
def test_sector_against_all_amplitudes(seed, n):
    program = lower(conserving_circuit(seed, n=n, weights=6)[0])
    surrogate = sector(program, any_observable(seed, n)).surrogate(2**30)
    if not isinstance(surrogate, SectorSurrogate):
        return
    point = np.random.default_rng(seed).uniform(-7, 7, program.num_weights)
    assert np.allclose(sector_fisher(surrogate, point), fisher(program, point), atol=1e-9)

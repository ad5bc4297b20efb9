"""Counts on bit planes against loops, at numbers of shots around a word, and in chunks."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.quantum_info import random_pauli_list

from qtrain.shadows.planes import Planes, Strings


@pytest.mark.parametrize("shots", [1, 8, 63, 64, 65, 200])
def test_counts(shots):
    rng = np.random.default_rng(shots)
    bases, outcomes = rng.integers(1, 4, (shots, 3)).astype(np.uint8), rng.integers(0, 2, (shots, 3)).astype(np.uint8)
    paulis = random_pauli_list(3, 40, seed=shots, phase=False)
    strings, planes = Strings.of(paulis.x, paulis.z), Planes.of(bases, outcomes)
    measured, minus = planes.counts(strings)
    for k, (x, z) in enumerate(zip(paulis.x, paulis.z)):
        letters = x + 2 * z
        fits = ((bases == letters) | (letters == 0)).all(axis=1)
        odd = outcomes[:, letters > 0].sum(axis=1) % 2 == 1
        assert measured[k] == fits.sum() and minus[k] == (fits & odd).sum()
    seen = np.concatenate([rows for rows, _, _ in planes.each(strings, most=1)])
    assert sorted(seen) == list(range(40)) and len(strings) == 40


def test_thousands_of_strings_on_a_thousand_qubits():
    rng = np.random.default_rng(0)
    bases, outcomes = rng.integers(1, 4, (500, 1000)).astype(np.uint8), np.zeros((500, 1000), np.uint8)
    x = np.zeros((5000, 1000), bool)
    x[np.arange(5000), np.arange(5000) % 1000] = x[np.arange(5000), (np.arange(5000) + 1) % 1000] = True
    measured, minus = Planes.of(bases, outcomes).counts(Strings.of(x, np.zeros_like(x)))
    assert measured.mean() == pytest.approx(500 / 9, rel=0.05) and not minus.any()

"""Second moments of circuits whose fixed gates are Pauli rotations by any multiple of pi / 2, against dense sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp
from reference_paths import moments

import qtrain

SEEDS = st.integers(0, 2**32 - 1)


def random_circuit(seed: int, *, local: bool = False) -> tuple[QuantumCircuit, SparsePauliOp]:
    """Three qubits, two or three free rotations, and turns about random Paulis around them.

    Args:
        local: one- and two-qubit gates alone, which is what noise acts behind.
    """
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(3)
    free = int(rng.integers(2, 4))
    kinds = rng.permutation([1] * free + [0] * int(rng.integers(3, 7)))
    for k, is_free in enumerate(kinds):
        label = "".join(rng.choice(list("XYZ"), rng.integers(1, 3 if local or is_free else 4)))
        places = rng.permutation(3)[: len(label)].tolist()
        angle = Parameter(f"a{k}") if is_free else int(rng.integers(-6, 7)) * np.pi / 2
        if len(label) == 1:
            getattr(circuit, f"r{label.lower()}")(angle, *places)
        elif label in ("XX", "YY", "ZZ", "ZX"):
            getattr(circuit, f"r{label.lower()}")(angle, *places[:: -1 if label == "ZX" else 1])
        elif is_free or local:
            circuit.rzz(angle, *places)
        else:
            circuit.append(PauliEvolutionGate(SparsePauliOp(label), time=angle / 2), places)
    labels = {"".join(rng.choice(list("IXYZ"), 3)) for _ in range(int(rng.integers(1, 3)))} - {"III"} or {"ZIZ"}
    return circuit, SparsePauliOp(sorted(labels), rng.normal(size=len(labels)))


def close(stats, second, exact: bool) -> bool:
    if exact:
        return np.allclose(stats.variance, second, rtol=1e-9, atol=1e-12)
    wide = 7 * np.nan_to_num(stats.standard_error) + 1e-9
    unseen = stats.standard_error == 0  # too few hits for an error: then the upper end has to hold
    return bool(np.all(np.where(unseen, second <= 2 * stats.upper + 1e-9, abs(stats.variance - second) <= wide)))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_every_method(seed):
    circuit, observable = random_circuit(seed)
    _, _, mean, second = moments(circuit, observable)
    for method, samples in (("auto", None), ("paths", 2**14), ("particles", 16)):
        stats = qtrain.gradient_variance(circuit, observable, method=method, samples=samples, seed=seed)
        assert close(stats, second - mean**2, exact=stats.method == "exact"), (stats, second)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_noise_and_starts_that_are_not_uniform(seed):
    circuit, observable = random_circuit(seed, local=True)
    width = 0.7
    _, _, mean, second = moments(
        circuit, observable, cosine=np.sin(width) / width, cosine2=np.sin(2 * width) / (2 * width)
    )
    for method in ("auto", "paths"):
        stats = qtrain.gradient_variance(
            circuit, observable, method=method, initialization=f"small:{width}", seed=seed,
            samples=None if method == "auto" else 2**14,
        )  # fmt: skip
        assert close(stats, second - mean**2, exact=stats.method == "exact"), (stats, second - mean**2)


@pytest.mark.parametrize("gate", ["rxx", "ryy", "rzz", "rzx"])
@pytest.mark.parametrize("turns", [-4, -2, 2, 4, 6])
@pytest.mark.parametrize("method", ["auto", "paths", "particles"])
def test_half_turns_change_signs_alone(gate, turns, method):
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 1)
    getattr(circuit, gate)(turns * np.pi / 2, 0, 1)
    stats = qtrain.gradient_variance(circuit, "IZ", method=method, samples=None if method == "auto" else 2**12)
    assert stats.variance[1] == 0 and abs(stats.variance[0] - 0.5) <= 5 * stats.standard_error[0]


def test_a_half_turn_does_not_hide_a_parameter_from_a_diagnosis():
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 1)
    circuit.rxx(np.pi, 0, 1)
    first, second = qtrain.diagnose(circuit, "IZ").verdicts
    assert (first.beta, first.phi) == (1.0, 0.5)
    assert second.variance == 0


def qaoa(n: int, p: int) -> QuantumCircuit:
    """A ring, every angle a parameter of its own."""
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(p):
        for q in range(n):
            circuit.rzz(Parameter(f"g{layer}_{q}"), q, (q + 1) % n)
        for q in range(n):
            circuit.rx(Parameter(f"b{layer}_{q}"), q)
    return circuit


def test_a_trailing_half_turn_on_sixty_qubits_is_two_pauli_gates():
    turned, plain = qaoa(60, 4), qaoa(60, 4)
    turned.rxx(np.pi, 0, 1)
    plain.x([0, 1])
    observable = "I" * 58 + "ZZ"
    found, expected = (
        qtrain.gradient_variance(c, observable, method="paths", samples=2**16, seed=3) for c in (turned, plain)
    )
    assert np.array_equal(found.variance, expected.variance) and found.cost_variance == expected.cost_variance
    exact = qtrain.gradient_variance(qaoa(60, 4), observable)
    assert abs(found.cost_variance - exact.cost_variance) < 0.1 * exact.cost_variance

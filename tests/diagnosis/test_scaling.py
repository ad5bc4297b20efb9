"""Scaling laws: known decays are found, with their rates."""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp

from qtrain.diagnosis.scaling import Scaling, named_observable, scaling
from qtrain.errors import QTrainError

module = sys.modules["qtrain.diagnosis.scaling"]  # the package's attribute of that name may be the function


def product(n):
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.rx(Parameter(f"t{q:03d}"), q)
    return circuit


def test_a_global_observable_decays_exponentially():
    """V = 2^-n exactly."""
    found = scaling(product, "parity", range(2, 14))
    assert found.law == "exponential"
    assert found.rate == pytest.approx(math.log(2), abs=0.02)
    assert found.rate_low <= math.log(2) <= found.rate_high
    assert found.barren_plateau
    assert found.largest_size == pytest.approx(math.log2(10_000), abs=0.3)
    assert (found.low_law, found.unresolved) == ("exponential", ())
    assert found.low_rate == pytest.approx(math.log(2), abs=0.02)


def test_a_mean_of_local_observables_decays_polynomially():
    """V = 1 / (2 n^2) exactly: S is 1 / n, and shots resolve it for long."""
    found = scaling(product, "all Z", [4, 6, 8, 12, 16, 24, 32, 48])
    assert found.law == "polynomial"
    assert found.rate == pytest.approx(2.0, abs=0.05)
    assert not found.barren_plateau


def test_a_local_observable_of_a_product_is_constant():
    found = scaling(product, "Z0", [3, 5, 7, 9, 11])
    assert found.law == "constant"
    assert math.isinf(found.largest_size)


def test_deep_circuits_have_a_barren_plateau():
    """Deep RY, RZ + CX: V falls with 2^-n."""
    found = scaling(lambda n: efficient_su2(n, reps=3 * n, entanglement="linear"), "Z0", [3, 4, 5, 6, 7, 8])
    assert found.barren_plateau
    assert found.rate == pytest.approx(math.log(2), rel=0.25)


def stats(n, seen, value):
    """Ten parameters, of which ``seen`` have a value and one is proven dead."""
    moment = np.zeros(10)
    moment[:seen] = value
    return SimpleNamespace(
        proven_zero=np.arange(10) == 9, second_moment=moment, standard_error=0.01 * moment, scale=1.0
    )


def test_gradients_that_were_not_seen_are_small_not_dead(monkeypatch):
    """From n = 8 on most live gradients are below the sampler: the rest must not stand for them."""
    found = {n: stats(n, 9 if n < 8 else 3, 4.0**-n) for n in range(3, 10)}
    monkeypatch.setattr(module, "gradient_variance", lambda circuit, operator, **_: found[circuit.num_qubits])
    result = scaling(product, "parity", range(3, 10))
    assert (result.sizes, result.unresolved) == ((3, 4, 5, 6, 7), (8, 9))
    assert result.rate == pytest.approx(math.log(4), rel=1e-6)
    assert "not resolved within the budget: n = 8, 9" in result.summary
    with pytest.raises(QTrainError, match="Got 2 of 4"):
        scaling(product, "parity", range(6, 10))


def test_a_lower_quartile_that_was_not_seen_has_no_law(monkeypatch):
    monkeypatch.setattr(
        module, "gradient_variance", lambda circuit, operator, **_: stats(0, 6, 2.0**-circuit.num_qubits)
    )
    result = scaling(product, "parity", range(3, 9))
    assert result.law == "exponential"
    assert math.isnan(result.low_rate)
    assert Scaling.from_json(result.to_json()).to_json() == result.to_json()


def test_architectures_and_functions_of_n():
    from qtrain.architecture.catalogue import real_amplitudes

    found = scaling(real_amplitudes(reps=1), lambda n: SparsePauliOp("I" * (n - 1) + "Z"), [3, 4, 5, 6])
    assert found.sizes == (3, 4, 5, 6)
    again = Scaling.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert np.array_equal(again.variance, found.variance)


def test_names():
    assert named_observable("Z0 X2", 3) == SparsePauliOp("XIZ")
    for text in ("Q1", "Z9", "", "Z"):
        with pytest.raises(QTrainError, match="observable should be"):
            named_observable(text, 3)


def test_wrong_input():
    with pytest.raises(QTrainError, match="at least 4"):
        scaling(product, "Z0", [2, 3])
    with pytest.raises(QTrainError, match="shots"):
        scaling(product, "Z0", [2, 3, 4, 5], shots=0)
    with pytest.raises(QTrainError, match="architecture should"):
        scaling(3, "Z0", [2, 3, 4, 5])
    with pytest.raises(QTrainError, match="not zero at every size"):
        scaling(product, lambda n: SparsePauliOp("X" * n), [2, 3, 4, 5])

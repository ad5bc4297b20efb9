"""Numbers known in closed form or to many digits, from the input circuit to the statistics."""

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.diagnosis.causes import LOST
from qtrain.gradients.variance import gradient_variance


class Fresh:
    """Parameters numbered in the order of use."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return Parameter(f"t{self.count:06d}")


def near_haar_block(circuit, a, b, fresh):
    """Six CX with RZ RY RZ around: within a few per cent of a Haar-random two-qubit gate."""
    for i in range(7):
        for q in (a, b):
            circuit.rz(fresh(), q)
            circuit.ry(fresh(), q)
            circuit.rz(fresh(), q)
        if i < 6:
            circuit.cx(*((a, b) if i % 2 == 0 else (b, a)))


def ladder(n):
    """Two-qubit blocks (n-2, n-1), ..., (0, 1); the RY between the two blocks of each qubit j."""
    circuit, fresh, between = QuantumCircuit(n), Fresh(), {}
    for j in range(n - 2, -1, -1):
        between[j + 1] = fresh.count + 4  # RZ RY RZ on j, then on j + 1: its RY
        near_haar_block(circuit, j, j + 1, fresh)
    return circuit, between


def test_ladder_is_flat_without_concentration():
    """Var f stays near 1/9 while early gradients follow (2/3) (2/5)^j h down to 1e-40."""
    n = 100
    circuit, between = ladder(n)
    stats = gradient_variance(circuit, "I" * (n - 1) + "Z")
    assert stats.method == "exact"
    assert stats.cost_variance == pytest.approx(1 / 9, rel=0.03)
    h = [1 / 3]
    for _ in range(n):
        h.append(1 / 15 + 2 / 5 * h[-1])
    for j in (2, 5, 8, 12, 20, 30):
        expected = (2 / 3) * (2 / 5) ** j * h[n - 1 - j]
        assert stats.variance[between[j]] == pytest.approx(expected, rel=0.03 + 0.005 * j)
    assert stats.variance[between[30]] < 1e-12
    ratios = [stats.variance[between[j + 1]] / stats.variance[between[j]] for j in range(5, 60)]
    assert ratios == pytest.approx(np.full(len(ratios), 0.4), rel=0.02)


def test_ladder_loses_information_from_qubit_8_on():
    from qtrain.diagnosis.diagnose import diagnose

    n = 24
    circuit, between = ladder(n)
    report = diagnose(circuit, "I" * (n - 1) + "Z", budget=Budget(seconds=20))
    for j in range(2, 7):
        assert report.verdicts[between[j]].cause == "healthy", j
    for j in range(8, n - 1):
        verdict = report.verdicts[between[j]]
        assert verdict.cause == LOST, (j, verdict)
        assert f"on qubit {j} " in verdict.advice, verdict.advice


def test_tree_of_near_haar_blocks():
    """g_0 = 1/3, g_{k+1} = (2/5) g_k + (3/5) g_k^2: Var f of a tree QCNN on 2^k qubits, times 3 / 5 ..."""
    g = [1 / 3]
    for _ in range(4):
        g.append(2 / 5 * g[-1] + 3 / 5 * g[-1] ** 2)
    assert g[1:4] == pytest.approx([0.2, 0.104, 0.04809], abs=1e-4)
    for k in (1, 2, 3):
        n = 2**k
        circuit, fresh = QuantumCircuit(n), Fresh()
        active = list(range(n))
        while len(active) > 1:
            for a, b in zip(active[::2], active[1::2], strict=True):
                near_haar_block(circuit, a, b, fresh)
            active = active[::2]
        stats = gradient_variance(circuit, "I" * (n - 1) + "Z")
        assert stats.cost_variance == pytest.approx(g[k], rel=0.05)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_deep_hardware_efficient_limits(n):
    """E f^2 of deep RY, RZ + CX is 1/(2^n + 1); of deep RY + CX 1/(2^(n-1) + 1)."""
    for names, limit in ((("ry", "rz"), 1 / (2**n + 1)), (("ry",), 1 / (2 ** (n - 1) + 1))):
        circuit, fresh = QuantumCircuit(n), Fresh()
        for _ in range(40):
            for q in range(n):
                for name in names:
                    getattr(circuit, name)(fresh(), q)
            for q in range(n - 1):
                circuit.cx(q, q + 1)
        stats = gradient_variance(circuit, "Z" * n, method="exact")
        assert stats.cost_variance + stats.cost_mean**2 == pytest.approx(limit, rel=1e-3)


DEEP_TFIM = [
    ("plus", "IIIIIX", 1 / 11),
    ("zero", "IIIIIZ", 1 / 12),
    ("plus", "IIIIXX", 1 / 33),
    ("zero", "IIIIZZ", 5 / 66),
]


@pytest.mark.parametrize(("state", "observable", "expected"), DEEP_TFIM)
def test_deep_transverse_field_ising(state, observable, expected):
    n = 6
    circuit, fresh = QuantumCircuit(n), Fresh()
    if state == "plus":
        circuit.h(range(n))
    for _ in range(120):
        for q in range(n - 1):
            circuit.rzz(fresh(), q, q + 1)
        for q in range(n):
            circuit.rx(fresh(), q)
    stats = gradient_variance(circuit, observable, method="paths", samples=2_000_000)
    second = stats.cost_variance + stats.cost_mean**2
    assert second == pytest.approx(expected, abs=4 * stats.cost_standard_error + 2e-4)


@pytest.mark.parametrize("n", [6, 10])
def test_deep_ry_cz_line(n):
    """A small algebra whose mid-chain observables are flat: E f^2 = 1/C(n+1, q+1)."""
    circuit, fresh = QuantumCircuit(n), Fresh()
    for _ in range(20 * n):
        for q in range(n):
            circuit.ry(fresh(), q)
        for q in range(n - 1):
            circuit.cz(q, q + 1)
    for q in (0, 1, n // 2):
        label = "".join("Z" if i == q else "I" for i in reversed(range(n)))
        stats = gradient_variance(circuit, label, method="paths", samples=1_000_000)
        assert stats.cost_variance == pytest.approx(
            1 / math.comb(n + 1, q + 1), abs=4 * stats.cost_standard_error + 1e-4
        )


def test_mcclean():
    """RY(pi/4), layers of random-axis rotations and CZ ladders, Z_0 Z_1: 0.02172 at n = 4 and L = 40."""
    n, total, runs = 4, [], 400
    rng = np.random.default_rng(5)
    for seed in range(runs):
        circuit, fresh = QuantumCircuit(n), Fresh()
        circuit.ry(math.pi / 4, range(n))
        for _ in range(10 * n):
            for q in range(n):
                getattr(circuit, rng.choice(["rx", "ry", "rz"]))(fresh(), q)
            for q in range(n - 1):
                circuit.cz(q, q + 1)
        stats = gradient_variance(circuit, "IIZZ", method="paths", samples=4_000, seed=seed)
        total.append(stats.second_moment[0])
    assert np.mean(total) == pytest.approx(0.02172, abs=4 * np.std(total) / math.sqrt(runs))


def test_diagonal_circuits_and_last_layers_have_no_gradient():
    circuit, theta = QuantumCircuit(3), ParameterVector("t", 4)
    circuit.rz(theta[0], 0)
    circuit.rzz(theta[1], 0, 1)
    circuit.cz(1, 2)
    circuit.rz(theta[2], 2)
    circuit.rzz(theta[3], 1, 2)
    assert gradient_variance(circuit, "ZZZ").variance.tolist() == [0.0] * 4
    circuit.ry(Parameter("a"), 0)
    circuit.rz(Parameter("b"), 0)
    stats = gradient_variance(circuit, SparsePauliOp("IIZ"))
    assert stats.variance[stats.parameters.index("a")] == pytest.approx(0.5)
    assert stats.variance[stats.parameters.index("b")] == 0.0


def test_the_frame_counts():
    """H, then RX, O = X: the state H|0> is an eigenstate, so E f = 1 and nothing varies."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.rx(Parameter("a"), 0)
    stats = gradient_variance(circuit, "X")
    assert stats.cost_mean == pytest.approx(1.0)
    assert stats.cost_variance == 0.0
    assert stats.variance.tolist() == [0.0]

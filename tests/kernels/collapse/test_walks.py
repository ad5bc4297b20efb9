"""The kernel against a slow, obvious twin: every branch of every average, by dictionaries of labels."""

import itertools
import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import Operator, SparsePauliOp
from random_circuits import random_observable

from qtrain.budget import Budget
from qtrain.circuits.problem import pose
from qtrain.gradients.collapse import Sampler
from qtrain.gradients.collapse_tape import collapse_tape
from qtrain.kernels.collapse.terms import _trig

LONG = Budget(seconds=3600)


def ansatz(seed, n=3):
    """Controlled rotations and excitations, each with an angle of its own, between T gates and Cliffords."""
    rng = np.random.default_rng(seed)
    thetas = ParameterVector("t", 5)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for theta in thetas:
        q, r = (int(v) for v in rng.permutation(n)[:2])
        kind = rng.choice(["crx", "cry", "crz", "excitation", "ry"])
        if kind == "excitation":
            circuit.rxx(theta, q, r)
            circuit.ryy(theta, q, r)
        elif kind == "ry":
            circuit.ry(theta, q)
        else:
            getattr(circuit, kind)(theta, q, r)
        circuit.t(q)
        circuit.cx(r, q)
    return circuit


def branches(circuit, operator, points=17):
    """E f^2 and E (df)^2 by the sum over all branches: Fourier components of dense operators, gate by gate.

    Behind each parameter's gates the operator is a Fourier series of them; its components part for good.
    """
    parameters = list(circuit.parameters)
    state = np.zeros(2**circuit.num_qubits)
    state[0] = 1
    live = [(operator.to_matrix(), {})]
    gates = list(circuit.data)
    while gates:
        owner = next(iter(gates[-1].operation.params), None)
        owned = []
        while gates and next(iter(gates[-1].operation.params), None) == owner:
            owned.insert(0, gates.pop())
            if owner is None:
                break
        angles = [0.0] if owner is None else 4 * np.pi * np.arange(points) / points
        unitaries = []
        for angle in angles:
            piece = QuantumCircuit(*circuit.qregs)
            for item in owned:
                bound = item.operation if owner is None else type(item.operation)(float(angle))
                piece.append(bound, [circuit.find_bit(q).index for q in item.qubits])
            unitaries.append(Operator(piece).data)
        following = []
        for matrix, wave in live:
            turned = np.array([u.conj().T @ matrix @ u for u in unitaries])
            if owner is None:
                following.append((turned[0], wave))
                continue
            series = np.fft.fft(turned, axis=0) / points  # of exp(i k angle / 2)
            for k in range(points // 2 + 1):
                if np.abs(series[k]).max() < 1e-12:
                    continue
                parts = [series[0]] if k == 0 else [
                    (series[k] + series[-k]) / math.sqrt(2), 1j * (series[k] - series[-k]) / math.sqrt(2),
                ]  # fmt: skip
                following += [(part, {**wave, owner: k / 2}) for part in parts if np.abs(part).max() > 1e-12]
        live = following
    values = [((state @ matrix @ state).real ** 2, wave) for matrix, wave in live]
    cost = sum(value for value, _ in values)
    return cost, np.array([sum(v * w.get(p, 0) ** 2 for v, w in values) for p in parameters])


@pytest.mark.parametrize("seed", range(6))
def test_walks_draw_what_the_twin_sums(seed):
    circuit, operator = ansatz(seed), random_observable(seed, 3, 3)
    cost, second = branches(circuit, operator)
    problem = pose(circuit, operator, budget=LONG)
    sampler = Sampler(problem, collapse_tape(problem), 4096)
    sampler.draw(20000)
    n = sampler.counts[0]
    first, square = sampler.powers[:2] / n
    error = np.sqrt(np.maximum(square - first**2, 0) / n)
    assert not sampler.counts[1]
    assert np.all(np.abs(first - np.append(second, cost)) <= 5 * error + 1e-9)


def test_the_twin_on_what_is_known_by_hand():
    circuit = QuantumCircuit(1)
    circuit.ry(ParameterVector("t", 1)[0], 0)
    cost, second = branches(circuit, SparsePauliOp("Z"))
    assert (cost, second[0]) == (pytest.approx(0.5), pytest.approx(0.5))


def test_products_of_trigonometric_functions():
    points = np.linspace(0, 6, 50)

    def value(digit):
        k = (digit + 1) // 2
        return np.cos(k * points) if digit % 2 or digit == 0 else np.sin(k * points)

    for digit, m in itertools.product(range(9), range(1, 5)):
        for parts, factor in (((0, 1), np.cos(m * points)), ((2, 3), np.sin(m * points))):
            found = [_trig.py_func(digit, m, part) for part in parts]
            total = sum(share * value(new) for new, share in found if new >= 0)
            np.testing.assert_allclose(total, value(digit) * factor, atol=1e-12)

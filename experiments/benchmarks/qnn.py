"""Gradients of quantum neural networks: qtrain's adjoint method against Qiskit Machine Learning's default.

    python experiments/benchmarks/qnn.py [--quick]

Both sides are an EstimatorQNN of the same circuit, the same data and the same observable on a StatevectorEstimator
at precision 0, so both gradients are exact; they are compared before they are timed. A step is a backward and a
forward pass over the batch; a fit is NeuralNetworkClassifier with L-BFGS-B from the same start.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from qiskit.circuit.library import efficient_su2, z_feature_map
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.algorithms import NeuralNetworkClassifier
from qiskit_machine_learning.neural_networks import EstimatorQNN
from qiskit_machine_learning.optimizers import L_BFGS_B

import qtrain

BATCH = 8
GOAL = 20


def seconds(function: Callable[[], object], repeats: int) -> float:
    """Median of the repeats."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def network(n: int, *, fast: bool) -> EstimatorQNN:
    data, ansatz = z_feature_map(n, reps=1), efficient_su2(n, reps=2)
    estimator = StatevectorEstimator()
    return EstimatorQNN(
        circuit=data.compose(ansatz), estimator=estimator,
        observables=SparsePauliOp.from_sparse_list([("Z", [q], 1 / n) for q in range(n)], num_qubits=n),
        input_params=list(data.parameters), weight_params=list(ansatz.parameters), default_precision=0.0,
        gradient=qtrain.AdjointEstimatorGradient(estimator) if fast else None,
    )  # fmt: skip


def step(net: EstimatorQNN, data: np.ndarray, weights: np.ndarray) -> None:
    net.forward(data, weights)
    net.backward(data, weights)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    rng = np.random.default_rng(0)
    for n in (4,) if quick else (4, 6, 8):
        data, nets = rng.uniform(-1, 1, (BATCH, n)), {fast: network(n, fast=fast) for fast in (True, False)}
        weights = rng.uniform(-3, 3, nets[True].num_weights)
        gradients = {fast: net.backward(data, weights)[1] for fast, net in nets.items()}  # and kernels are compiled
        error = np.abs(gradients[True] - gradients[False]).max()
        ours = seconds(partial(step, nets[True], data, weights), 5)
        theirs = seconds(partial(step, nets[False], data, weights), 1 if n > 6 else 3)
        print(
            f"step  n={n} weights={len(weights):3d} batch={BATCH}: adjoint {ours * 1e3:8.2f} ms, parameter shift "
            f"{theirs * 1e3:9.1f} ms, ratio {theirs / ours:6.0f} (goal {GOAL}), largest difference {error:.1e}",
            flush=True,
        )
    n = 4
    data = rng.uniform(-1, 1, (20, n))
    labels = np.where(data[:, 0] * data[:, 1] > 0, 1, -1)
    results = {}
    for fast in (True, False):
        net = network(n, fast=fast)
        model = NeuralNetworkClassifier(net, optimizer=L_BFGS_B(maxiter=2 if quick else 5), initial_point=np.full(net.num_weights, 0.1))
        start = time.perf_counter()
        model.fit(data, labels)
        results[fast] = (time.perf_counter() - start, model.score(data, labels), model.fit_result.fun)
    (ours, score, loss), (theirs, other, other_loss) = results[True], results[False]
    print(
        f"fit   n={n} 20 samples: adjoint {ours:.2f} s (score {score:.2f}, loss {loss:.6f}), parameter shift {theirs:.1f} s "
        f"(score {other:.2f}, loss {other_loss:.6f}), ratio {theirs / ours:.0f} (goal {GOAL})"
    )


if __name__ == "__main__":
    main()

"""One registered architecture through the doors of Qiskit Machine Learning and scikit-learn, on two of the irises.

    python experiments/006_qml_doors/run.py

Half of the data trains, the other half is scored. VQC reads qubit 0 if nobody says otherwise; here it reads the last one,
which sees more of the data. ``expected.json`` says what must come out; the exit code is 1 if it does not.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from qiskit.circuit.library import z_feature_map
from qiskit_machine_learning.algorithms import QSVC, VQC, VQR, NeuralNetworkClassifier, NeuralNetworkRegressor
from qiskit_machine_learning.kernels import FidelityStatevectorKernel
from qiskit_machine_learning.optimizers import COBYLA, L_BFGS_B
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import qtrain

HERE = Path(__file__).parent
FEATURES = 2


def data() -> tuple[np.ndarray, ...]:
    """Versicolor and virginica, their petals, in [-1, 1]: train data, test data, train labels, test labels."""
    X, y = load_iris(return_X_y=True)
    X, y = MinMaxScaler((-1, 1)).fit_transform(X[50:, 2:]), 2 * y[50:] - 3
    return X[::2], X[1::2], y[::2], y[1::2]


def last_bit(outcome: int) -> int:
    """What the last qubit gave."""
    return (outcome >> (FEATURES - 1)) & 1


def models(entry: qtrain.RegistryEntry) -> dict[str, object]:
    def start(size: int) -> np.ndarray:
        return np.full(size, 0.1)

    qnn, sampler = entry.qnn(), entry.qnn(kind="sampler")
    twice = entry.qnn(reuploads=2, observables="each")
    ansatz, feature_map = entry.circuit(), z_feature_map(FEATURES, reps=1)
    encoded = feature_map.compose(ansatz.assign_parameters(start(ansatz.num_parameters))).compose(feature_map)
    common = {"initial_point": start(qnn.num_weights)}
    architectures = ["real_amplitudes", "efficient_su2", entry.architecture]
    return {
        "NeuralNetworkClassifier": NeuralNetworkClassifier(qnn, optimizer=L_BFGS_B(maxiter=20), **common),
        "the same, sampler": NeuralNetworkClassifier(sampler, optimizer=COBYLA(maxiter=40), **common),
        "NeuralNetworkRegressor, twice": NeuralNetworkRegressor(
            entry.qnn(reuploads=2), optimizer=L_BFGS_B(maxiter=20), initial_point=start(twice.num_weights)
        ),
        "VQC": VQC(
            feature_map=feature_map, ansatz=ansatz, optimizer=COBYLA(maxiter=40), interpret=last_bit, output_shape=2, **common
        ),
        "VQR": VQR(feature_map=feature_map, ansatz=ansatz, optimizer=COBYLA(maxiter=40), observable=qnn.observables[0], **common),
        "QSVC": QSVC(quantum_kernel=FidelityStatevectorKernel(feature_map=encoded)),
        "GridSearchCV": GridSearchCV(
            make_pipeline(MinMaxScaler(), qtrain.TrainableQNNClassifier(num_qubits=2, steps=30, random_state=0)),
            {"trainableqnnclassifier__architecture": architectures},
            cv=2,
        ),
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as home:  # a registry of its own
        os.environ["QTRAIN_HOME"] = home
        qtrain.register(qtrain.RegistryEntry("doors", qtrain.Architecture((qtrain.Layer(("ry", "rz"), "cx"),), 2), FEATURES))
        entry = qtrain.load("doors")
    train, test, labels, truth = data()
    scores = {}
    for name, model in models(entry).items():
        zero_one = "sampler" in name or name == "VQC"
        begin = time.perf_counter()
        model.fit(train, (labels + 1) // 2 if zero_one else labels)
        # Regressors are scored as classifiers: by the sign of what they predict.
        predicted = np.asarray(model.predict(test)).reshape(len(test))
        scores[name] = float(np.mean((predicted > (0.5 if zero_one else 0)) == (truth > 0)))
        print(f"{name:30s} test accuracy {scores[name]:.2f}, {time.perf_counter() - begin:5.1f} s", flush=True)
    expected = json.loads((HERE / "expected.json").read_text())
    missed = [name for name, least in expected.items() if scores[name] < least]
    print("As expected." if not missed else f"Not as expected.json says: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

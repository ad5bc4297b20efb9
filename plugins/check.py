"""Install every winner package into a fresh environment and use it there: pip, transpile, train, list.

    python plugins/check.py [PYTHON ...]

Without arguments: this Python, and the newest supported one that is on PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NEWEST = ("python3.13", "python3.12")

USE = """
import sys
import numpy as np
import qtrain
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import z_feature_map
from qiskit.quantum_info import Operator, Statevector
from qiskit.transpiler import CouplingMap, PassManager
from qiskit.transpiler.passes import CheckMap, HLSConfig
from qiskit_ibm_runtime.fake_provider import FakeTorino
from qiskit_machine_learning.algorithms import VQC
from qiskit_machine_learning.optimizers import COBYLA

name = sys.argv[1]
entry = qtrain.load(name)
device, width = FakeTorino(), entry.num_qubits
circuit = QuantumCircuit(width)
circuit.append(qtrain.TrainableAnsatz(width, name), range(width))
for level in (1, 3):
    done = transpile(circuit, device, hls_config=HLSConfig(trainable_ansatz=[name]), optimization_level=level,
                     seed_transpiler=0)
    check = PassManager([CheckMap(CouplingMap(device.coupling_map.get_edges()))])
    check.run(done)
    assert check.property_set["is_swap_mapped"], "the circuit breaks the coupling map"
    assert list(done.parameters) == list(circuit.parameters), "the parameters changed their order"
    if width <= 8:
        angles = np.random.default_rng(0).uniform(-3, 3, circuit.num_parameters)
        used = sorted({done.find_bit(q).index for item in done.data for q in item.qubits})
        small = QuantumCircuit(len(used))
        for item in done.data:
            if item.operation.name != "barrier":
                small.append(item.operation, [used.index(done.find_bit(q).index) for q in item.qubits])
        small = small.assign_parameters(angles)
        body = entry.circuit(width).assign_parameters(angles).to_gate()
        start = [used.index(q) for q in done.layout.initial_index_layout(filter_ancillas=True)]
        end = [used.index(q) for q in done.layout.final_index_layout(filter_ancillas=True)]
        expected = QuantumCircuit(len(used))
        expected.append(body, end)  # idle wires are |0>, wherever routing moved them
        assert Statevector(small).equiv(Statevector(expected)), "the state changed"
        if start == end:
            assert Operator(small).equiv(Operator(expected)), "the unitary changed"
data = np.random.default_rng(0).uniform(-1, 1, (12, width))
labels = (data[:, 0] > 0).astype(int)
model = VQC(feature_map=z_feature_map(width, reps=1), ansatz=entry.circuit(), optimizer=COBYLA(maxiter=8))
model.fit(data, labels)
print(f"{name}: transpiles for FakeTorino to {dict(done.count_ops())}, and trains in a VQC")
"""


def run(*command: object, cwd: Path) -> str:
    """Output of a command; its own text, and the end of the check, where it fails."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "QTRAIN"))}
    environment["QTRAIN_HOME"] = str(cwd / "registry")
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=cwd, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def check(python: str, packages: list[Path]) -> None:
    """One fresh environment with qtrain and all packages."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run(python, "-m", "venv", folder / "venv", cwd=folder)
        own = folder / "venv" / "bin" / "python"
        run(own, "-m", "pip", "install", "-q", f"{HERE.parent}[devices]", "pytest", *packages, cwd=folder)
        for package in packages:
            name = package.name.removeprefix("qtrain-ansatz-")
            print(run(own, "-c", USE, name, cwd=folder).strip())
            run(own, "-m", "pytest", "-q", "-p", "no:cacheprovider", package / "tests", cwd=folder)
            assert name in run(own.parent / "qtrain", "list", "--json", cwd=folder)


def main() -> None:
    """Every package under every Python."""
    packages = sorted(HERE.glob("qtrain-ansatz-*"))
    newest = next(filter(None, map(shutil.which, NEWEST)), None)
    pythons = sys.argv[1:] or list(dict.fromkeys(filter(None, [sys.executable, newest])))
    for python in pythons:
        place = Path(shutil.which(python) or python).absolute()  # commands run in folders of their own
        check(str(place), packages)
        print(f"{len(packages)} packages work under {run(place, '--version', cwd=HERE).strip()}")


if __name__ == "__main__":
    main()

"""A registered architecture as a package that pip installs: data, entry points and evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from qtrain.architecture.architecture import REQUIRES
from qtrain.errors import QTrainError
from qtrain.files.writing import write_text
from qtrain.registry.registry import EVIDENCE, RegistryEntry, load

VERSION = "1.0.0"

_PYPROJECT = Template("""[build-system]
requires = ["hatchling>=1.26"]
build-backend = "hatchling.build"

[project]
name = "qtrain-ansatz-$slug"
version = "$version"
description = "$slug: an ansatz found by qtrain, for Qiskit's transpiler and quantum neural networks"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["qtrain>=$requires"]

[project.entry-points."qiskit.synthesis"]
"trainable_ansatz.$slug" = "$module:Synthesis"

[project.entry-points."qtrain.architectures"]
"$slug" = "$module"

[tool.hatch.build.targets.wheel]
packages = ["$module"]
""")

_MODULE = Template('''"""$slug, an ansatz found by qtrain: data in architecture.json, evidence in evidence.json."""

from qtrain.qiskit_plugins import TrainableAnsatzSynthesis


class Synthesis(TrainableAnsatzSynthesis):
    """Entry point ``trainable_ansatz.$slug``: synthesises this ansatz, and no other."""

    architecture_name = "$slug"
''')

_TEST = Template('''"""The installed package is found, is what it was, and fits into Qiskit's transpiler."""

import numpy as np
import qtrain
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Operator
from qiskit.transpiler.passes import HLSConfig


def test_the_entry_is_found_and_unaltered():
    entry = qtrain.load("$slug")
    assert entry.architecture.content_id == "$content_id"
    assert "$slug" in qtrain.names()


def test_it_transpiles_to_the_same_unitary():
    entry = qtrain.load("$slug")
    width = entry.num_qubits if entry.num_qubits <= 8 else entry.architecture.num_qubits or 4
    circuit = QuantumCircuit(width)
    circuit.append(qtrain.TrainableAnsatz(width, "$slug"), range(width))
    config = HLSConfig(trainable_ansatz=["$slug"])
    done = transpile(circuit, basis_gates=["rz", "sx", "x", "cz"], hls_config=config, optimization_level=1)
    assert list(done.parameters) == list(circuit.parameters)
    if width <= 8:
        angles = np.random.default_rng(0).uniform(-3, 3, circuit.num_parameters)
        expected = Operator(entry.circuit(width).assign_parameters(angles))
        assert Operator(done.assign_parameters(angles)).equiv(expected)
''')

_README = Template("""# qtrain-ansatz-$slug

An ansatz found by qtrain, ready for Qiskit's transpiler and for quantum neural networks.

    $summary

| | |
|---|---|
$table

```
$drawing
```

## Use

```
pip install ./qtrain-ansatz-$slug      # this folder
```

```python
import qtrain

entry = qtrain.load("$slug")
circuit = entry.circuit()        # a QuantumCircuit with free parameters
qnn = entry.qnn()                # an EstimatorQNN with explicit observables
gate = qtrain.TrainableAnsatz(entry.num_qubits, "$slug")   # one gate; transpile() writes it out
```

`HLSConfig(trainable_ansatz=["$slug"])` names this package's synthesis method. The package holds data alone:
`architecture.json` (content id `$content_id`) and `evidence.json` (the trainability report, the objectives, the study
and the versions it was found with).
""")


def package(name: str, output: str | Path) -> Path:
    """Write the package ``qtrain-ansatz-<name>`` of a registered architecture into a folder.

    Args:
        name: a registered name. output: the folder in which the package's own folder is made, or renewed.

    Returns:
        the package's folder.

    Raises:
        QTrainError: unknown name, a folder of that name that is something else, or one that cannot be written.

    Example:
        >>> import tempfile
        >>> from qtrain.architecture.catalogue import hva_tfim
        >>> from qtrain.registry.registry import register
        >>> _ = register(RegistryEntry("tfim-10", hva_tfim(reps=4), 10))
        >>> package("tfim-10", tempfile.mkdtemp()).name
        'qtrain-ansatz-tfim-10'
    """
    entry = load(name)
    module = "qtrain_ansatz_" + name.replace("_", "__").replace("-", "_")  # no two slugs share a module
    folder = Path(output) / f"qtrain-ansatz-{name}"
    known = folder / module / "architecture.json"
    if folder.exists() and not known.is_file():
        raise QTrainError(f"output should be free for {folder.name}. Got {folder}, which is something else: move it.")
    data = entry.to_dict()
    evidence = {key: data.pop(key) for key in (*EVIDENCE, "digest") if key in data}
    words = {
        "slug": name, "module": module, "version": VERSION, "requires": REQUIRES, "summary": entry.architecture.summary,
        "content_id": entry.architecture.content_id, "table": _table(entry),
        "drawing": entry.architecture.summary if entry.num_qubits > 12 else str(entry.circuit().draw("text", fold=110)),
    }  # fmt: skip
    files = {
        "pyproject.toml": _PYPROJECT.substitute(words),
        "README.md": _README.substitute(words),
        f"{module}/__init__.py": _MODULE.substitute(words),
        f"{module}/architecture.json": json.dumps(data, indent=1, sort_keys=True) + "\n",
        f"{module}/evidence.json": json.dumps(evidence, indent=1, sort_keys=True) + "\n",
        "tests/test_winner.py": _TEST.substitute(words),
    }
    try:
        for place, text in files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text, "output")
    except OSError as error:
        raise QTrainError(f"output should be a folder that can be written. Got {folder}: {error}.") from None
    return folder


def _table(entry: RegistryEntry) -> str:
    circuit = entry.circuit()
    joined = sum(len(item.qubits) == 2 for item in circuit.data)
    rows: dict[str, Any] = {
        "qubits": entry.num_qubits,
        "parameters": circuit.num_parameters,
        "two-qubit gates": joined,
        "two-qubit depth": circuit.depth(lambda item: len(item.qubits) == 2),
        "every width": "no" if entry.architecture.num_qubits else "yes",
    }
    if entry.architecture.uploads > 1:
        rounds = entry.architecture.uploads
        rows["data"] = f"encoded {rounds} times in a QNN, each followed by this ansatz with weights of its own"
    figures = {key: value for key, value in entry.objectives.items() if isinstance(value, (int, float))}
    rows |= {f"objective: {key.replace('_', ' ')}": f"{value:.6g}" for key, value in figures.items()}
    report: Mapping[str, Any] = entry.report if isinstance(entry.report, Mapping) else {}
    if report.get("summary"):
        rows["trainability report"] = report["summary"]
    algebra = report.get("dla") or {}
    if algebra.get("algebra"):
        rows["Lie algebra"] = f"{algebra['algebra']}, dimension {algebra['dimension']}"
    cheapest = (report.get("simulability") or {}).get("verdict")
    if cheapest:
        rows["classical simulation"] = cheapest
    rows["found in study"] = entry.study or "–"
    rows["MLflow run"] = entry.run_id or "–"
    rows |= dict(entry.versions)
    return "\n".join(f"| {_cell(key)} | {_cell(value)} |" for key, value in rows.items())


def _cell(value: Any) -> str:
    """One cell of a table: text from a registry entry must not open another one, or a tag."""
    return " ".join(str(value).replace("|", "/").replace("<", "‹").replace(">", "›").split())

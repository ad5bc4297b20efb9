"""What a user does not use is not loaded: seen from a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"mlflow", "matplotlib", "optuna", "numba", "qiskit_machine_learning", "sklearn", "torch", "rich"}


def loaded_by(code: str) -> set[str]:
    """Top-level packages in ``sys.modules`` after ``code``."""
    code += "\nimport json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_qtrain_is_light():
    assert not loaded_by("import qtrain") & (HEAVY | {"qiskit", "numpy", "networkx"})


def test_architecture_needs_no_qiskit():
    assert not loaded_by("from qtrain import Architecture, Layer") & (HEAVY | {"qiskit"})


def test_help_needs_no_physics():
    code = "from qtrain.cli.app import main\ntry:\n    main(['--help'])\nexcept SystemExit as e:\n    assert e.code == 0"
    assert not loaded_by(code) & {"qiskit", "numba", "mlflow", "optuna", "matplotlib", "numpy", "sklearn", "pydantic", "psutil"}


@pytest.mark.parametrize("name", ["dla", "light_cone", "gradient_variance", "diagnose"])
def test_criteria_need_no_search_and_no_tracking(name):
    loaded = loaded_by(f"import qtrain; assert callable(qtrain.{name})")
    assert not loaded & {"mlflow", "optuna", "matplotlib", "qiskit_machine_learning", "sklearn"}
    assert "qiskit" in loaded  # the probe itself works

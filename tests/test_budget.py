"""A budget is kept: every parameter has a value or a bound, whatever the circuit and however little time there is."""

import importlib.util
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numba
import numpy as np
import pytest
from qiskit.circuit.library import real_amplitudes

from qtrain import Budget, diagnose
from qtrain.budget import clock
from qtrain.circuits.problem import pose

CORPUS = Path(__file__).parents[1] / "experiments" / "008_corpus" / "circuits.py"
REPORT = """
    import importlib.util, sys
    import numpy as np
    from qtrain import Budget, diagnose
    spec = importlib.util.spec_from_file_location("circuits", sys.argv[1])
    circuits = importlib.util.module_from_spec(spec)
    sys.modules["circuits"] = circuits
    spec.loader.exec_module(circuits)
    for asked in sys.argv[2:]:
        name, n, seconds = asked.split("|")
        circuit, observable, options = circuits.pose(circuits.CASES[name], int(n))
        report = diagnose(circuit, observable, budget=Budget(seconds=float(seconds)), **options)
        stats = report.gradients
        assert np.isfinite(stats.upper).all() and (stats.lower <= stats.upper).all(), name
        known = np.isfinite(stats.second_moment)
        told = known & ((stats.second_moment > 1.96 * np.nan_to_num(stats.standard_error)) | (stats.second_moment < report.threshold))
        for verdict, value, clear in zip(report.verdicts, known, told, strict=True):
            assert value or verdict.upper < np.inf, name
            assert not clear or not verdict.cause.startswith("unknown"), name
        print(name, "done")
"""
FAMILIES = [
    "qaoa 3-regular p=3", "qaoa weighted ring p=1", "uccsd 2 electrons", "iqp complete", "sim 5 parity",
    "controlled phases complete", "zz_feature_map + weights", "adapt 12", "weights behind T gates",
    "excitation_preserving full Z", "qcnn shared", "hva heisenberg 4",
]  # fmt: skip


def run(script: str, *arguments: str, patience: float) -> str:
    """In a process of its own: one that hangs is killed, and fails."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments], capture_output=True, text=True,
        timeout=patience, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("n", [4, 60])
def test_every_parameter_has_a_value_or_a_bound_in_half_a_second(n):
    asked = [f"{name}|{n}|0.5" for name in FAMILIES]
    assert run(REPORT, str(CORPUS), *asked, patience=900).count("done") == len(FAMILIES)


def test_a_thousand_qubits():
    asked = [f"{name}|1000|1" for name in ("qaoa ring p=2", "qaoa 3-regular p=1", "efficient_su2 linear tfim")]
    assert run(REPORT, str(CORPUS), *asked, patience=900).count("done") == 3


def test_memory_is_kept():
    """20 qubits with shared angles: their states alone would take half a gigabyte."""
    script = """
        import resource
        import qtrain
        from qiskit.circuit.library import excitation_preserving
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        budget = qtrain.Budget(seconds=3, memory_bytes=64 * 2**20)
        qtrain.diagnose(excitation_preserving(4, reps=1), "ZZZZ", budget=budget)  # compiled
        before = peak()
        qtrain.diagnose(excitation_preserving(20, reps=2), "Z" * 20, budget=budget)
        print(peak() - before)
    """
    assert float(run(script, patience=600)) < 256 * 2**20  # the working set, and what compiled code takes


def test_what_there_was_no_time_for_is_said():
    report = diagnose(real_amplitudes(4, reps=1), "ZIII", budget=Budget(seconds=1e-9))
    assert report.dla is None and report.simulability is None and report.expressivity is None
    for name in ("dla", "simulability", "expressivity"):
        assert f"{name}: not looked at, as the budget had ended." in report.notes
    assert np.isfinite(report.gradients.upper).all()


def test_thorough_spends_more(monkeypatch):
    asked = []
    real = Budget.__post_init__
    monkeypatch.setattr(Budget, "__post_init__", lambda self: (asked.append(self.seconds), real(self))[1])
    diagnose(real_amplitudes(2, reps=1), "IZ")
    quick = max(asked)
    diagnose(real_amplitudes(2, reps=1), "IZ", thorough=True)
    assert quick == 5 and max(asked) == 30


def test_shares_of_what_is_left():
    problem = pose(real_amplitudes(2, reps=1), "IZ", budget=Budget(seconds=100))
    assert 0 < problem.share(0.1) <= 10
    late = problem.again(budget=Budget(seconds=1e-9))
    assert late.share() == 0.0 and late.left < 0
    assert late.hurried(0.5).left <= 1e-3
    sooner = problem.hurried(0.5)
    assert sooner.left <= 50 and sooner.parts is problem.parts


def test_the_clock_stands_still_while_code_is_compiled():
    began, stands = time.monotonic(), clock()

    @numba.njit
    def fresh(x):
        return x * x + np.sin(x)

    fresh(1.0)
    stood, passed = clock() - stands, time.monotonic() - began
    assert stood < passed / 2


def test_the_corpus_is_whole():
    spec = importlib.util.spec_from_file_location("corpus_circuits", CORPUS)
    circuits = importlib.util.module_from_spec(spec)
    sys.modules["corpus_circuits"] = circuits
    spec.loader.exec_module(circuits)
    for case in circuits.CASES.values():
        circuit, observable, *_ = case.build(case.sizes[0])
        assert circuit.num_qubits == observable.num_qubits == case.sizes[0] and circuit.num_parameters

"""Results say in one line what a reader wants, and show a small table; their data are untouched."""

from __future__ import annotations

import copy
import pickle
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from figures import report_of, study_of, verdict
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp

import qtrain
from qtrain.architecture.catalogue import hva_tfim
from qtrain.diagnosis.results import Certificate, Expressivity, Simulability
from qtrain.json_results import JsonResult
from qtrain.lie.growth import decide
from qtrain.triviality.intervals import Interval
from qtrain.triviality.results import Finding, Floor, Score


def audit_of(interval):
    findings = (Finding("entanglement", "hurts", "removing entanglement hurts", "a", "b", interval),)
    scores = (Score("a", "quantum", interval, interval, 0.1), Score("b", "product", skipped="the time was over"))
    return qtrain.Audit("d.csv", 40, 2, 0, {"x": 20, "y": 20}, "qcnn", "entanglement helps", "it does", findings, scores,
                        Floor(0.6, 0.5, 0.7, 0.1, 19), 0.5, 0.5)  # fmt: skip


def learned():
    """A state, its shadows and what reads them."""
    state = qtrain.GroundState((np.array([[[1.0], [0.0]]]),) * 4, -1.0, 1e-9, 2)
    shadows = qtrain.collect_shadows(list(state.tensors), shots=50)
    network = qtrain.ConvolutionalNetwork(4)
    image = network.image(weight=1)
    circuit = real_amplitudes(4, reps=1)
    model = qtrain.shadow_model(circuit, "IIIZ", [shadows])
    return state, shadows, shadows.estimate("IIIZ"), model, image, qtrain.PhaseClassifier(network, image, num_classes=2)


HOSTILE = "<script>alert('&')</script>"


@pytest.fixture(scope="module")
def results():
    """One of every public kind, by name."""
    report = qtrain.diagnose(real_amplitudes(2, reps=1), "ZZ")
    sizes = (3, 4, 5, 6, 7)
    n = np.array(sizes, float)
    trend = qtrain.Scaling(
        sizes, np.exp(-n), np.exp(-n), n * 0, n, "exponential", 1.0, 0.9, 1.1, {}, True, 100, 9.0, "it decays."
    )
    entry = qtrain.RegistryEntry("tfim", hva_tfim(reps=4), 8, objectives={"task_loss": 0.1})
    run = {"loss": 0.1, "retrained": 0.1}
    made = [
        report, report.gradients, report.light_cone, report.dla, report.simulability, report.expressivity,
        report.verdicts[0], report.simulability.certificates[0], trend,
        qtrain.DLAGrowth(sizes, (None,) * 5, decide(sizes, [k * k for k in sizes], [True] * 5)),
        decide(sizes, [4**k for k in sizes], [True] * 5),
        study_of({"task_loss": [0.1, 0.2], "parameters": [3, 2]}), entry, entry.architecture,
        qtrain.local(real_amplitudes(2, reps=1), "IZ", [0.1] * 4), qtrain.grow("-1*ZZ - 1*XI", max_gates=2),
        qtrain.clifford_point(qtrain.lower(real_amplitudes(2, reps=1)), SparsePauliOp(["ZZ"])),
        audit_of(Interval(0.5, 0.4, 0.6)),
        *learned(), qtrain.RandomCircuits(3).variance([2, 9], "Z0 Z1"),
        qtrain.pretrain(real_amplitudes(2, reps=1), "ZZ", start="clifford", budget=qtrain.Budget(seconds=1)),
        qtrain.Benchmark("ising", (0, 1), False, {"search": {0: run, 1: run}, "mine": {0: run, 1: run}}),
    ]  # fmt: skip
    return {type(result).__name__ + (f"{k}" if isinstance(result, qtrain.Growth) else ""): result for k, result in enumerate(made)}


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], set()
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_result_is_a_line(results):
    for name, result in results.items():
        text = repr(result)
        assert text.startswith(f"<{type(result).__name__}: ") and text.endswith(">"), name
        assert len(text) < 300 and "\n" not in text and "array(" not in text, text


def test_every_result_is_a_small_table(results):
    for name, result in results.items():
        html = result._repr_html_()
        assert Tags(html).seen <= {"div", "table", "caption", "tbody", "tr", "th", "td"}, name
        assert not re.search(r"color:\s*#|background", html), f"{name} should read on any ground"
        assert len(html) < 15_000, name


def test_what_is_shown_is_escaped():
    found = Simulability(True, HOSTILE, (Certificate(HOSTILE, True, 1.0, 0.0, "classical", ""),))
    shadows = qtrain.Shadows([[2]], [[0]], source=HOSTILE + "\n" * 300 + "x" * 300)
    for shown in (found, shadows):
        assert "<script" not in shown._repr_html_() and "&lt;script" in shown._repr_html_()
    assert "\n" not in repr(shadows) and len(repr(shadows)) < 200


def test_what_is_said_is_what_a_reader_wants(results):
    report = results["TrainabilityReport"]
    assert "2 qubits, 4 parameters (" in repr(report) and f"{report.shots:,} shots" in repr(report)
    assert "n = 3, 4, 5, 6, 7: it decays" in repr(results["Scaling"])
    assert "1 on the front, winner 0" not in repr(results["SearchResult"]) and "2 on the front" in repr(results["SearchResult"])
    assert "8 qubits, 8 parameters" in repr(results["RegistryEntry"])
    assert "polynomial of degree 2: n^2" in repr(results["DLAGrowth"])
    assert "4 qubits, bond 1; energy -1" in repr(results["GroundState"]) and "50 shots" in repr(results["Shadows"])
    assert "2 classes, 4 qubits" in repr(results["PhaseClassifier"]) and "not trained" in repr(results["PhaseClassifier"])
    assert "exact, 2 depths; at 9 layers" in repr(results["EnsembleVariance"])
    empty = Expressivity(0, True, 3.0)
    assert "expressibility –" in repr(empty)


def test_data_are_untouched(results):
    for name, result in results.items():
        back = pickle.loads(pickle.dumps(result))
        assert repr(back) == repr(result) == repr(copy.copy(result)), name
        if isinstance(result, JsonResult):
            assert repr(type(result).from_json(result.to_json())) == repr(result), name
    assert Expressivity(1, True, 3.0, 0.5, 0.5, 0.5, 0.4, 0.6) == Expressivity(1, True, 3.0, 0.5, 0.5, 0.5, 0.4, 0.6)
    assert Expressivity(1, True, 3.0) != Expressivity(2, True, 3.0)
    simulability = results["Simulability"]
    assert copy.deepcopy(simulability).surrogates and copy.copy(simulability).surrogate is simulability.surrogate
    back = pickle.loads(pickle.dumps(simulability))
    assert back == simulability and back.surrogates == {} and back.surrogate is None
    certificate = simulability.certificates[0]
    assert Certificate.from_json(certificate.to_json()) == certificate


def test_reports_of_many_parameters_are_as_short():
    many = report_of([verdict(k, "healthy", 0.1, 0.1, 0.1) for k in range(840)])
    assert len(repr(many)) < 200


def test_looking_needs_no_more_than_is_looked_at():
    from test_lazy_imports import loaded_by

    code = "import qtrain; r = qtrain.DLAGrowth.__mro__; from qtrain.lie.result import DLAResult; repr(DLAResult(3, True, 'su(2)', 3, 'x'))"
    assert not loaded_by(code) & {"matplotlib", "rich", "mlflow", "optuna"}

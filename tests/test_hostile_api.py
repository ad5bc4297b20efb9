"""Wrong calls from Python: a QTrainError with one sentence that names what is wrong, whatever it is."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp

import qtrain
from qtrain import Budget, QTrainError, TrainabilityReport, catalogue
from qtrain.qml.qnn import build_qnn

GOOD = real_amplitudes(2, reps=1)
FAMILY = catalogue.real_amplitudes(reps=1)
STEEP = QuantumCircuit(1)
STEEP.rx(Parameter("a"), 0)
NAN, INF, HUGE = float("nan"), float("inf"), 10**400


def raising(n):
    raise RuntimeError("mine")


def raw(**changes):
    return json.dumps(json.loads(qtrain.diagnose(GOOD, "IZ").to_json()) | changes)


QUESTIONS = {
    "diagnose": lambda *a, **k: qtrain.diagnose(*a, **k),
    "gradient_variance": lambda *a, **k: qtrain.gradient_variance(*a, **k),
}
# Of every question about a circuit: one wrong argument at a time.
OPTIONS = {
    "budget": [3, "5", 1.5, True, object()], "seed": [-1, 1.5, "0", None, True, HUGE, NAN], "noise": [-0.1, 2, NAN, "", [], object()],
    "initialization": ["cold", 3, None, ("small",), ("small", NAN), ("gaussian", -1)], "inputs": ["zzz", [object()]],
    "data": [[[1.0]], "x", [[NAN]]],
}  # fmt: skip
CIRCUITS = [None, 3, "nowhere.qasm", b"", [], QuantumCircuit(0), QuantumCircuit(2), QuantumCircuit(2, 1), object]
OBSERVABLES = [None, 3, "", "ZZZ", "ZQ", "1e999*ZZ", "1e308*ZZ", "1e-320*ZZ", [], b"ZZ", object(), SparsePauliOp("ZZ", 1j), SparsePauliOp("ZZ", NAN),
               SparsePauliOp("ZZ", [Parameter("c")]), SparsePauliOp("ZZZ"), SparsePauliOp(["ZZ", "XX"], [1e308, 1e308])]  # fmt: skip

CALLS: dict[str, object] = {}
for name, question in QUESTIONS.items():
    for option, values in OPTIONS.items():
        for k, value in enumerate(values):
            CALLS[f"{name}({option} {k})"] = (question, (GOOD, "IZ"), {option: value}, option)
    for k, circuit in enumerate(CIRCUITS):
        CALLS[f"{name}(circuit {k})"] = (question, (circuit, "IZ"), {}, "circuit")
    for k, observable in enumerate(OBSERVABLES):
        CALLS[f"{name}(observable {k})"] = (question, (GOOD, observable), {}, "observable")
for k, value in enumerate([0, -1, 1.5, "x", None, True, NAN, HUGE]):
    CALLS[f"diagnose(shots {k})"] = (qtrain.diagnose, (GOOD, "IZ"), {"shots": value}, "shots")
    CALLS[f"local(shots {k})"] = (qtrain.local, (GOOD, "IZ", [0.0] * 4), {"shots": value}, "shots")
for k, value in enumerate([[], [-1], [3.5, 4, 5, 6], [4, 5, 6], [4, 4, 4, 4], "4567", 4, [0, 1, 2, 3], [True, 2, 3, 4], [NAN] * 4, [HUGE, 1, 2, 3.5]]):
    CALLS[f"scaling(sizes {k})"] = (qtrain.scaling, (FAMILY, "Z0", value), {}, "sizes")
for k, value in enumerate([[], [-1], [3.5], "45", 4, [0], [True], [NAN], [4, 4]]):
    CALLS[f"dla_growth(sizes {k})"] = (qtrain.dla_growth, (FAMILY, value), {}, "sizes")
for k, value in enumerate([lambda n: 3, lambda n: "ZZ", lambda n: None, raising, 3, None, "magic", lambda n: "1e300*" + "Z" * n]):
    CALLS[f"scaling(observable {k})"] = (qtrain.scaling, (FAMILY, value, [2, 3, 4, 5]), {}, "observable")
for k, value in enumerate([lambda n: 3, lambda n: GOOD, raising, 3, None, lambda n: QuantumCircuit(n)]):
    CALLS[f"scaling(architecture {k})"] = (qtrain.scaling, (value, "Z0", [3, 4, 5, 6]), {}, "c")
for k, value in enumerate([3, "5", 1.5, True]):
    CALLS[f"scaling(budget {k})"] = (qtrain.scaling, (FAMILY, "Z0", [2, 3, 4, 5]), {"budget": value}, "budget")
    CALLS[f"expressivity(budget {k})"] = (qtrain.expressivity, (GOOD,), {"budget": value}, "budget")
    CALLS[f"simulability(budget {k})"] = (qtrain.simulability, (GOOD, "IZ"), {"budget": value}, "budget")
    CALLS[f"local(budget {k})"] = (qtrain.local, (GOOD, "IZ", [0.0] * 4), {"budget": value}, "budget")
    CALLS[f"dla_growth(budget {k})"] = (qtrain.dla_growth, (FAMILY, [2, 3]), {"budget": value}, "budget")
for k, value in enumerate([[0.0], [0.0] * 5, [NAN] * 4, [INF] * 4, [[0.0] * 4], "abcd", None, [HUGE] * 4]):
    CALLS[f"local(angles {k})"] = (qtrain.local, (GOOD, "IZ", value), {}, "angles")
for field, value in product(("seconds", "memory_bytes", "max_samples"), (0, -1, NAN, "x", None, True)):
    CALLS[f"Budget({field}={value})"] = (Budget, (), {field: value}, field)
for k, text in enumerate(["", "[", "[" * 100_000, "{}", "null", "1" * 5000, '{"a":' * 5000, b"\xff", None, 3, '{"kind": "LightCone"}']):
    CALLS[f"report {k}"] = (TrainabilityReport.from_json, (text,), {}, "text")
    CALLS[f"architecture {k}"] = (qtrain.Architecture.from_json, (text,), {}, "")
CALLS |= {
    "targets without a QNN": (qtrain.diagnose, (GOOD, "IZ"), {"targets": [[1.0]]}, "targets"),
    "a loss that is none": (qtrain.diagnose, (GOOD, "IZ"), {"loss": "magic"}, "loss"),
    "gates on qubits that are not there": (qtrain.diagnose, (real_amplitudes(2, entanglement=[[0, 9]]), "IZ"), {}, "circuit"),
    "edits of gates on qubits that are not there": (qtrain.improve, (real_amplitudes(2, entanglement=[[0, 9]]), "IZ"), {}, "circuit"),
    "edits that keep nothing known": (qtrain.improve, (GOOD, "IZ"), {"keep": "depth,"}, "keep"),
    "edits with inputs that are not there": (qtrain.improve, (GOOD, "IZ"), {"inputs": "zzz"}, "inputs"),
    "edits of nothing": (qtrain.improve, (None, "IZ"), {}, "circuit"),
    "a family that ends the process": (qtrain.scaling, (lambda n: exit(0), "Z0", [2, 3, 4, 5]), {}, "SystemExit"),
    "zero observable": (qtrain.diagnose, (GOOD, "0*ZZ"), {}, "constant 0"),
    "constant observable": (qtrain.diagnose, (GOOD, "2*II"), {}, "constant 2"),
    "no method": (qtrain.gradient_variance, (GOOD, "IZ"), {"method": "magic"}, "method"),
    "one sample": (qtrain.gradient_variance, (GOOD, "IZ"), {"samples": 1}, "samples"),
    "half a sample": (qtrain.gradient_variance, (GOOD, "IZ"), {"samples": 2.5}, "samples"),
    "many repetitions": (lambda: catalogue.efficient_su2(reps=10**9).circuit(4), (), {}, "repetitions"),
    "many qubits": (lambda: catalogue.efficient_su2(reps=1).circuit(10**9), (), {}, "num_qubits"),
    "many gates": (lambda: catalogue.efficient_su2(reps=10**5).circuit(100), (), {}, "gates"),
    "many uploads": (build_qnn, (GOOD,), {"reuploads": 10**9}, "reuploads"),
    "many features": (build_qnn, (GOOD,), {"num_features": 10**9}, "num_features"),
    "sparse estimator": (build_qnn, (GOOD,), {"sparse": True}, "sparse"),
    "no pass manager": (build_qnn, (GOOD,), {"pass_manager": 3}, "pass_manager"),
    "no kind": (build_qnn, (GOOD,), {"kind": "magic"}, "kind"),
    "no such name": (qtrain.load, ("nothing",), {}, "nothing"),
    "a name with an escape": (qtrain.load, ("\x1b[31m",), {}, "name"),
    "no entry": (qtrain.register, (3,), {}, "entry"),
    "search of nothing": (qtrain.search, (3,), {}, "spec"),
    "search of no file": (qtrain.search, ("nowhere.toml",), {}, "nowhere.toml"),
    "search of a deep list": (qtrain.search, ({"name": "s", "qubits": 3, "task": [[[[]]]]},), {}, "task"),
    "classifier with huge features": (lambda: qtrain.TrainableQNNClassifier().fit([[1e308], [-1e308]], [0, 1]), (), {}, "1e+150"),
    "huge data": (qtrain.diagnose, (GOOD, "IZ"), {"inputs": "θ[0]", "data": [[1e308]]}, "data"),
}  # fmt: skip

SHADOWS = qtrain.Shadows([[2, 2]] * 4, [[0, 0]] * 4)
MODEL = qtrain.shadow_model(GOOD, "IZ", [SHADOWS], max_weight=1)
CHAIN, RANDOM, NETWORK = qtrain.phase_model("xxx"), qtrain.RandomCircuits(3), qtrain.ConvolutionalNetwork(4)
UP = np.array([1.0, 0.0]).reshape(1, 2, 1)
PRODUCT, IMAGE = qtrain.GroundState((UP,) * 20, 0.0, 0.0, 0), NETWORK.image(weight=1)
ROWS = np.zeros((4, len(IMAGE)))
TABLE, CLASSES = [[0.0], [1.0]] * 8, [0, 1] * 8
# Whatever is no whole number, and whatever is no finite one.
WHOLES = [-1, 1.5, "x", None, True, NAN, INF, HUGE, []]
NUMBERS = [-1, "x", None, True, NAN, INF, []]
WRONG_WHOLES = {
    "shots": lambda v: qtrain.collect_shadows([1, 0], shots=v), "job_size": lambda v: qtrain.collect_shadows([1, 0], job_size=v),
    "seed": lambda v: qtrain.collect_shadows([1, 0], seed=v), "repeats": lambda v: qtrain.Shadows([[1]], [[0]], v),
    "seeds": lambda v: qtrain.Shadows([[1]], [[0]], 1, [v]), "max_weight": lambda v: qtrain.local_paulis(3, max_weight=v),
    "starts": lambda v: MODEL.fit([1], starts=v), "steps": lambda v: MODEL.fit([1], steps=v), "num_qubits": lambda v: CHAIN.hamiltonian(v, {"ratio": 1.0}),
    "count": lambda v: CHAIN.draw(v), " seed": lambda v: CHAIN.draw(2, seed=v), "bond": lambda v: qtrain.ground_state("ZZZ", bond=v),
    "sweeps": lambda v: qtrain.ground_state("ZZZ", sweeps=v), "seed ": lambda v: qtrain.ground_state("ZZZ", seed=v), "cell": lambda v: PRODUCT.lengthened(22, cell=v),
    "num_qubits ": lambda v: PRODUCT.lengthened(v), " num_qubits": lambda v: qtrain.ConvolutionalNetwork(v), "weight": lambda v: NETWORK.image(weight=v),
    "reach": lambda v: NETWORK.image(reach=v), "num_classes": lambda v: qtrain.PhaseClassifier(NETWORK, num_classes=v),
    "steps ": lambda v: qtrain.PhaseClassifier(NETWORK, num_classes=2, steps=v), "labels": lambda v: qtrain.PhaseClassifier(NETWORK, IMAGE, num_classes=2).fit(ROWS, [v] * 4),
    "num_qubits  ": lambda v: qtrain.RandomCircuits(v), "layers": lambda v: RANDOM.circuit(v), " seed ": lambda v: RANDOM.circuit(1, seed=v),
    "depths": lambda v: RANDOM.variance([v], "ZII"), "qubit": lambda v: RANDOM.variance([2], "ZII", qubit=v), "samples": lambda v: RANDOM.variance([2], "ZII", method="walks", samples=v),
    "runs": lambda v: RANDOM.variance([2], "ZII", method="walks", runs=v), "  seed": lambda v: RANDOM.variance([2], "ZII", seed=v),
    " steps": lambda v: qtrain.pretrain(GOOD, "ZZ", steps=v), "seed  ": lambda v: qtrain.pretrain(GOOD, "ZZ", seed=v), "seed   ": lambda v: qtrain.audit(TABLE, CLASSES, seed=v),
    " samples": lambda v: qtrain.audit(TABLE, CLASSES, samples=v), "folds": lambda v: qtrain.audit(TABLE, CLASSES, folds=v), " repeats": lambda v: qtrain.audit(TABLE, CLASSES, repeats=v),
}  # fmt: skip
WRONG_NUMBERS = {
    "confidence": lambda v: SHADOWS.estimate("ZZ", confidence=v), "point": lambda v: CHAIN.hamiltonian(3, {"ratio": v if v != -1 else NAN}),
    "tolerance": lambda v: qtrain.ground_state("ZZZ", tolerance=v), "rate": lambda v: qtrain.PhaseClassifier(NETWORK, num_classes=2, rate=v),
    "tolerance ": lambda v: RANDOM.variance([2], "ZII", method="train", tolerance=-1 if v is None else v), "width": lambda v: qtrain.pretrain(GOOD, "ZZ", width=-1 if v is None else v),
    "margin": lambda v: qtrain.audit(TABLE, CLASSES, margin=v), "tilt": lambda v: qtrain.RandomCircuits(3, "line", v if v != -1 else NAN),
}  # fmt: skip
THINGS = [None, 3, "", b"x", NAN, [], [NAN], object(), {"a": 1}]
WRONG_THINGS = {
    "state": lambda v: qtrain.collect_shadows(v if v not in ("",) else [1, 2, 3]), "backend": lambda v: qtrain.collect_shadows(QuantumCircuit(1), backend=v if v is not None else 3),
    "sampler": lambda v: qtrain.collect_shadows(QuantumCircuit(1), sampler=v if v is not None else 3), "output": lambda v: qtrain.collect_shadows([1, 0], shots=9, output=v if v is not None else 3),
    "progress": lambda v: qtrain.collect_shadows([1, 0], shots=9, progress=v if v is not None else 3), "parameter_values": lambda v: qtrain.collect_shadows(GOOD, parameter_values=v),
    "bases": lambda v: qtrain.Shadows(v, [[0]]), "outcomes": lambda v: qtrain.Shadows([[1]], v), "observable": lambda v: SHADOWS.estimate(v),
    "path": lambda v: qtrain.Shadows.load(v), "path ": lambda v: SHADOWS.save(v), " path": lambda v: qtrain.GroundState.load(v), " path ": lambda v: PRODUCT.save(v),
    "observables": lambda v: SHADOWS.estimate_all(v if v != [] else None) if not isinstance(v, (list, dict)) else SHADOWS.estimate_all(3), "method": lambda v: SHADOWS.estimate("ZZ", method=v),
    "shadows": lambda v: qtrain.shadow_model(GOOD, "IZ", v), "shadows ": lambda v: qtrain.shadow_features(v, ["ZZ"]), " shadows": lambda v: MODEL.on(v), "paulis": lambda v: qtrain.shadow_features([SHADOWS], v),
    "targets": lambda v: MODEL.fit(v), "weights": lambda v: MODEL.values(v), "loss": lambda v: MODEL.fit([1], loss=v), "point": lambda v: CHAIN.hamiltonian(3, v), " point": lambda v: CHAIN.phase(v),
    "hamiltonian": lambda v: qtrain.ground_state(v if v is not None else "II"), "start": lambda v: qtrain.ground_state("ZZZ", start=v if v is not None else [0, 2]), "symmetry": lambda v: qtrain.ground_state("ZZZ", symmetry=v if v is not None else 3),
    "tensors": lambda v: qtrain.GroundState(v, 0.0, 0.0, 0), "weights ": lambda v: IMAGE.coefficients(v), "network": lambda v: qtrain.PhaseClassifier(v, num_classes=2), "image": lambda v: qtrain.PhaseClassifier(NETWORK, v or 3, num_classes=2),
    "inputs": lambda v: qtrain.PhaseClassifier(NETWORK, IMAGE, num_classes=2).fit(v, [0]), "labels": lambda v: qtrain.PhaseClassifier(NETWORK, IMAGE, num_classes=2).fit(ROWS, v),
    "edges": lambda v: qtrain.RandomCircuits(3, v if not isinstance(v, list) or v else 3), "depths": lambda v: RANDOM.variance(v, "ZII"), "observable ": lambda v: RANDOM.variance([2], v), "initialization": lambda v: RANDOM.variance([2], "ZII", initialization=v),
    " method": lambda v: RANDOM.variance([2], "ZII", method=v), "start ": lambda v: qtrain.pretrain(GOOD, "ZZ", start=v), "circuit": lambda v: qtrain.pretrain(v, "ZZ"),
    "X": lambda v: qtrain.audit(v if v != "" else [[NAN]] * 16, CLASSES), "y": lambda v: qtrain.audit(TABLE, v), "folder": lambda v: qtrain.Experiment(v), "size": lambda v: qtrain.Experiment(".", v),
}  # fmt: skip
WORDS = {"state": "", "parameter_values": "", "output": "", "labels": "labels", "observable": "", "observables": "", "X": "", "y": "", "hamiltonian": "", "depths": "", "edges": "", "circuit": ""}
for table, values in ((WRONG_WHOLES, WHOLES), (WRONG_NUMBERS, NUMBERS), (WRONG_THINGS, THINGS)):
    for name, call in table.items():
        for k, value in enumerate(values):
            CALLS[f"new {name!r} {len(values)} {k}"] = (call, (value,), {}, WORDS.get(name.strip(), name.strip()))
CALLS |= {
    "too many shots": (qtrain.collect_shadows, ([1, 0],), {"shots": 10**12}, "shots"),
    "a name with a zero byte": (qtrain.collect_shadows, ([1, 0],), {"shots": 9, "output": "x\0.npz"}, "output"),
    "a long name": (qtrain.collect_shadows, ([1, 0],), {"shots": 9, "output": "a" * 300 + ".npz"}, "output"),
    "huge values": (qtrain.collect_shadows, (GOOD,), {"parameter_values": [HUGE] * 4}, "parameter_values"),
    "seeds that are none": (qtrain.Shadows, ([[1]], [[0]], 1, 3), {}, "seeds"),
    "a constant to begin with": (qtrain.pretrain, (GOOD, "2*II"), {}, "constant 2"),
    "a constant's ground state": (qtrain.ground_state, ("0*ZZ",), {}, "constant 0"),
    "a huge Hamiltonian": (qtrain.ground_state, ("1e308*ZZ",), {}, "rescale"),
    "tensors that do not fit": (qtrain.GroundState, ((UP, np.ones((2, 2, 1))), 0.0, 0.0, 0), {}, "tensors"),
    "strings of many letters": (lambda: NETWORK.image(weight=40), (), {}, "weight"),
    "a network that is too wide": (qtrain.ConvolutionalNetwork, (2**30,), {}, "num_qubits"),
    "nothing was fitted": (lambda: qtrain.PhaseClassifier(NETWORK, IMAGE, num_classes=2).predict(ROWS), (), {}, "fit"),
    "classes that are not there": (lambda: qtrain.PhaseClassifier(NETWORK, IMAGE, num_classes=2).fit(ROWS, [0, 1, 2, 3]), (), {}, "labels"),
    "no such model": (qtrain.phase_model, ("magic",), {}, "magic"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_is_one_sentence(name):
    call, arguments, options, word = CALLS[name]
    with pytest.raises(QTrainError) as caught:
        call(*arguments, **options)
    said = str(caught.value)
    assert word in said and len(said) < 2000 and "\n" not in said


def test_there_are_enough_of_them():
    assert len(CALLS) >= 200


@pytest.mark.parametrize("change", [{"shots": 7}, {"summary": "all is well"}, {"num_parameters": 9}, {"notes": ["none"]}])
def test_an_altered_report_is_told(change):
    assert TrainabilityReport.from_json(raw()).shots == 10_000
    with pytest.raises(QTrainError, match="altered"):
        TrainabilityReport.from_json(raw(**change))


def test_a_report_without_a_digest_and_one_of_another_layout_are_read():
    data = json.loads(raw())
    assert TrainabilityReport.from_json(json.dumps(data, sort_keys=True, indent=4)).num_qubits == 2
    del data["digest"]
    assert TrainabilityReport.from_json(json.dumps(data)).num_qubits == 2


@pytest.mark.parametrize("size", [1e70, 1e-70])
def test_large_and_small_coefficients_scale_variances(size):
    plain = qtrain.diagnose(efficient_su2(3, reps=1), "ZII")
    scaled = qtrain.diagnose(efficient_su2(3, reps=1), f"{size!r}*ZII")
    found = [v.variance / size / size for v in scaled.verdicts]
    assert np.allclose(found, [v.variance for v in plain.verdicts], rtol=1e-9)
    assert [v.cause for v in scaled.verdicts] == [v.cause for v in plain.verdicts]

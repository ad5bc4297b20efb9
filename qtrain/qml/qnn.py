"""Quantum neural networks of qiskit-machine-learning, with explicit local observables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import zz_feature_map
from qiskit.quantum_info import SparsePauliOp

from qtrain.architecture.architecture import Architecture
from qtrain.circuits.observables import as_observable
from qtrain.errors import QTrainError, check_whole

if TYPE_CHECKING:
    from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

MAX_PARAMETERS = 1_000_000
SIMULATED_QUBITS = 20
"""Up to here a QNN without a primitive of its own is simulated exactly, with adjoint gradients."""


def data_encoding(kind: str, num_features: int, num_qubits: int) -> QuantumCircuit:
    """A circuit that encodes data, with parameters ``x[0]``, ``x[1]``, ….

    Args:
        kind: ``"angle"``: feature k turns qubit k mod n, rounds of RY and RZ alternate, so any number of features
            fits. ``"zz"``: Qiskit's ``zz_feature_map``, one qubit for each feature.
        num_features: at least 1. num_qubits: at least 1.

    Example:
        >>> data_encoding("angle", 5, 2).count_ops()["ry"]
        3
    """
    check_whole("num_features", num_features, most=MAX_PARAMETERS)
    if kind == "zz":
        if num_features != num_qubits:
            raise QTrainError(
                f'num_features should be num_qubits = {num_qubits} for the feature map "zz". Got {num_features}: '
                'take "angle", or as many qubits as features.'
            )
        return zz_feature_map(num_features)
    if kind != "angle":
        raise QTrainError(f'feature_map should be "angle", "zz", a QuantumCircuit or None. Got {kind!r}.')
    data = ParameterVector("x", num_features)
    circuit = QuantumCircuit(num_qubits, name="angle")
    for k, angle in enumerate(data):
        turn = circuit.rz if (k // num_qubits) % 2 else circuit.ry
        turn(angle, k % num_qubits)
    return circuit


def encode(
    ansatz: QuantumCircuit,
    *,
    num_features: int | None = None,
    feature_map: str | QuantumCircuit | None = "angle",
    reuploads: int = 1,
) -> tuple[QuantumCircuit, list[Any], list[Any]]:
    """Feature map and ansatz, in turns, as one circuit.

    Args:
        ansatz: with num_qubits qubits and free parameters.
        num_features: None: as many as qubits (as the feature map has, where it is a circuit).
        feature_map: ``"angle"``, ``"zz"``, a circuit whose parameters are the data, or None for no data.
        reuploads: how often the data is encoded (1907.02085); every round has weights of its own.

    Returns:
        circuit, its data parameters, its weights ``w[0]``, ``w[1]``, … in time order.
    """
    if not isinstance(ansatz, QuantumCircuit):
        raise QTrainError(f"ansatz should be a QuantumCircuit. Got {type(ansatz).__name__}.")
    if ansatz.num_parameters == 0:
        raise QTrainError("ansatz should have free parameters. Got none.")
    check_whole("reuploads", reuploads, most=MAX_PARAMETERS // ansatz.num_parameters)
    data: QuantumCircuit | None
    if isinstance(feature_map, str):
        data = data_encoding(feature_map, num_features or ansatz.num_qubits, ansatz.num_qubits)
    else:
        data = feature_map
    if data is not None and data.num_qubits > ansatz.num_qubits:
        raise QTrainError(f"feature_map should have at most {ansatz.num_qubits} qubits. Got {data.num_qubits}.")
    if data is not None and num_features not in (None, data.num_parameters):
        raise QTrainError(f"num_features should be {data.num_parameters}, the map's own. Got {num_features}.")
    weights = ParameterVector("w", reuploads * ansatz.num_parameters)
    circuit = QuantumCircuit(ansatz.num_qubits, name="qnn", metadata=ansatz.metadata)
    for turn in range(reuploads):
        if data is not None:
            circuit.compose(data, range(data.num_qubits), inplace=True)
        own = weights[turn * ansatz.num_parameters : (turn + 1) * ansatz.num_parameters]
        circuit.compose(ansatz.assign_parameters(own), inplace=True)
    inputs = [] if data is None else list(data.parameters)
    return circuit, inputs, list(weights)


def local_observables(kind: Any, num_qubits: int, outputs: Sequence[int] | None = None) -> list[SparsePauliOp]:
    """Observables of at most a few qubits each.

    Args:
        kind: ``"mean"``: (1/m) Σ Z over the output qubits. ``"each"``: one Z for every output qubit. A whole number
            k: Z on the first k of them. Otherwise one observable, or a list: text or SparsePauliOp.
        num_qubits: width. outputs: the output qubits; None: all of them.

    Example:
        >>> [op.paulis.to_labels() for op in local_observables("each", 2)]
        [['IZ'], ['ZI']]
    """
    places = list(range(num_qubits) if outputs is None else outputs)
    if isinstance(kind, str) and kind == "mean":
        terms = [("Z", [q], 1 / len(places)) for q in places]
        return [SparsePauliOp.from_sparse_list(terms, num_qubits)]
    if isinstance(kind, str) and kind == "each":
        kind = len(places)
    if type(kind) is int:
        if not 1 <= kind <= len(places):
            raise QTrainError(f"observables should be 1 to {len(places)}, the output qubits. Got {kind}.")
        return [SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], num_qubits) for q in places[:kind]]
    several = isinstance(kind, Sequence) and not isinstance(kind, str)
    if several and not len(kind):
        raise QTrainError("observables should hold at least one observable. Got none.")
    return [as_observable(item, num_qubits) for item in (kind if several else [kind])]


def build_qnn(
    ansatz: QuantumCircuit | Architecture,
    *,
    kind: str = "estimator",
    num_features: int | None = None,
    feature_map: str | QuantumCircuit | None = "angle",
    reuploads: int | None = None,
    observables: Any = "mean",
    backend: Any = None,
    optimization_level: int = 2,
    primitive: Any = None,
    gradient: Any = None,
    input_gradients: bool = True,
    precision: float = 0.015625,
    interpret: Callable[[int], int] | None = None,
    output_shape: int | None = None,
    pass_manager: Any = None,
    sparse: bool = False,
) -> EstimatorQNN | SamplerQNN:
    """A QNN of an ansatz that trains where the ansatz does.

    Without ``observables`` qiskit-machine-learning's EstimatorQNN measures Z on all qubits at once, the textbook
    barren plateau; here they are always explicit, and local unless you say otherwise.

    Args:
        ansatz: a circuit, or an architecture of one width.
        kind: ``"estimator"`` or ``"sampler"``.
        num_features, feature_map, reuploads: see :func:`encode`; reuploads None: the architecture's own ``uploads``.
        observables: for an estimator: see :func:`local_observables`.
        backend: transpile for it and run on it. optimization_level: of that transpilation.
        primitive: an EstimatorV2 or SamplerV2, whose own device stands in for ``backend`` where it has one. None: the
            backend's; without a backend, for up to 20 qubits, an exact simulation.
        gradient: of qiskit-machine-learning. None: the adjoint method where the simulation is exact, else the
            parameter shift.
        input_gradients: gradients by the data as well. Without them TorchConnector leaves the layers in front of the
            QNN untrained, without a word.
        precision: of the expectation values, where the estimator is not exact.
        interpret, output_shape, sparse: for a sampler: see SamplerQNN. None: the bits of the first output qubits.
        pass_manager: that the circuit is fitted to the primitive with, in the place of ``backend``.

    Returns:
        an EstimatorQNN or a SamplerQNN.

    Raises:
        QTrainError: wrong options, widths or names.

    Example:
        >>> from qtrain.architecture.catalogue import real_amplitudes
        >>> qnn = build_qnn(real_amplitudes(reps=1).circuit(3), observables="each")
        >>> qnn.num_inputs, qnn.num_weights, qnn.output_shape
        (3, 6, (3,))
    """
    if kind not in ("estimator", "sampler"):
        raise QTrainError(f'kind should be "estimator" or "sampler". Got {kind!r}.')
    body = ansatz.circuit() if isinstance(ansatz, Architecture) else ansatz
    if reuploads is None:
        reuploads = ansatz.uploads if isinstance(ansatz, Architecture) else 1
    circuit, inputs, weights = encode(body, num_features=num_features, feature_map=feature_map, reuploads=reuploads)
    outputs = (body.metadata or {}).get("qtrain.output_qubits", range(circuit.num_qubits))
    common: dict[str, Any] = {"input_params": inputs, "weight_params": weights, "input_gradients": input_gradients}
    fit = _fitting(backend if backend is not None else _backend_of(primitive), optimization_level, pass_manager)
    if kind == "sampler":
        return _sampler_qnn(circuit, list(outputs), backend, fit, primitive, gradient, interpret, output_shape,
                            common | {"sparse": sparse})  # fmt: skip
    if sparse:
        raise QTrainError("sparse should be False for an estimator, whose outputs are few numbers. Got True.")
    operators = local_observables(observables, circuit.num_qubits, outputs)
    if fit is not None:
        circuit = fit(circuit)
        operators = [operator.apply_layout(circuit.layout) for operator in operators]
    from qiskit_machine_learning.neural_networks import EstimatorQNN

    if primitive is None and backend is not None:
        from qiskit.primitives import BackendEstimatorV2

        primitive = BackendEstimatorV2(backend=backend)
    if primitive is None and circuit.num_qubits <= SIMULATED_QUBITS:
        from qtrain.qml.adjoint_gradient import AdjointEstimatorGradient, SimulatorEstimator

        primitive = SimulatorEstimator()
        gradient = gradient or AdjointEstimatorGradient(primitive)
    return EstimatorQNN(circuit=circuit, estimator=primitive, observables=operators, gradient=gradient,
                        default_precision=precision, **common)  # fmt: skip


def _backend_of(primitive: Any) -> Any:
    """The device that a primitive runs on, where it takes circuits in that device's own gates alone; else None."""
    backend = getattr(primitive, "backend", None)
    backend = backend() if callable(backend) else backend
    return backend if getattr(backend, "coupling_map", None) is not None else None


def _fitting(
    backend: Any, optimization_level: int, pass_manager: Any
) -> Callable[[QuantumCircuit], QuantumCircuit] | None:
    """How circuits are made ones of the device; None where any circuit runs."""
    if pass_manager is None and backend is None:
        return None
    if pass_manager is None:
        from qiskit.transpiler import generate_preset_pass_manager

        pass_manager = generate_preset_pass_manager(optimization_level, backend, seed_transpiler=0)
    if not callable(getattr(pass_manager, "run", None)):
        raise QTrainError(f"pass_manager should have a method run(circuit). Got {type(pass_manager).__name__}.")
    run: Callable[[QuantumCircuit], QuantumCircuit] = pass_manager.run
    return run


def _sampler_qnn(
    circuit: QuantumCircuit, outputs: list[int], backend: Any, fit: Any, primitive: Any, gradient: Any,
    interpret: Callable[[int], int] | None, output_shape: int | None, common: dict[str, Any],
) -> SamplerQNN:  # fmt: skip
    from qiskit_machine_learning.neural_networks import SamplerQNN

    if interpret is None:
        classes = output_shape or 2
        bits = max(1, (classes - 1).bit_length())
        if classes < 2 or bits > len(outputs):
            raise QTrainError(f"output_shape should be 2 to {2 ** len(outputs)}, what the output qubits tell apart. "
                              f"Got {classes}.")  # fmt: skip
        interpret, output_shape = _read_bits(outputs[:bits], classes), classes
    if fit is not None:
        circuit.measure_all()
        fitted = fit(circuit)
        # Measured before layout, bit k is qubit k wherever it went; SamplerQNN would permute the bits once more.
        circuit = QuantumCircuit(*fitted.qregs, *fitted.cregs, name=fitted.name, metadata=fitted.metadata)
        circuit.compose(fitted, circuit.qubits, circuit.clbits, inplace=True)
        if primitive is None and backend is not None:
            from qiskit.primitives import BackendSamplerV2

            primitive = BackendSamplerV2(backend=backend)
    try:
        return SamplerQNN(circuit=circuit, sampler=primitive, interpret=interpret, output_shape=output_shape,
                          gradient=gradient, **common)  # fmt: skip
    except ImportError as error:  # sparse arrays are a package of their own
        raise QTrainError(f"sparse should be False without the package for it. Got True: {error}") from None


def _read_bits(qubits: Sequence[int], classes: int) -> Callable[[int], int]:
    def read(outcome: int) -> int:
        return sum(((outcome >> q) & 1) << k for k, q in enumerate(qubits)) % classes

    return read

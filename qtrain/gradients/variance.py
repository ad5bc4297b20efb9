"""``gradient_variance``: which method answers, and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.initialization import Initialization, parse_initialization
from qtrain.circuits.noise import noise_channels, unwrap
from qtrain.circuits.observables import as_observable
from qtrain.circuits.pauli_tape import Tape, build_tape
from qtrain.circuits.product_states import differs, split_product_input
from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError, TooLargeError
from qtrain.gradients import sampled_paths
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.dead_parameters import provably_zero
from qtrain.light_cones.light_cone import effective_program

METHODS = ("auto", "exact", "paths", "particles", "statevector", "gsim")


def gradient_variance(
    circuit: QuantumCircuit | PauliProgram,
    observable: SparsePauliOp | str,
    *,
    method: str = "auto",
    initialization: str | tuple[str, float] | Initialization = "uniform",
    noise: Any = None,
    samples: int | None = None,
    seed: int = 0,
    budget: Budget | None = None,
    inputs: Sequence[Any] | str = (),
    data: np.ndarray | None = None,
) -> GradientStats:
    """Variance of every partial derivative of <O> over random initialisations.

    Args:
        circuit: unitary gates; angles affine in one parameter each.
        observable: Pauli terms with real coefficients.
        method: ``"exact"`` sums all Pauli paths by contracting a network (narrow or shallow
            circuits, any smallness); ``"paths"`` samples them (any size, independent angles);
            ``"particles"`` samples what paths miss; ``"statevector"`` samples angles (n up to 20,
            any circuit); ``"gsim"`` samples angles in the observable's module (shared parameters,
            small algebra). ``"auto"`` takes what fits and says why in ``reason``.
        initialization: ``"uniform"`` on each rotation's full period, ``"gaussian:SIGMA"``,
            ``"small:WIDTH"`` or ``"identity-block"``.
        noise: rates or a Target, see `noise_channels`.
        samples: number of paths or of parameter vectors; None: until the median live variance has
            the budget's relative error, or the budget ends.
        seed: of all randomness. budget: seconds, memory, samples, relative error.
        inputs: parameters that carry data, averaged over ``data`` (samples, len(inputs)).

    Returns:
        Statistics with 95 % intervals; two results with different seeds add up.

    Raises:
        QTrainError: no parameters, wrong options, or a method that cannot treat the circuit: the
            sentence names the gate or parameter.

    Second moments by Pauli paths: arXiv 2302.04649, 2309.12681; paths in this walk average
    (df/dtheta)^2 exactly because it has degree two in every independent angle.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> gradient_variance(real_amplitudes(2, reps=1), "IZ").variance.tolist()
        [0.375, 0.125, 0.375, 0.0]
    """
    started = time.monotonic()
    budget = budget or Budget()
    start = parse_initialization(initialization)
    _check_numbers(method, samples, seed)
    if noise is not None and isinstance(circuit, QuantumCircuit):
        circuit = unwrap(circuit)
    program = circuit if isinstance(circuit, PauliProgram) else lower(circuit, inputs=inputs)
    if not program.weights:
        raise QTrainError("circuit should have at least one parameter. Got a circuit without parameters.")
    operator, offset = traceless(as_observable(observable, program.num_qubits))
    vectors = check_data(program, data)
    channels = []
    if noise is not None:
        if isinstance(circuit, PauliProgram):
            raise QTrainError("circuit should be a QuantumCircuit where noise is given. Got a PauliProgram.")
        channels = noise_channels(circuit, noise)
    points = b"" if vectors is None else vectors.tobytes()
    identity = f"{program.fingerprint()}|{observable_key(operator)}|{start}|{channels}|{points!r}"
    question = sampled_paths.Question(
        program, operator, start, seed, samples, budget, started, sampled_paths.digest(identity), offset
    )

    refusal, tape, bloch = paths_apply(program, start, channels, vectors)
    if method in ("exact", "paths", "particles"):
        if tape is None:
            raise QTrainError(
                f"method should be one that treats this circuit. Got {method!r}, but {refusal}. Use method='auto'."
            )
        plain = start.kind == "uniform" and not channels and bloch is None
        if method == "particles" and not plain:
            raise QTrainError(
                "method should be 'paths' or 'exact' for noise, non-uniform angles or product inputs. Got 'particles'."
            )
        run: dict[str, Callable[[], GradientStats | None]] = {
            "exact": lambda: (
                sampled_paths.exact(question, tape, "asked for: exact", max_flops=1e12) if plain
                else sampled_paths.exact_weighted(question, tape, bloch, "asked for: exact", max_flops=1e12)
            ),
            "particles": lambda: sampled_paths.particles_only(question, tape),
            "paths": lambda: sampled_paths.sampled(
                question, tape, bloch, channels, "asked for: paths", small_signals=False
            ),
        }
        result = run[method]()
        if result is None:
            raise QTrainError(
                "method should be one that treats this circuit. Got 'exact', but the network of its paths is too large "
                "to contract within 1e12 operations"
                + ("" if plain else ", or terms of the observable interfere")
                + ": use method='auto'."
            )
        return result
    if method == "auto" and tape is not None:
        plain = start.kind == "uniform" and not channels and bloch is None
        if samples is None:
            why = "independent Pauli rotations; their paths sum exactly within the budget"
            result = (
                sampled_paths.exact(question, tape, why)
                if plain
                else sampled_paths.exact_weighted(question, tape, bloch, why)
            )
            if result is not None:
                return result
        reason = "independent Pauli rotations: one random Pauli path serves every parameter"
        return sampled_paths.sampled(
            question, tape, bloch, channels, reason, small_signals=plain and samples is None
        )
    return _angles(question, method, refusal, channels, vectors)


def bounded_gradients(
    circuit: QuantumCircuit | PauliProgram, observable: SparsePauliOp | str, *, reason: str,
    initialization: Initialization, seed: int = 0,
) -> GradientStats:  # fmt: skip
    """What is known without any method: which gradients vanish, and how large the others can be at all.

    |df/dtheta_k| is at most the sum of |coefficient| over the rotations of the parameter, times sum |c_a|.
    """
    program = circuit if isinstance(circuit, PauliProgram) else lower(circuit)
    operator, offset = traceless(as_observable(observable, program.num_qubits))
    size = float(np.abs(operator.coeffs).sum())
    ops = program.rotations
    slope = np.bincount(
        program.parameter[ops], np.abs(program.coefficient[ops]), minlength=len(program.weights)
    )
    count = len(program.weights)
    return GradientStats(
        program.weights, "none", reason, str(initialization),
        sampled_paths.digest(f"{program.fingerprint()}|{observable_key(operator)}|{initialization}|bound"),
        (seed,), float("nan"), provably_zero(program, operator), np.ones(count), np.zeros(count), float("nan"), offset,
        {"bound": np.append(slope * size, size) ** 2},
    )  # fmt: skip


def observable_key(operator: SparsePauliOp) -> str:
    """Text that is equal for equal observables."""
    return ";".join(sorted(f"{label}:{complex(c).real!r}" for label, c in operator.to_list()))


def traceless(operator: SparsePauliOp) -> tuple[SparsePauliOp, float]:
    """The observable without its identity, and the identity's coefficient: a constant of the cost."""
    identity = ~(operator.paulis.x.any(axis=1) | operator.paulis.z.any(axis=1))
    constant = float(np.sum(operator.coeffs[identity].real))
    if identity.all():
        return SparsePauliOp("I" * operator.num_qubits, [0.0]), constant
    return operator[~identity], constant


def _check_numbers(method: str, samples: int | None, seed: int) -> None:
    if method not in METHODS:
        raise QTrainError(f"method should be one of {', '.join(METHODS)}. Got {method!r}.")
    if samples is not None and (isinstance(samples, bool) or not isinstance(samples, (int, np.integer))):
        raise QTrainError(f"samples should be a whole number or None. Got {samples!r}.")
    if samples is not None and samples < 2:
        raise QTrainError(f"samples should be at least 2. Got {samples}.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63:
        raise QTrainError(f"seed should be a whole number of at least 0. Got {seed!r}.")


def check_data(program: PauliProgram, data: np.ndarray | None) -> np.ndarray | None:
    if not program.inputs:
        if data is not None:
            raise QTrainError("inputs should name the parameters that data fill. Got data without inputs.")
        return None
    if data is None:
        raise QTrainError(f"data should fill the {len(program.inputs)} inputs of the circuit. Got None.")
    vectors = np.atleast_2d(np.asarray(data, float))
    if vectors.shape[1] != len(program.inputs) or not len(vectors):
        raise QTrainError(
            f"data should have {len(program.inputs)} columns, one for each input. Got shape {vectors.shape}."
        )
    if not np.isfinite(vectors).all():
        raise QTrainError("data should be finite. Got NaN or infinity.")
    return vectors


def paths_apply(
    program: PauliProgram, start: Initialization, channels: list[Any], vectors: np.ndarray | None
) -> tuple[str, Tape | None, np.ndarray | None]:
    """(why not, tape, Bloch vectors of the inputs): the tape is None where Pauli paths would be wrong."""
    if start.kind == "identity-block":
        return "identity-block initialisation shares angles between two blocks", None, None
    uses = np.bincount(program.parameter[program.rotations], minlength=len(program.weights))
    if (uses > 1).any():
        k = int(np.argmax(uses > 1))
        signs = program.coefficient[program.parameter == k]
        echo = ", forwards and backwards (an echo)" if uses[k] == 2 and signs.sum() == 0 else ""
        return f"parameter {program.weights[k]} is used in {uses[k]} rotations{echo}", None, None
    if start.kind != "uniform":
        shifted = program.rotations[program.offset[program.rotations] != 0]
        if len(shifted):
            return (
                f"the rotation at gate {program.gate[shifted[0]]} has an offset and the angles are not uniform",
                None,
                None,
            )
    bound = [program] if vectors is None else [program.bind_inputs(v) for v in vectors[:256]]
    bloch = None
    if vectors is not None or len(program.fixed_rotations):
        split = [split_product_input(p) for p in bound]
        stripped = split[0][0]
        bloch = np.stack([b for _, b in split])
    else:
        stripped = program
    if len(stripped.fixed_rotations):
        op = stripped.fixed_rotations[0]
        return (
            f"gate {stripped.gate[op]} is a fixed rotation by {stripped.offset[op]:g}, not Clifford",
            None,
            None,
        )
    if vectors is not None and any(differs(stripped, other) for other, _ in split[1:]):
        return "the data enter behind the first weights or entanglers", None, None
    return "", build_tape(stripped, channels), bloch


def _angles(
    question: sampled_paths.Question,
    method: str,
    refusal: str,
    channels: list[Any],
    vectors: np.ndarray | None,
) -> GradientStats:
    """Sampled angles: by statevector, or in the module of the observable."""
    from qtrain.gradients import angle_methods

    if channels:
        raise QTrainError(
            f"noise should be None for sampled angles. Got noise, and Pauli paths do not apply: {refusal}."
        )
    because = f"{refusal}; " if refusal else ""
    width = effective_program(question.program, question.observable)[0].num_qubits
    if method == "gsim" or (method == "auto" and width > 16 and vectors is None):
        result = angle_methods.module(question, because)
        if result is not None:
            return result
        if method == "gsim" or width > 22:
            raise TooLargeError(
                f"circuit should have independent rotations, at most 22 qubits in the observable's light cone, or an "
                f"observable with a small module. "
                f"Got {width} qubits where {refusal or 'gsim was asked for'}, and a module above "
                f"{angle_methods.module_limit(question)}: raise max_dimension of the budget, "
                "or give every rotation its own parameter."
            )
    return angle_methods.statevector(question, because, vectors)

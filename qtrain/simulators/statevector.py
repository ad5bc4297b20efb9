"""Values, gradients and states of a PauliProgram for many parameter vectors at once (exact, n up to ~20).

Bit order is Qiskit's: qubit q is bit q of a basis state's index. Global phase is not kept.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np

from qtrain.circuits.observables import as_observable, pack
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.circuits.program import PauliProgram
    from qtrain.kernels.statevector.plan import Plan

    Observable: TypeAlias = str | SparsePauliOp

MAX_QUBITS = 28
MEMORY_BYTES = 2 * 1024**3
BLOCK = 10  # qubits of a cache block: 2**10 amplitudes of psi and lambda fill 256 kB
# From so many qubits on, as many samples take less one by one, each on all lanes, than eight together.
SINGLES = {8: 2, 12: 4}
KEPT = 2**18  # diagonal entries of observables that are kept for the next circuit, at most

_plans: weakref.WeakKeyDictionary[PauliProgram, dict[int, Plan]] = weakref.WeakKeyDictionary()


def _plan(program: PauliProgram, block: int) -> Plan:
    from qtrain.kernels.statevector.plan import schedule

    known = _plans.setdefault(program, {})
    if block not in known:
        known[block] = schedule(program.num_qubits, program.opcode, program.qubits, program.start, program.support,
                                program.letters, block=block)  # fmt: skip
    return known[block]


def check_weights(count: int, weights: Any) -> np.ndarray:
    """``weights`` as a finite (samples, count) array, or a QTrainError that says what is wrong with it."""
    try:
        array = np.ascontiguousarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise QTrainError(f"weights should be an array of real numbers. Got {weights!r}: {error}.") from None
    if array.ndim != 2 or array.shape[1] != count or array.shape[0] == 0:
        raise QTrainError(
            f"weights should have shape (samples, {count}), one column per weight and at least one row. "
            f"Got shape {array.shape}."
        )
    if not np.isfinite(array).all():
        raise QTrainError("weights should be finite. Got NaN or infinity.")
    return array


def _rows(program: PauliProgram, inputs: Any, samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per-sample angles: row index of each op (-1: none), coefficient and offset, each (rows, samples)."""
    row = np.full(len(program.opcode), -1, np.int64)
    none = np.zeros((0, samples))
    if not program.inputs:
        if inputs is not None and np.size(inputs):
            raise QTrainError(f"inputs should be None: the circuit has none. Got shape {np.shape(inputs)}.")
        return row, none, none
    names = program.inputs
    if inputs is None:
        raise QTrainError(
            f"inputs should have shape (samples, {len(names)}): the circuit has inputs {names}. Got None."
        )
    data = np.asarray(inputs, dtype=np.float64)
    if data.shape != (samples, len(names)) or not np.isfinite(data).all():
        raise QTrainError(
            f"inputs should be finite, of shape ({samples}, {len(names)}), one row per row of weights. "
            f"Got shape {data.shape}."
        )
    ops, coefficient, offset = program.input_angles(data)
    if not (np.isfinite(offset).all() and np.isfinite(coefficient).all()):
        raise QTrainError("inputs should give finite angles. Got NaN or infinity from an angle's expression.")
    row[ops] = np.arange(len(ops))
    return row, np.ascontiguousarray(coefficient.T), np.ascontiguousarray(offset.T)


def _terms(observables: Sequence[Observable], n: int) -> tuple[np.ndarray, ...]:
    """Observables as the kernel reads them: diagonals and terms grouped by their X part."""
    parts = [pack(as_observable(observable, n)) for observable in observables]
    content = tuple((x[:, 0].tobytes(), z[:, 0].tobytes(), c.tobytes()) for x, z, c in parts)
    return (_kept_terms if len(content) << n <= KEPT else _new_terms)(content, n)


def _new_terms(content: tuple[tuple[bytes, bytes, bytes], ...], n: int) -> tuple[np.ndarray, ...]:
    """The same, of the bytes of X parts, Z parts (uint64) and coefficients (float64)."""
    from qtrain.kernels.statevector.passes import walsh_hadamard

    diagonal = np.zeros((len(content), 1 << n))
    groups, first = [0], [0]
    xs, zs, terms = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros((0, 2))]
    total = 0
    for k, (x_bytes, z_bytes, c_bytes) in enumerate(content):
        x, z = np.frombuffer(x_bytes, np.int64), np.frombuffer(z_bytes, np.int64)
        c = np.frombuffer(c_bytes, np.float64)
        np.add.at(diagonal[k], z[x == 0], c[x == 0])
        walsh_hadamard(diagonal[k])
        other = np.flatnonzero(x)
        other = other[np.argsort(x[other], kind="stable")]
        x, z, c = x[other], z[other], c[other]
        phase = c * 1j ** (np.bitwise_count(x & z) % 4)
        ends = total + np.append(np.flatnonzero(np.diff(x)) + 1, len(x)) if len(x) else np.zeros(0, int)
        first.extend(int(e) for e in ends)
        groups.append(len(first) - 1)
        total += len(x)
        xs.append(x)
        zs.append(z)
        terms.append(np.stack([phase.real, phase.imag], axis=1))
    return (diagonal, np.array(groups, np.int64), np.array(first, np.int64), np.concatenate(xs),
            np.concatenate(zs), np.ascontiguousarray(np.concatenate(terms)))  # fmt: skip


# A growth asks for one Hamiltonian behind thousands of circuits, and making these takes longer than a small run.
_kept_terms = lru_cache(maxsize=8)(_new_terms)


def choose_threads(num_threads: int | None, samples: int, work: float) -> int:
    """Threads to use: the caller's number, else all cores where the work outweighs starting them."""
    if num_threads is not None:
        if isinstance(num_threads, bool) or not isinstance(num_threads, (int, np.integer)) or num_threads < 1:
            raise QTrainError(f"num_threads should be a positive integer or None. Got {num_threads!r}.")
        wanted = int(num_threads)
    else:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        wanted = cores if work > 1e6 else 1
    return max(1, min(wanted, -(-samples // 8)))


def in_threads(work: Callable[[int, int], None], threads: int, samples: int) -> None:
    """``work(first, end)`` on parts of the samples, a multiple of the kernels' 8 lanes in each but the last."""
    bounds = [8 * (-(-samples // 8) * t // threads) for t in range(threads)] + [samples]
    if threads == 1:
        work(0, samples)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, bounds[:-1], bounds[1:]))


class _Out(NamedTuple):
    values: np.ndarray
    gradients: np.ndarray
    states: np.ndarray


class Simulation:
    """A program and observables, made ready once for any number of weights.

    Args:
        program, observables: as in ``values``.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.program import lower
        >>> ready = Simulation(lower(real_amplitudes(2, reps=1)), ["IZ"])
        >>> ready.run(np.zeros((1, 4)), gradient=True)[0].tolist()
        [[1.0]]
    """

    def __init__(self, program: PauliProgram, observables: Sequence[Observable]) -> None:
        if program.num_qubits > MAX_QUBITS:
            raise QTrainError(
                f"circuit should have at most {MAX_QUBITS} qubits for the statevector. Got {program.num_qubits}."
            )
        self.program, self.observables = program, list(observables)

    def on(self, program: PauliProgram) -> Simulation:
        """The same observables behind another program of this width; what is ready of them is not made again."""
        other = Simulation(program, self.observables)
        other.__dict__["_terms"] = self._terms
        return other

    @cached_property
    def _terms(self) -> tuple[np.ndarray, ...]:
        return _terms(self.observables, self.program.num_qubits)

    @cached_property
    def _lane_terms(self) -> tuple[np.ndarray, ...]:
        """The diagonals as one sample on all lanes reads them."""
        diagonal, *rest = self._terms
        lanes = diagonal.reshape(len(diagonal), 8, -1).transpose(0, 2, 1)
        return np.ascontiguousarray(lanes).reshape(diagonal.shape), *rest

    @cached_property
    def _ops(self) -> tuple[np.ndarray, ...]:
        """Letter, parameter, coefficient and offset of each op."""
        program = self.program
        letter = np.zeros(len(program.opcode), np.int64)
        rotation = np.diff(program.start) > 0
        letter[rotation] = program.letters[program.start[:-1][rotation]]
        return letter, program.parameter.astype(np.int64), program.coefficient, program.offset

    def run(
        self, weights: Any, inputs: Any = None, *, gradient: bool = False, state: bool = False, start: Any = None,
        num_threads: int | None = None, memory_bytes: int = MEMORY_BYTES,
    ) -> _Out:  # fmt: skip
        """Values (B, K), gradients (B, num_weights) of the first observable, states (B, 2 * 2**n) as pairs of floats.

        Args:
            weights, inputs, start, num_threads, memory_bytes: as in ``values``.
            gradient, state: whether these are wanted; else they are empty.
        """
        program, n = self.program, self.program.num_qubits
        chosen = check_weights(len(program.parameters), weights)
        samples, copies = len(chosen), 4 if gradient else 2
        few = max((count for qubits, count in SINGLES.items() if n >= qubits), default=0)
        alone = samples <= few and not state  # a state's phase depends on the plan
        per_thread = copies * 16 * 2**n * (1 if alone else 8)
        fixed = samples * ((16 * 2**n if state else 0) + 16 * len(program.weights))
        fixed += 8 * 2**n * len(self.observables) * (2 if alone else 1)
        threads = 1 if alone else choose_threads(num_threads, samples, float(len(program.opcode)) * 2.0**n * samples)
        while threads > 1 and threads * per_thread + fixed > memory_bytes:
            threads -= 1
        if per_thread + fixed > memory_bytes:
            raise QTrainError(
                f"circuit should fit the memory budget of {memory_bytes:,} bytes. A statevector run of {n} "
                f"qubits takes {per_thread + fixed:,} bytes: raise memory_bytes, or use fewer qubits or samples."
            )
        given = np.zeros((0, 0)) if start is None else _start(start, samples, n)
        theta = chosen if program.angle_map is None else program.angle_map.angles(chosen, inputs)
        angles = (*_rows(program, inputs, samples), theta)
        out = _Out(
            np.empty((samples, len(self.observables))), np.zeros((samples if gradient else 0, len(program.weights))),
            np.empty((samples if state else 0, 2 * 2**n)),
        )  # fmt: skip
        if alone:
            for sample in range(samples):
                self._run_one(sample, angles, given, out)
        else:
            self._run_all(angles, given, out, threads)
        if gradient and program.angle_map is not None:
            return out._replace(gradients=program.angle_map.pull(out.gradients, chosen, inputs))
        return out

    def _run_all(self, angles: tuple[np.ndarray, ...], given: np.ndarray, out: _Out, threads: int) -> None:
        """Eight samples at a time."""
        from qtrain.kernels.statevector.run import run
        from qtrain.kernels.statevector.simd import aligned

        copies, n = 4 if len(out.gradients) else 2, self.program.num_qubits
        circuit, terms, kernel = (*_plan(self.program, BLOCK), *self._ops), self._terms, cast(Any, run)

        def work(first: int, end: int) -> None:
            buffers = aligned(copies * 16 * 2**n).reshape(copies, -1)
            kernel(*circuit, *angles, first, end, *terms, buffers, *out, given)

        in_threads(work, threads, len(out.values))

    def _run_one(self, sample: int, angles: tuple[np.ndarray, ...], given: np.ndarray, out: _Out) -> None:
        """One sample, whose amplitudes fill the lanes of the vectors."""
        from qtrain.kernels.statevector.simd import aligned
        from qtrain.kernels.statevector.single import run_single

        copies, n = 4 if len(out.gradients) else 2, self.program.num_qubits
        row, coefficient, offset, theta = angles
        here, eight = slice(sample, sample + 1), np.full(8, sample)
        values, gradients = np.empty((8, out.values.shape[1])), np.zeros((8, out.gradients.shape[1]))
        cast(Any, run_single)(
            *_plan(self.program, min(BLOCK, n - 3)), *self._ops, row, np.ascontiguousarray(coefficient[:, eight]),
            np.ascontiguousarray(offset[:, eight]), theta[eight], *self._lane_terms,
            aligned(copies * 2 * 2**n).reshape(copies, -1), values, gradients[: 8 * bool(len(out.gradients))],
            given[here],
        )  # fmt: skip
        out.values[sample] = values.sum(axis=0)
        out.gradients[here] = gradients.sum(axis=0)


def _start(start: Any, samples: int, n: int) -> np.ndarray:
    """(samples, 2 * 2**n) float: real and imaginary parts of the input states, interleaved."""
    array = np.ascontiguousarray(start, dtype=np.complex128)
    if array.shape != (samples, 2**n):
        raise QTrainError(f"start should have shape {(samples, 2**n)}, a state for each sample. Got {array.shape}.")
    return array.view(np.float64)


def values(
    program: PauliProgram, observable: Observable | Sequence[Observable], weights: Any, inputs: Any = None, *,
    start: Any = None, num_threads: int | None = None, memory_bytes: int = MEMORY_BYTES,
) -> np.ndarray:  # fmt: skip
    """Expectation values <0|U(w)^dagger O U(w)|0> of one or several observables.

    Args:
        program: from ``qtrain.circuits.program.lower``; observable: text or SparsePauliOp, or a list of them.
        weights: (B, num_weights) radians; inputs: (B, num_inputs) data, None where the circuit has none.
        start: (B, 2**num_qubits) complex input states; None: |0...0>.
        num_threads: None takes all cores where it pays; memory_bytes: refused beforehand if exceeded.

    Returns:
        (B,) for one observable, (B, K) for a list of K.

    Raises:
        QTrainError: shapes, widths, numbers that are not finite, too much memory.

    Example:
        >>> import numpy as np
        >>> from qiskit.circuit import Parameter, QuantumCircuit
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.simulators.statevector import values
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.ry(Parameter("a"), 0)
        >>> values(lower(circuit), ["Z", "X"], [[0.0], [np.pi / 2]]).round(6).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    several = isinstance(observable, (list, tuple))
    ready = Simulation(program, list(observable) if several else [observable])  # type: ignore[list-item]
    out = ready.run(weights, inputs, start=start, num_threads=num_threads, memory_bytes=memory_bytes)[0]
    return out if several else out[:, 0]


def values_and_gradients(
    program: PauliProgram, observable: Observable | Sequence[Observable], weights: Any, inputs: Any = None, *,
    start: Any = None, num_threads: int | None = None, memory_bytes: int = MEMORY_BYTES,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Expectation values and their derivatives by every weight (adjoint method, arXiv 2009.02823).

    Args:
        program, observable, weights, inputs, start, num_threads, memory_bytes: as in ``values``. A weight
            that is used in several rotations gets the sum over them (chain rule with coefficients).

    Returns:
        values (B,) and gradients (B, num_weights); for a list of K observables (B, K) and
        (B, K, num_weights).

    Raises:
        QTrainError: as in ``values``.

    Example:
        >>> from qiskit.circuit import Parameter, QuantumCircuit
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.simulators.statevector import values_and_gradients
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.ry(Parameter("a"), 0)
        >>> value, gradient = values_and_gradients(lower(circuit), "Z", [[0.5]])
        >>> value.round(4).tolist(), gradient.round(4).tolist()
        ([0.8776], [[-0.4794]])
    """
    options: dict[str, Any] = {"start": start, "num_threads": num_threads, "memory_bytes": memory_bytes}
    if not isinstance(observable, (list, tuple)):
        out, gradients, _ = Simulation(program, [observable]).run(weights, inputs, gradient=True, **options)  # type: ignore[list-item]
        return out[:, 0], gradients
    if not len(observable):
        raise QTrainError("observable should be one observable or a non-empty list. Got an empty list.")
    parts = [values_and_gradients(program, o, weights, inputs, **options) for o in observable]
    return np.stack([v for v, _ in parts], axis=1), np.stack([g for _, g in parts], axis=1)


def states(
    program: PauliProgram, weights: Any, inputs: Any = None, *, start: Any = None, num_threads: int | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> np.ndarray:  # fmt: skip
    """Output states U(w)|0>, up to global phase.

    Args:
        program, weights, inputs, start, num_threads, memory_bytes: as in ``values``.

    Returns:
        (B, 2**num_qubits) complex128; index bit q is qubit q.

    Raises:
        QTrainError: as in ``values``.

    Example:
        >>> from qiskit.circuit import Parameter, QuantumCircuit
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.simulators.statevector import states
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.ry(Parameter("a"), 0)
        >>> states(lower(circuit), [[0.0]]).real.tolist()
        [[1.0, 0.0]]
    """
    ready = Simulation(program, [])
    vectors = ready.run(weights, inputs, state=True, start=start, num_threads=num_threads, memory_bytes=memory_bytes)[2]
    return vectors.view(np.complex128)

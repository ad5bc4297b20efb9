"""g-sim: cost and gradient in the observable's module, at any number of qubits (arXiv 2308.01432).

The Pauli strings that the observable can become under the circuit's rotations span its module. Where they
are few, its coefficients on them are all there is to follow: for free-fermion circuits n(2n - 1) numbers
or fewer, 19,900 for a transverse-field Ising ansatz of 100 qubits. Shared parameters are sums of commuting
Pauli rotations, each a set of plane rotations of the coefficient vector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.observables import as_observable, pack
from qtrain.errors import QTrainError, check_whole
from qtrain.kernels import pauli_modules
from qtrain.kernels.statevector.simd import aligned
from qtrain.simulators.statevector import MEMORY_BYTES, check_weights, choose_threads, in_threads
from qtrain.simulators.symmetric_gsim import OrbitModule, orbit_module, orbit_values_and_gradients

if TYPE_CHECKING:
    from qtrain.circuits.program import PauliProgram

MAX_DIMENSION = 2**16
CLOSING_SPEED = 3e8  # words of generators that a second compares with strings


@dataclass(frozen=True, eq=False)
class Module:
    """The observable's module, and the circuit as plane rotations on it.

    Attributes:
        num_weights: columns of the weights; dimension: number of strings.
        x, z: (dimension, words) uint64, the strings, in the frame behind all Cliffords.
        initial: (dimension,) the observable; expectation: (dimension,) the input state, +1, -1 or 0.
        constant: coefficient of the identity.
        start, pairs, signs: plane rotations of each distinct generator (CSR over generators).
        generator, parameter, coefficient, offset: (rotations,) in time order; parameter -1 for fixed ones.
    """

    num_weights: int
    x: np.ndarray
    z: np.ndarray
    initial: np.ndarray
    expectation: np.ndarray
    constant: float
    start: np.ndarray
    pairs: np.ndarray
    signs: np.ndarray
    generator: np.ndarray
    parameter: np.ndarray
    coefficient: np.ndarray
    offset: np.ndarray

    @property
    def dimension(self) -> int:
        return len(self.initial)

    @property
    def cost(self) -> float:
        """Plane rotations of one evaluation of the cost."""
        return float(np.diff(self.start)[self.generator].sum())


def module(
    program: PauliProgram, observable: Any, max_dimension: int = MAX_DIMENSION, *, memory_bytes: int = MEMORY_BYTES,
    seconds: float = math.inf,
) -> Module | OrbitModule | None:  # fmt: skip
    """Close the observable's Pauli strings under the circuit's rotations, or its orbit sums where those fail.

    Args:
        program: any circuit of Pauli rotations and Cliffords, inputs bound; observable: text or SparsePauliOp.
        max_dimension: strings, or orbits of strings under permutations of qubits, to follow at most.
        memory_bytes: what the plane rotations on the strings may take, at most.
        seconds: what the closure may take, about: fewer strings are followed where it would take longer.

    Returns:
        Module; OrbitModule where the strings are too many but circuit, observable and input state share a
        permutation symmetry; None where both are beyond the limits.

    Raises:
        QTrainError: unbound inputs, a bad observable or limit.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.simulators.gsim import module
        >>> from qtrain.circuits.program import lower
        >>> module(lower(real_amplitudes(2, reps=1)), "IZ").dimension
        9
    """
    if program.inputs:
        raise QTrainError("program should have its inputs bound for g-sim. Got free ones: call bind_inputs first.")
    check_whole("max_dimension", max_dimension)
    deadline = clock() + seconds
    x, z, c = pack(as_observable(observable, program.num_qubits))
    other = (x | z).any(axis=1)
    constant = float(c[~other].sum())
    table = program.generators(fixed=True)
    gen_x, gen_z, generator = table.distinct()
    limit = int(min(max_dimension, CLOSING_SPEED * seconds / max(gen_x.size, 1)))
    found_x, found_z, slots, complete = pauli_modules.close(x[other], z[other], gen_x, gen_z, limit)
    start = pauli_modules.count_pairs(found_x, found_z, gen_x, gen_z) if complete else np.zeros(1, np.int64)
    if not complete or 16 * start[-1] > memory_bytes:
        left = deadline - clock()
        if 8 * len(gen_x) ** 2 > memory_bytes or left < 0:
            return None
        return orbit_module(
            program, x[other], z[other], c[other], constant, int(max_dimension), memory_bytes=memory_bytes, seconds=left
        )
    pairs, signs = pauli_modules.pair_up(found_x, found_z, gen_x, gen_z, slots, start)
    initial = np.zeros(len(found_x))
    initial[: np.count_nonzero(other)] = c[other]
    ops = table.index
    return Module(
        num_weights=len(program.weights), x=found_x, z=found_z, initial=initial,
        expectation=program.expectations(found_x, found_z), constant=constant, start=start,
        pairs=pairs, signs=signs, generator=generator.astype(np.int64),
        parameter=program.parameter[ops].astype(np.int64),
        coefficient=table.signs * program.coefficient[ops], offset=table.signs * program.offset[ops],
    )  # fmt: skip


def gsim_values_and_gradients(
    module: Module | OrbitModule, weights: Any, *, num_threads: int | None = None, memory_bytes: int = MEMORY_BYTES
) -> tuple[np.ndarray, np.ndarray]:
    """Cost and its derivatives by every weight, exactly, without a statevector.

    Args:
        module: from ``module``; weights: (B, num_weights) radians.
        num_threads: None takes all cores where it pays; memory_bytes: refused beforehand if exceeded.

    Returns:
        values (B,), gradients (B, num_weights).

    Raises:
        QTrainError: wrong shape, numbers that are not finite, too much memory.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.simulators.gsim import gsim_values_and_gradients, module
        >>> from qtrain.circuits.program import lower
        >>> f, g = gsim_values_and_gradients(module(lower(real_amplitudes(2, reps=1)), "IZ"), [[0.5, 0, 0, 0]])
        >>> f.round(4).tolist(), g.round(4).tolist()
        ([0.8776], [[-0.4794, 0.0, 0.0, 0.0]])
    """
    theta = check_weights(module.num_weights, weights)
    samples = len(theta)
    if isinstance(module, OrbitModule):
        return _by_orbits(module, theta, memory_bytes)
    threads = choose_threads(num_threads, samples, module.cost * samples)
    each = 128 * (module.dimension + len(module.generator) + 1)
    fixed = 16 * theta.size
    threads = max(1, min(threads, (memory_bytes - fixed) // each))
    if threads * each + fixed > memory_bytes:
        raise QTrainError(
            f"weights should fit the memory budget of {memory_bytes:,} bytes. {samples} samples take "
            f"{threads * each + fixed:,} bytes: use fewer at a time, or raise memory_bytes."
        )
    values = np.empty(samples)
    gradients = np.zeros((samples, module.num_weights))

    def work(first: int, end: int) -> None:
        pauli_modules.propagate(
            module.start, module.pairs, module.signs, module.generator, module.parameter, module.coefficient,
            module.offset, module.initial, module.expectation, theta, first, end,
            aligned(8 * module.dimension), aligned(8 * module.dimension), values, gradients,
        )  # fmt: skip

    in_threads(work, threads, samples)
    return values + module.constant, gradients


def _by_orbits(module: OrbitModule, theta: np.ndarray, memory_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    each = 96 * module.dimension  # real v, u and complex copies of one sample
    chunk = min(256, (memory_bytes - 16 * theta.size) // each)
    if chunk < 1:
        raise QTrainError(
            f"weights should fit the memory budget of {memory_bytes:,} bytes. One sample takes {each:,} bytes: "
            "raise memory_bytes."
        )
    parts = [orbit_values_and_gradients(module, theta[k : k + chunk]) for k in range(0, len(theta), chunk)]
    return np.concatenate([f for f, _ in parts]), np.concatenate([g for _, g in parts])

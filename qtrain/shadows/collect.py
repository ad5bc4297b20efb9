"""Shadows acquired: block after block, from states on a classical computer or from circuits on a device."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from qtrain.errors import QTrainError, check_whole, shortened
from qtrain.files.writing import as_npz
from qtrain.shadows.circuits import prepared
from qtrain.shadows.data import Shadows
from qtrain.shadows.devices import Device
from qtrain.shadows.states import MAX_QUBITS, Amplitudes, MatrixProduct

BLOCK = 2048  # groups of shots from a state that are drawn together
MOST_LETTERS = 2**30  # shots times qubits: a few GB
JOB = 256  # choices of bases in a job for a device


class Source(Protocol):
    """What shots are taken from, (choices of bases, repeats, n) outcomes at a time."""

    num_qubits: int
    name: str

    def digest(self) -> str: ...

    def shots(self, bases: np.ndarray, repeats: int, place: tuple[int, int]) -> np.ndarray: ...


class Simulated:
    """Shots from a state that is known: the same numbers for each place, whatever was drawn before."""

    def __init__(self, state: Amplitudes | MatrixProduct, name: str, seed: int) -> None:
        self.state, self.name, self.seed = state, name, seed
        self.num_qubits = state.num_qubits

    def digest(self) -> str:
        return self.state.digest()

    def shots(self, bases: np.ndarray, repeats: int, place: tuple[int, int]) -> np.ndarray:
        block, first = place
        rng = np.random.default_rng([self.seed, block, 1])
        uniforms = rng.random((first + len(bases), repeats, self.num_qubits))[first:].reshape(-1, self.num_qubits)
        outcomes = self.state.sample(np.repeat(bases, repeats, axis=0), uniforms)
        return outcomes.reshape(len(bases), repeats, self.num_qubits)


def collect_shadows(
    state: Any, *, shots: int = 20_000, shots_per_basis: int | None = None, parameter_values: Any = None,
    backend: Any = None, sampler: Any = None, seed: int = 0, output: str | Path | None = None,
    optimization_level: int = 1, job_size: int = JOB, progress: Callable[[int, int], None] | None = None,
) -> Shadows:  # fmt: skip
    """Measure every qubit in bases drawn at random, and keep bases and outcomes: classical shadows (arXiv 2002.08953).

    Args:
        state: a circuit or its file (final measurements are left out); a Statevector or its 2^n amplitudes; or a
            matrix-product state, a list of tensors (left bond, 2, right bond), tensor k of qubit k: 1024 qubits and
            20,000 shots at bond 64 take about a minute.
        shots: in all. shots_per_basis: shots that share a choice of bases; None: 1 for states and simulated circuits,
            and up to 16 on a device, where circuits are what costs (the largest divisor of ``shots``).
        parameter_values: of the circuit's parameters, in their order or by name.
        backend: ``"aer"``, a device of qiskit-ibm-runtime such as ``"FakeTorino"``, or a Backend: the circuit is
            transpiled to it once, and its bases are parameters. A device takes qiskit-ibm-runtime's sampler.
        sampler: a SamplerV2 of your own instead, without a seed of its own. With neither, circuits are simulated
            exactly, which takes at most 26 qubits.
        seed: of bases and simulated outcomes; outcomes of a real device are its own.
        output: an .npz file that grows with each block or job. If it is there, what it holds is kept, and what
            misses is acquired: a call that was killed goes on, and one with more shots adds to them.
        optimization_level: of the transpiler. job_size: choices of bases in a job on a device.
        progress: called with the shots so far, and in all.

    Raises:
        QTrainError: one sentence about wrong input: a state of another kind, measurements inside the circuit,
            parameters without values, a device that is too small, a file that holds something else.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> bell = QuantumCircuit(2)
        >>> _ = bell.h(0)
        >>> _ = bell.cx(0, 1)
        >>> shadows = collect_shadows(bell, shots=900)
        >>> [shadows.estimate(pauli).value for pauli in ("XX", "YY", "ZZ")]
        [1.0, -1.0, 1.0]
    """
    check_whole("shots", shots)
    check_whole("seed", seed, least=0)
    check_whole("job_size", job_size)
    place = None if output is None else as_npz(output, "output")
    if progress is not None and not callable(progress):
        raise QTrainError(f"progress should be a function of two numbers of shots. Got {shortened(progress)}.")
    source = _source(state, parameter_values, backend, sampler, seed, optimization_level)
    on_device = isinstance(source, Device)
    if shots_per_basis is None:
        repeats = next(k for k in range(min(16, shots), 0, -1) if shots % k == 0) if on_device else 1
    else:
        check_whole("shots_per_basis", shots_per_basis)
        repeats = shots_per_basis
    if shots % repeats:
        raise QTrainError(f"shots should be a multiple of shots_per_basis = {repeats}. Got {shots}.")
    if shots * source.num_qubits > MOST_LETTERS:
        raise QTrainError(
            f"shots should be at most {MOST_LETTERS // source.num_qubits:,} of {source.num_qubits} qubits at a time. "
            f"Got {shots}: collect with several seeds, and add them."
        )
    return _collect(
        source, shots // repeats, repeats, seed, place,
        job_size if on_device else max(BLOCK // repeats, 1), progress,
    )  # fmt: skip


def _collect(
    source: Source, groups: int, repeats: int, seed: int, output: Path | None, block: int,
    progress: Callable[[int, int], None] | None,
) -> Shadows:  # fmt: skip
    """Blocks of groups, each drawn from (seed, its number): the same whether a call was interrupted or not."""
    n, state = source.num_qubits, source.digest()
    bases = np.concatenate([_bases(seed, k, min(block, groups - k * block), n) for k in range(-(-groups // block))])
    outcomes = np.zeros((groups, repeats, n), np.uint8)
    done = 0
    if output is not None and output.exists():
        kept = _kept(output, bases, repeats, seed, state)
        if len(kept) >= groups * repeats:
            return kept
        done = len(kept) // repeats
        outcomes[:done] = kept.outcomes.reshape(done, repeats, n)
    elif output is not None and not os.access(output.absolute().parent, os.W_OK):
        raise QTrainError(f"output should be in a folder that exists and can be written in. Got {output}.")
    while done < groups:
        k = done // block
        end = min((k + 1) * block, groups)
        outcomes[done:end] = source.shots(bases[done:end], repeats, (k, done - k * block))
        done = end
        if output is not None or done == groups:
            every = np.repeat(bases[:done], repeats, axis=0)
            taken = Shadows(every, outcomes[:done].reshape(-1, n), repeats, (seed,), state, source.name)
        if output is not None:
            taken.save(output)
        if progress is not None:
            progress(done * repeats, groups * repeats)
    return taken


def _bases(seed: int, k: int, count: int, num_qubits: int) -> np.ndarray:
    """(count, n) letters of the first groups of block k."""
    return np.random.default_rng([seed, k, 0]).integers(1, 4, (count, num_qubits), np.uint8)


def _kept(output: Path, bases: np.ndarray, repeats: int, seed: int, state: str) -> Shadows:
    """What an earlier call has taken, if it is the beginning of what is asked for."""
    kept = Shadows.load(output)
    for what, there, asked in (
        ("this state", kept.state, state), (f"seed {seed}", kept.seeds, (seed,)),
        (f"{repeats} shots for each choice of bases", kept.repeats, repeats),
    ):  # fmt: skip
        if there != asked:
            raise QTrainError(
                f"output should be a new file, or one with shadows of {what}. Got {output}, which has others: "
                "choose another name, or remove it."
            )
    have = kept.bases[::repeats]
    both = min(len(have), len(bases))
    if not np.array_equal(have[:both], bases[:both]):
        raise QTrainError(f"output should be a file that grew in jobs of this size. Got {output}, which did not.")
    return kept


def _source(
    state: Any, parameter_values: Any, backend: Any, sampler: Any, seed: int, optimization_level: int
) -> Source:
    """What is measured."""
    if isinstance(state, (QuantumCircuit, str, Path)):
        circuit = prepared(state, parameter_values)
        if backend is not None or sampler is not None:
            return Device(
                circuit, backend=backend, sampler=sampler, seed=seed, optimization_level=optimization_level
            )  # fmt: skip
        if circuit.num_qubits > MAX_QUBITS:
            raise QTrainError(
                f"backend or sampler should be given with a circuit of more than {MAX_QUBITS} qubits. "
                f"Got one of {circuit.num_qubits} alone."
            )
        return Simulated(Amplitudes.of(Statevector(circuit).data), "a circuit, simulated exactly", seed)
    for name, value in (("parameter_values", parameter_values), ("backend", backend), ("sampler", sampler)):
        if value is not None:
            raise QTrainError(f"{name} should be given with a circuit. Got it with {shortened(state, longest=40)}.")
    if isinstance(state, Statevector):
        return Simulated(Amplitudes.of(state.data), "a state vector", seed)
    if isinstance(state, (list, tuple)) and any(_dimensions(part) == 3 for part in state):
        return Simulated(MatrixProduct.of(state), "a matrix-product state", seed)
    if isinstance(state, (list, tuple, np.ndarray)) and _dimensions(state) == 1:
        return Simulated(Amplitudes.of(state), "a state vector", seed)
    raise QTrainError(
        "state should be a circuit, its file, a Statevector, 2^n amplitudes, or tensors (left bond, 2, right bond). "
        f"Got {shortened(state)}."
    )


def _dimensions(values: Any) -> int:
    try:
        return int(np.ndim(values))
    except ValueError:  # rows of different lengths
        return -1

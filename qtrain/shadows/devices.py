"""Shots from Qiskit's samplers: one circuit, transpiled once, whose bases are values of its parameters.

A base is chosen by RZ and RY in front of the measurement of Z, so that a job is one circuit and a table of numbers.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, generate_preset_pass_manager
from qiskit.circuit import ParameterVector

from qtrain.errors import QTrainError, check_whole, shortened
from qtrain.shadows.circuits import digest

REGISTER = "shadow"
# (letters, 2): angles of RZ, then RY, that turn X, Z or Y into Z; row 0 is not used.
TURNS = np.array([[0.0, 0.0], [0.0, -np.pi / 2], [0.0, 0.0], [-np.pi / 2, -np.pi / 2]])


class Device:
    """A circuit on a sampler.

    Attributes:
        name: of the backend or sampler, for people.
    """

    def __init__(
        self, circuit: QuantumCircuit, *, backend: Any, sampler: Any, seed: int, optimization_level: int
    ) -> None:
        if backend is not None and sampler is not None:
            raise QTrainError("backend and sampler should not both be given. Got both.")
        self.num_qubits = circuit.num_qubits
        self.sampler, self.seed = sampler, seed
        self.backend = as_backend(backend)
        if sampler is not None:
            check_sampler(sampler)
            self.backend = _backend_of(sampler)
        self.name = _name(self.backend if self.backend is not None else sampler)
        self._digest = hashlib.sha256(f"{digest(circuit)} {self.name}".encode()).hexdigest()[:32]
        self.template, self.turns = _template(circuit)
        if self.backend is not None:
            self.template = _transpiled(self.template, self.backend, self.name, optimization_level)

    def digest(self) -> str:
        """Of the circuit and the backend: other noise is another state."""
        return self._digest

    def shots(self, bases: np.ndarray, repeats: int, place: tuple[int, int]) -> np.ndarray:
        """(choices, repeats, n) outcomes of one job: choices (choices, n) of bases, so many shots each.

        Args:
            place: of the job, from which a simulator's seed is made.

        Raises:
            QTrainError: the job failed, or its result has another form.
        """
        values = TURNS[bases].reshape(len(bases), -1)  # both angles of qubit 0, of qubit 1, …
        sampler = self.sampler if self.sampler is not None else _sampler(self.backend, self.seed, place)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = sampler.run([(self.template, {tuple(self.turns): values})], shots=repeats).result()[0]
                bits = getattr(found.data, REGISTER)
                read = np.unpackbits(bits.array, axis=-1)[..., ::-1][..., : self.num_qubits]
            except (KeyboardInterrupt, MemoryError):
                raise
            except Exception as error:  # a primitive may raise anything
                said = " ".join(str(error).split())[:300]
                raise QTrainError(
                    f"sampler should run the circuit. Got {type(error).__name__} from {self.name}: {said}"
                ) from error
        if read.shape != (len(bases), repeats, self.num_qubits):
            raise QTrainError(
                f"sampler should return {repeats} shots of {self.num_qubits} qubits for each of {len(bases)} choices "
                f"of bases. Got shape {read.shape} from {self.name}."
            )
        return read


def as_backend(backend: Any) -> Any:
    """A backend by name (``"aer"``, or a device of qiskit-ibm-runtime's fake provider), or as it is.

    Raises:
        QTrainError: no such device, a package that is not installed, something else.
    """
    if backend is None:
        return None
    if isinstance(backend, str):
        if backend.lower() == "aer":
            return _aer()()
        from qtrain.circuits.noise.devices import fake_device

        return fake_device(backend, argument="backend", expected='"aer", or a device such as FakeTorino')
    if not hasattr(backend, "run") or getattr(backend, "target", None) is None:
        expected = '"aer", a device such as FakeTorino, or a Backend'
        raise QTrainError(f"backend should be {expected}. Got {shortened(backend)}.")
    return backend


def check_sampler(sampler: Any) -> None:
    """It runs PUBs, and no seed of its own makes it draw the same numbers in each circuit or job.

    Raises:
        QTrainError: no sampler, or one whose seed is fixed.
    """
    if not callable(getattr(sampler, "run", None)):
        raise QTrainError(f"sampler should be a SamplerV2. Got {shortened(sampler)}.")
    options = getattr(sampler, "options", None)
    simulator = getattr(options, "simulator", None)
    run_options = getattr(options, "run_options", None)
    of_run = run_options.get("seed_simulator") if isinstance(run_options, dict) else None
    for seed in (
        getattr(sampler, "seed", None), getattr(options, "seed_simulator", None),
        getattr(simulator, "seed_simulator", None), of_run,
    ):  # fmt: skip
        if isinstance(seed, (int, np.integer)):
            raise QTrainError(
                f"sampler should have no fixed seed, which draws the same numbers in each job. Got {seed}: "
                "leave it out, or give a backend and seed= here."
            )


def _aer() -> Any:
    try:
        from qiskit_aer import AerSimulator
    except ImportError:
        raise QTrainError("backend = 'aer' needs qiskit-aer. Install it: pip install 'qtrain[devices]'.") from None
    return AerSimulator


def _sampler(backend: Any, seed: int, place: tuple[int, int]) -> Any:
    """Of a job: Runtime's for devices of IBM (in local mode for fake ones), Aer's for Aer, else Qiskit's."""
    own = int(np.random.default_rng([seed, *place, 1]).integers(1, 2**31))
    where = type(backend).__module__.split(".")[0]
    if where == "qiskit_ibm_runtime":
        from qiskit_ibm_runtime import SamplerV2

        sampler = SamplerV2(mode=backend)
        if not hasattr(backend, "service"):
            sampler.options.simulator.seed_simulator = own
        return sampler
    if where == "qiskit_aer":
        from qiskit_aer.primitives import SamplerV2 as AerSampler

        return AerSampler.from_backend(backend, seed=own)
    from qiskit.primitives import BackendSamplerV2

    return BackendSamplerV2(backend=backend, options={"seed_simulator": own})


def _backend_of(sampler: Any) -> Any:
    """What circuits have to be transpiled to, or None."""
    found = getattr(sampler, "backend", getattr(sampler, "_backend", None))  # Aer's keeps it to itself
    found = found() if callable(found) else found
    return found if getattr(found, "target", None) is not None else None


def _name(thing: Any) -> str:
    name = getattr(thing, "name", None)
    return name if isinstance(name, str) and name else type(thing).__name__


def _template(circuit: QuantumCircuit) -> tuple[QuantumCircuit, list[str]]:
    """The circuit with a base for each qubit, and the names of its angles: RZ and RY of qubit 0, of qubit 1, …."""
    angles = ParameterVector("turn", 2 * circuit.num_qubits)
    made = circuit.copy_empty_like(name="shadow")
    made.metadata = {}
    made.compose(circuit, inplace=True)
    register = ClassicalRegister(circuit.num_qubits, REGISTER)
    made.add_register(register)
    made.barrier()
    for q in range(circuit.num_qubits):
        made.rz(angles[2 * q], q)
        made.ry(angles[2 * q + 1], q)
    made.measure(range(circuit.num_qubits), register)
    return made, [angle.name for angle in angles]


def _transpiled(template: QuantumCircuit, backend: Any, name: str, level: int) -> QuantumCircuit:
    check_whole("optimization_level", level, least=0, most=3)
    if backend.num_qubits is not None and template.num_qubits > backend.num_qubits:
        raise QTrainError(
            f"backend should have at least the {template.num_qubits} qubits of the circuit. "
            f"Got {name} with {backend.num_qubits}."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        passes = generate_preset_pass_manager(optimization_level=level, backend=backend, seed_transpiler=0)
        return passes.run(template)

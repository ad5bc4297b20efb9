"""``Problem``: one question about a circuit, posed once and handed from criterion to criterion.

What several criteria need of it (tape, cone, interference classes, algebra) is a function marked `part`: computed when
the first of them asks, remembered for the others.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any, NamedTuple, TypeVar

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget, as_budget, clock
from qtrain.circuits.files import read_circuit
from qtrain.circuits.initialization import Initialization, centred, parse_initialization
from qtrain.circuits.interference import PathClasses, path_classes
from qtrain.circuits.noise.channels import Channel
from qtrain.circuits.noise.placement import Noisy, with_noise
from qtrain.circuits.observables import measured
from qtrain.circuits.pauli_tape import Tape, build_tape
from qtrain.circuits.product_states import differs, split_product_input
from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError, check_whole, shortened

NO_PERIOD = "uniform on [0, 2 pi)"  # where some angle is no affine function of the parameters
DEFAULT_POINTS = 64  # of random data where inputs are named and no data given
LARGEST_ANGLE = 1e150  # of data: their squares are numbers still
MAX_POINTS = 256  # data points whose product states Pauli paths average over

T = TypeVar("T")
P = TypeVar("P", bound="Problem")


@dataclass(frozen=True, eq=False)
class Problem:
    """A circuit, what is measured behind it, how its angles start, and what the answer may cost.

    Attributes:
        program: the lowered circuit. observable: on its qubits, as given (with its identity term).
        start: distribution of the angles. channels: noise behind the gates. data: (points, inputs) or None.
        noise: what the channels came from, where noise was given; the observable then holds its readout errors.
        budget, seed: of every stage. samples: fixed number of samples, or None: as the budget allows.
        method: the gradient method that was asked for by name, or ``"auto"``.
        started: `qtrain.budget.clock` when the question was posed.
        remarks: clauses about what was decided where the question left it open; every answer says them.
    """

    program: PauliProgram
    observable: SparsePauliOp
    start: Initialization = Initialization("uniform")
    channels: tuple[Channel, ...] = ()
    data: np.ndarray | None = None
    budget: Budget = Budget()
    seed: int = 0
    samples: int | None = None
    method: str = "auto"
    noise: Noisy | None = None
    started: float = field(default_factory=clock)
    remarks: tuple[str, ...] = ()
    parts: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False)

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.budget.seconds - (clock() - self.started)

    def share(self, fraction: float = 1.0) -> float:
        """Seconds that a stage may take: a part of what is left, never below 0."""
        return max(0.0, fraction * self.left)

    def hurried(self: P, fraction: float) -> P:
        """The same question with a nearer deadline: after this part of what is left. Its parts are shared.

        Example:
            >>> from qiskit.circuit.library import real_amplitudes
            >>> problem = pose(real_amplitudes(2, reps=1), "IZ", budget=Budget(seconds=100))
            >>> problem.hurried(0.1).left < 11 < 90 < problem.left
            True
        """
        seconds = max(self.budget.seconds - self.left + self.share(fraction), 1e-3)
        return dataclasses.replace(self, budget=dataclasses.replace(self.budget, seconds=seconds))

    @property
    def drawn(self) -> str:
        """How the parameters are drawn, in words."""
        periodic = self.program.angle_map is None or self.start.kind != "uniform"
        return str(self.start) if periodic else NO_PERIOD

    @property
    def plain(self) -> bool:
        """Uniform angles, no noise, no data, |0...0> in front: what the invariants of Pauli paths assume."""
        own = self.program.angle_map is None and self.start.kind == "uniform" and not self.channels
        return own and path_tape(self).bloch is None

    @cached_property
    def unital(self) -> bool:
        """No channel moves a Pauli to the identity: strings stay what they are without noise."""
        return not any(channel.shifts for channel in self.channels)

    def rng(self, *stage: str | int) -> np.random.Generator:
        """Random numbers of one stage; see `stream`."""
        return stream(self.seed, *stage)

    @cached_property
    def traceless(self) -> SparsePauliOp:
        """The observable without its identity term."""
        identity = _is_identity(self.observable)
        if not identity.any():
            return self.observable
        if identity.all():
            return SparsePauliOp("I" * self.observable.num_qubits, [0.0])
        return self.observable[~identity]

    @cached_property
    def offset(self) -> float:
        """Coefficient of the identity: a constant of the cost."""
        return float(np.sum(self.observable.coeffs[_is_identity(self.observable)].real))

    @cached_property
    def fingerprint(self) -> str:
        """Equal for equal questions, whatever their seed and budget: 16 hex digits."""
        points = b"" if self.data is None else self.data.tobytes()
        terms = ";".join(sorted(f"{label}:{complex(c).real!r}" for label, c in self.traceless.to_list()))
        text = f"{self.program.fingerprint()}|{terms}|{self.start}|{list(self.channels)}|{points!r}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def at_first_point(self) -> Problem:
        """The same with the inputs bound to the first data point; itself where nothing is to be bound."""
        if self.data is None or not self.program.inputs:
            return self
        return self.but(program=self.program.bind_inputs(self.data[0]), data=None)

    def but(self, **changes: Any) -> Problem:
        """Another question: some fields changed, no part remembered, the clock running on."""
        return dataclasses.replace(self, parts={}, **changes)

    def again(
        self, *, method: str | None = None, seed: int | None = None, samples: int | None = None,
        budget: Budget | None = None,
    ) -> Problem:  # fmt: skip
        """The same question by another method, with other randomness or another budget: its parts are shared."""
        return dataclasses.replace(
            self, method=method or self.method, seed=self.seed if seed is None else seed,
            samples=self.samples if samples is None else samples, budget=budget or self.budget,
        )  # fmt: skip


def stream(seed: int, *stage: str | int) -> np.random.Generator:
    """Random numbers of one stage of one seed, independent of every other stage's and seed's.

    A list of numbers would not do: NumPy pads it with zeros, and takes a seed above 2**32 for two numbers.

    Args:
        stage: its name, and whole numbers that count within it, below 2**32.

    Example:
        >>> bool(stream(1, "paths", 0).integers(2**62) == stream(1, "paths").integers(2**62))
        False
    """
    key = [zlib.crc32(word.encode()) if isinstance(word, str) else int(word) for word in stage]
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def part(compute: Callable[[P], T]) -> Callable[[P], T]:
    """Mark a function of a problem whose result the problem remembers.

    Example:
        >>> @part
        ... def width(problem):
        ...     print("counting")
        ...     return problem.program.num_qubits
        >>> from qiskit.circuit.library import real_amplitudes
        >>> problem = pose(real_amplitudes(2, reps=1), "IZ")
        >>> width(problem), width(problem)
        counting
        (2, 2)
    """

    @functools.wraps(compute)
    def ask(problem: P) -> T:
        if compute not in problem.parts:
            problem.parts[compute] = compute(problem)
        return problem.parts[compute]  # type: ignore[no-any-return]

    return ask


def pose(
    circuit: QuantumCircuit | PauliProgram | str | PathLike[str],
    observable: SparsePauliOp | str,
    *,
    initialization: str | tuple[str, float] | Initialization = "uniform",
    noise: Any = None,
    inputs: Sequence[Any] | str = (),
    data: np.ndarray | None = None,
    budget: Budget | None = None,
    seed: int = 0,
    samples: int | None = None,
    method: str = "auto",
) -> Problem:
    """Read, lower and check everything that a question consists of.

    Args:
        circuit: a QuantumCircuit, a path to .qasm (2 or 3) or .qpy, or a program.
        observable, initialization, noise, inputs, data, budget, seed, samples, method: as in `gradient_variance`.

    Raises:
        QTrainError: a circuit that cannot be read or lowered, one without parameters, wrong options.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> pose(real_amplitudes(2, reps=1), "IZ + 0.5*II").offset
        0.5
    """
    start = parse_initialization(initialization)
    _check_numbers(samples, seed)
    noisy = None
    if isinstance(circuit, PauliProgram):
        if noise is not None:
            raise QTrainError("circuit should be a QuantumCircuit where noise is given. Got a PauliProgram.")
        program = lower(circuit, inputs=inputs)
    else:
        source = read_circuit(circuit)
        if noise is not None:
            noisy = with_noise(source, observable, noise)
            source, observable = noisy.circuit, noisy.observable
        program = lower(source, inputs=inputs, functions=True)
    if not program.weights:
        raise QTrainError("circuit should have at least one parameter. Got a circuit without parameters.")
    program = centred(program, start)
    points = check_data(program, data, seed=seed)
    remarks = _remarks(program, start, default_data=points is not None and data is None)
    return Problem(
        program, measured(observable, program.num_qubits), start, noisy.channels if noisy else (), points,
        as_budget(budget), seed, samples, method, noisy, remarks=remarks,
    )  # fmt: skip


@part
def steepness(problem: Problem) -> np.ndarray:
    """(ops,) |d angle / d weight| of each op; its root mean square over the data where these scale the weight."""
    found = np.abs(problem.program.coefficient)
    if problem.data is not None and problem.program.expressions:
        ops, slopes, _ = problem.program.input_angles(problem.data)
        found[ops] = np.sqrt((slopes**2).mean(axis=0))
    return found


@part
def whole_tape(problem: Problem) -> Tape:
    """The circuit with its fixed rotations and inputs, as rotations without a row: what light cones walk on."""
    return build_tape(problem.program, fixed_rotations=True)


class PathTape(NamedTuple):
    """What Pauli paths walk on, or why they would be wrong.

    Attributes:
        refusal: a clause that names the obstacle, empty where there is none. tape: None where refused.
        bloch: (points, qubits, 3) product states of the inputs, in the order X, Z, Y; None for |0...0>.
    """

    refusal: str
    tape: Tape | None
    bloch: np.ndarray | None


@part
def path_tape(problem: Problem) -> PathTape:
    """The circuit as Pauli paths see it: every parameter in one rotation, all fixed gates Cliffords."""
    program, start = problem.program, problem.start
    for channel in problem.channels:
        if channel.shifts or min(channel.factors) < 0:
            what = "moves Paulis to the identity" if channel.shifts else "turns the sign of Paulis"
            return PathTape(f"the noise behind gate {channel.gate} {what}", None, None)
    if program.angle_map is not None:
        return PathTape(f"{program.angle_map.functions.texts[0]} is no affine function of one parameter", None, None)
    if start.kind == "identity-block":
        return PathTape("identity-block initialisation shares angles between two blocks", None, None)
    uses = np.bincount(program.parameter[program.rotations], minlength=len(program.weights))
    if (uses > 1).any():
        k = int(np.argmax(uses > 1))
        signs = program.coefficient[program.parameter == k]
        echo = ", forwards and backwards (an echo)" if uses[k] == 2 and signs.sum() == 0 else ""
        return PathTape(f"parameter {program.weights[k]} is used in {uses[k]} rotations{echo}", None, None)
    if start.kind != "uniform":
        shifted = program.rotations[program.offset[program.rotations] != 0]
        if len(shifted):
            where = f"the rotation at gate {program.gate[shifted[0]]}"
            return PathTape(f"{where} has an offset and the angles are not uniform", None, None)
    if start.kind == "uniform" and np.isnan(program.coefficient).any():
        return PathTape("data scale a weight, which is drawn without regard to their periods", None, None)
    if problem.data is not None and len(problem.data) > MAX_POINTS:
        return PathTape(f"its {len(problem.data)} data points are above {MAX_POINTS}, and are sampled", None, None)
    bloch, stripped, split = None, program, []
    if problem.data is not None or len(program.fixed_rotations):
        points = () if problem.data is None else problem.data
        bound = [program.bind_inputs(v) for v in points] or [program]
        split = [split_product_input(p) for p in bound]
        stripped = split[0][0]
        bloch = np.stack([b for _, b in split])
    if len(stripped.fixed_rotations):
        op = stripped.fixed_rotations[0]
        angle = f"{stripped.offset[op]:g}" if math.isfinite(stripped.offset[op]) else "a free input"
        return PathTape(f"gate {stripped.gate[op]} is a fixed rotation by {angle}, not Clifford", None, None)
    if any(differs(stripped, other) for other, _ in split[1:]):
        return PathTape("the data enter behind the first weights or entanglers", None, None)
    same = stripped is program and not problem.channels
    return PathTape("", whole_tape(problem) if same else build_tape(stripped, problem.channels), bloch)


@part
def classes(problem: Problem) -> PathClasses:
    """The observable's terms by interference; only where `path_tape` has a tape."""
    tape = path_tape(problem).tape
    assert tape is not None
    return path_classes(tape, problem.traceless)


def _remarks(program: PauliProgram, start: Initialization, *, default_data: bool) -> tuple[str, ...]:
    found = []
    if default_data:
        found.append(f"no data given: inputs averaged over {DEFAULT_POINTS} points uniform on [-pi, pi)")
    if program.angle_map is not None and start.kind == "uniform":
        aperiodic = int(program.angle_map.aperiodic().sum())
        if aperiodic:
            found.append(
                f"{aperiodic} of {len(program.parameters)} parameters have no period, as in "
                f"{program.angle_map.functions.texts[0]}: drawn {NO_PERIOD}"
            )
    others = [name for name in program.parameters if not name.startswith("x[")]
    if not program.inputs and (others or program.angle_map is not None) and len(others) < len(program.parameters):
        found.append("parameters x[0], ... are taken as trainable: inputs='x' would average over data")
    return tuple(found)


def check_data(program: PauliProgram, data: np.ndarray | None, *, seed: int = 0) -> np.ndarray | None:
    """(points, inputs) floats; None for a program without inputs. Without data, random points that the seed decides.

    Raises:
        QTrainError: data without inputs, another shape, NaN or infinity.
    """
    if not program.inputs:
        if data is not None:
            raise QTrainError("inputs should name the parameters that data fill. Got data without inputs.")
        return None
    if data is None:
        return stream(seed, "data").uniform(-math.pi, math.pi, (DEFAULT_POINTS, len(program.inputs)))
    try:
        vectors = np.atleast_2d(np.asarray(data, float))
    except (TypeError, ValueError, OverflowError):
        raise QTrainError(f"data should be an array of numbers (points, inputs). Got {shortened(data)}.") from None
    if vectors.ndim != 2 or vectors.shape[1] != len(program.inputs) or not len(vectors):
        raise QTrainError(
            f"data should have {len(program.inputs)} columns, one for each input. Got shape {vectors.shape}."
        )
    if not (np.abs(vectors) <= LARGEST_ANGLE).all():
        worst = vectors.flat[int(np.argmax(~(np.abs(vectors) <= LARGEST_ANGLE)))]
        raise QTrainError(f"data should be finite numbers, at most {LARGEST_ANGLE:g} in size. Got {worst:g}.")
    return vectors


def _check_numbers(samples: int | None, seed: int) -> None:
    if samples is not None and (isinstance(samples, bool) or not isinstance(samples, (int, np.integer))):
        raise QTrainError(f"samples should be a whole number or None. Got {samples!r}.")
    if samples is not None and samples < 2:
        raise QTrainError(f"samples should be at least 2. Got {samples}.")
    check_whole("seed", seed, least=0)


def _is_identity(operator: SparsePauliOp) -> np.ndarray:
    return np.asarray(~(operator.paulis.x.any(axis=1) | operator.paulis.z.any(axis=1)))

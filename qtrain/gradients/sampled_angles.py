"""Methods ``angles``, ``statevector`` and ``gsim``: random angles, for what Pauli paths cannot treat.

Any circuit that a simulator takes: shared parameters, controlled rotations, fixed T gates, data. ``angles`` evaluates
by whatever row of the table of simulators takes the fewest operations, terms on their own light cones among them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import clock
from qtrain.circuits.problem import Problem, part, steepness
from qtrain.errors import QTrainError, check_whole
from qtrain.gradients.accumulators import AngleMoments
from qtrain.gradients.draws import draw_weights
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.dead_parameters import dead
from qtrain.light_cones.light_cone import effective
from qtrain.light_cones.vanishing_gradients import vanishing
from qtrain.simulators import gsim, statevector
from qtrain.simulators.cones.cut import Piece, Pieces, pieces_of
from qtrain.simulators.evaluators import Evaluator, ModuleSurrogate
from qtrain.simulators.table import STATEVECTOR_BYTES, Plan, narrow, plans

if TYPE_CHECKING:
    from qtrain.circuits.program import PauliProgram
    from qtrain.simulators.symmetric_gsim import OrbitModule

FIRST_BATCH = 64
WIDE = 16  # qubits beyond which a small module is faster than a statevector
WIDEST = 22  # qubits whose statevectors ``auto`` takes on
SLOPE_POINTS = 4096  # weights at which slopes of functions of them are averaged
FEWEST = 2  # angle vectors that tell of a spread
SHARE = 0.5  # of the budget's seconds, for angles
FEW = 1e7  # operations of a value that are not worth a search for fewer
GRACE = 1.0  # seconds that few angle vectors may take where stages above have used up the budget
PER_SECOND = 2e8  # operations of a value that its gradient is done by as well, on one slow core
SLOWEST = 10.0  # times as long as expected an angle vector may take
TYPICAL = 5.0  # angle vectors for a relative error of 1 of the median variance, squared errors in proportion
SHORT = 1e7  # operations that nothing is given up for
ROUNDING = 1e-13  # of a sampled gradient, relative to the largest it can be


@part
def seen(problem: Problem) -> Problem:
    """The question on the observable's effective cone alone: what simulators are asked."""
    small = effective(problem)
    return problem.but(program=small.program, observable=small.observable)


@part
def pieces(problem: Problem) -> Pieces:
    """The cost cut into the cones of its terms, or in one piece where that would not do."""
    small = seen(problem)
    found = pieces_of(small)
    if not isinstance(found, str):
        return found
    used = np.unique(small.program.parameter[small.program.rotations])
    unused = np.setdiff1d(np.arange(small.program.num_weights), used)
    alone = small.program.bind_weights({int(k): 0.0 for k in unused})
    whole = Piece(alone, small.observable, used, 1.0, len(small.observable))
    return Pieces(small.program.num_weights, 0.0, (whole,))


def angles_refuses(problem: Problem) -> str | None:
    """Noise, data, and where no simulator fits."""
    if problem.program.inputs:
        return "data are followed on the statevector alone"
    if (why := statevector_refuses(problem)) or narrow(seen(problem).program):
        return why
    return None if simulator(problem) else "no simulator fits the light cone"


def angles_passes(problem: Problem) -> str | None:
    """What the rows of one simulator do as well."""
    program = seen(problem).program
    if narrow(program):
        return f"a statevector holds the {program.num_qubits} qubits of the light cone"
    found = simulator(problem)
    assert found is not None
    name, plan = found
    return f"the cheapest simulator is the {name}, with {plan.detail}" if name in ("statevector", "g-sim") else None


@part
def simulator(problem: Problem) -> tuple[str, Plan] | None:
    """Name and plan of the simulator that takes the fewest operations, or of the first that takes few."""
    return next(iter(plans(seen(problem), enough=FEW).items()), None)


def run_angles(problem: Problem) -> GradientStats | None:
    """None where not even a few angle vectors fit the seconds."""
    found = simulator(problem)
    assert found is not None
    name, plan = found
    sampled = _sample(problem, plan.operations, plan.build)
    if sampled is None:
        return None
    return angle_statistics(problem, sampled[0], "angles", f"angles sampled by {name}: {plan.detail}{sampled[1]}")


def statevector_refuses(problem: Problem) -> str | None:
    """Noise: states are pure."""
    return "angles are sampled on pure states, without noise" if problem.channels else None


def statevector_passes(problem: Problem) -> str | None:
    """Wide light cones."""
    width = effective(problem).program.num_qubits
    if width > WIDEST:
        return f"the observable's light cone holds {width} qubits, above {WIDEST}"
    if STATEVECTOR_BYTES << width > problem.budget.memory_bytes:
        return "the states of the observable's light cone are above memory_bytes"
    return None


def run_statevector(problem: Problem) -> GradientStats | None:
    """Adjoint gradients of random parameter vectors; memory is checked before it is taken."""
    small = effective(problem).program
    sampled = _sample(problem, max(len(small), 1) * 2.0**small.num_qubits)
    if sampled is None:
        return None
    stats = angle_statistics(problem, sampled[0], "statevector", f"angles sampled on the statevector{sampled[1]}")
    suspects = (sampled[0].gradient[1] <= sampled[0].count * rounding(problem)) & ~stats.proven_zero
    return dataclasses.replace(stats, proven_zero=stats.proven_zero | vanishing(problem, suspects))


def angle_statistics(problem: Problem, sums: AngleMoments, method: str, reason: str) -> GradientStats:
    """Statistics from sampled angles, with what rounding could hide."""
    sums = dataclasses.replace(sums, rounding=rounding(problem))
    return GradientStats.of(problem, [sums], method=method, reason=reason, proven_zero=dead(problem))


def rounding(problem: Problem) -> float:
    """Second moment below which a sampled gradient cannot be told from rounding."""
    size = max(float(slopes(problem).max(initial=1.0)), 1.0) * float(np.abs(problem.traceless.coeffs).sum())
    return (ROUNDING * size) ** 2


@part
def slopes(problem: Problem) -> np.ndarray:
    """(parameters,) sum over the rotations of |d angle / d parameter|.

    Where the angles are functions of the parameters: its root mean square over random ones, and three errors more.
    """
    program, ops = problem.program, problem.program.rotations
    plain = np.bincount(program.parameter[ops], steepness(problem)[ops], minlength=len(program.weights))
    if program.angle_map is None:
        return plain
    rng = problem.rng("slopes")
    drawn = draw_weights(program, SLOPE_POINTS, rng, initialization=problem.start)
    data = None if problem.data is None else problem.data[rng.integers(len(problem.data), size=len(drawn))]
    return np.asarray(np.sqrt(program.angle_map.mean_square_slopes(plain, drawn, data)))


def gsim_refuses(problem: Problem) -> str | None:
    """Noise, and inputs: the module is closed under one circuit; angles that are functions of the weights."""
    if problem.program.angle_map is not None:
        return "its angles are functions of the weights"
    if problem.program.inputs:
        return "its inputs would need a module for each data point"
    return statevector_refuses(problem)


def gsim_passes(problem: Problem) -> str | None:
    """Narrow light cones, where the statevector is faster."""
    width = effective(problem).program.num_qubits
    return f"a statevector holds the {width} qubits of the light cone" if width <= WIDE else None


def run_gsim(problem: Problem) -> GradientStats | None:
    """None where the module is too large."""
    module = observable_module(problem)
    sampled = None if module is None else _sample(problem, module.cost, lambda: ModuleSurrogate(module))
    if module is None or sampled is None:
        return None
    reason = f"angles sampled in the module of dimension {module.dimension}{sampled[1]}"
    return angle_statistics(problem, sampled[0], "gsim", reason)


@part
def observable_module(problem: Problem) -> gsim.Module | OrbitModule | None:
    """The observable's strings, or their orbits, closed under the circuit; None above the limit.

    Each string costs 64 bytes and a few additions, so a limit meant for algebras would be low.
    """
    try:
        return gsim.module(
            problem.program, problem.traceless, max(problem.budget.max_dimension, 2**15), seconds=problem.share(0.25)
        )
    except QTrainError:
        return None


def _sample(
    problem: Problem, operations: float, build: Callable[[], Evaluator] | None = None
) -> tuple[AngleMoments, str] | None:
    """Growing batches until precise enough; a clause where the budget ended them; None where it starts none.

    Args:
        operations: of one value. build: makes what evaluates; None: the statevector.
    """
    expected = operations / PER_SECOND  # seconds of one angle vector, until one was timed
    most = affordable(problem, operations)
    batch = problem.samples or int(min(FIRST_BATCH, most, max(SHARE * problem.left, GRACE) / expected))
    if batch < FEWEST:
        return None
    evaluator = None if build is None else build()

    def draw(count: int, done: int) -> AngleMoments:
        return sample_moments(
            problem.program, problem.traceless, samples=count, seed=problem.rng("angles", done),
            initialization=problem.start, data=problem.data, evaluator=evaluator,
            cone=effective(problem) if evaluator is None else None, memory_bytes=int(problem.budget.memory_bytes),
        )  # fmt: skip

    return grow(problem, batch, draw, slowest=max(SLOWEST * expected, 1e-3), most=most)


def worth(problem: Problem) -> float:
    """Operations that an exact method may take.

    Any number; but where the budget counts operations, no more than random angles on the statevector of the light cone
    would take until they reach its relative error: who counts them has many circuits to look at, and asks for no more.
    """
    if math.isinf(problem.budget.max_operations):
        return math.inf
    small = effective(problem).program
    samples = TYPICAL / problem.budget.relative_error**2
    sampling = samples * max(len(small), 1) * 2.0 ** min(small.num_qubits, 1000)
    return min(max(sampling, SHORT), problem.budget.max_operations)


def affordable(problem: Problem, operations: float) -> int:
    """Parameter vectors of so many operations each that the budget allows, few at least: whatever the time."""
    return int(min(problem.budget.max_samples, max(problem.budget.max_operations / operations, FEWEST)))


def grow(
    problem: Problem, batch: int, draw: Callable[[int, int], AngleMoments], *, slowest: float = math.inf,
    most: int | None = None,
) -> tuple[AngleMoments, str]:  # fmt: skip
    """Growing batches until precise enough; a clause where the budget ended them.

    Args:
        batch: the first. draw: sums of so many parameter vectors, behind so many. slowest: seconds of one of the first.
        most: parameter vectors; None: the budget's ``max_samples``.
    """
    most = problem.budget.max_samples if most is None else most
    total: AngleMoments | None = None
    while True:
        began = clock()
        more = draw(batch, total.count if total else 0)
        each = (clock() - began) / batch
        if total is None:  # what the first took is no measure of the others
            each = min(each, slowest)
        total = more if total is None else total + more
        if problem.samples is not None or precise(total, problem.budget.relative_error):
            return total, ""
        fitting = 0.7 * (problem.left - (1 - SHARE) * problem.budget.seconds) / max(each, 1e-9)
        batch = int(min(total.count, most - total.count, fitting))
        if batch < max(total.count // 8, 1):
            return total, f"; stopped by the budget after {total.count} parameter vectors"


def precise(sums: AngleMoments, relative_error: float) -> bool:
    """Whether the median live second moment has this relative standard error."""
    n = sums.count
    second = sums.gradient[1] / n
    spread = np.sqrt(np.maximum(sums.gradient[3] / n - second**2, 0.0) / n)
    live = second > 1e-14 * max(float(second.max(initial=0.0)), 1e-300)
    return not live.any() or float(np.median(spread[live] / second[live])) <= relative_error


def power_sums(samples: np.ndarray) -> np.ndarray:
    squares = samples**2
    fourth = squares**2
    return np.stack([v.sum(0) for v in (samples, squares, squares * samples, fourth, fourth * squares)])


def sample_moments(
    program: PauliProgram,
    observable: Any,
    *,
    samples: int,
    seed: int | np.random.Generator = 0,
    initialization: Any = "uniform",
    data: np.ndarray | None = None,
    evaluator: Evaluator | None = None,
    cone: tuple[PauliProgram, SparsePauliOp] | None = None,
    num_threads: int | None = None,
    memory_bytes: int = statevector.MEMORY_BYTES,
) -> AngleMoments:
    """Power sums of cost and gradient over random parameter vectors.

    Args:
        program: from ``qtrain.circuits.program.lower``; observable: text or SparsePauliOp (ignored with ``evaluator``).
        samples: parameter vectors, at least 1; seed: of all randomness, or a generator. The draws
            depend on neither ``num_threads`` nor the machine.
        initialization: see ``draw_weights``.
        data: (points, num_inputs); each sample takes one point at random. None without inputs.
        evaluator: computes cost and gradient instead of the statevector.
        cone: from ``effective_program``: evaluate on what the observable sees; angles are drawn for the whole.
        num_threads, memory_bytes: as in ``qtrain.simulators.statevector``.

    Returns:
        Sums, in the order of ``program.parameters``.

    Raises:
        QTrainError: wrong numbers, an initialisation the circuit has not, too much memory.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.gradients.sampled_angles import sample_moments
        >>> from qtrain.circuits.program import lower
        >>> m = sample_moments(lower(real_amplitudes(2, reps=1)), "IZ", samples=4000, seed=1)
        >>> (m.gradient[1] / m.count).round(1).tolist()  # exact: 3/8, 1/8, 3/8, 0
        [0.4, 0.1, 0.4, 0.0]
    """
    check_whole("samples", samples)
    if not isinstance(seed, np.random.Generator):
        check_whole("seed", seed, least=0)
    points = _points(program, data)
    rng = np.random.default_rng(seed)
    # a fixed chunk, so that the draws do not depend on threads or memory; at most some 16 MB of gradients
    chunk = max(64, min(4096, 2**21 // max(1, len(program.parameters)) // 16 * 16))
    seen, operator = cone or (program, observable)
    total = AngleMoments(0, np.zeros((5, len(program.parameters))), np.zeros(5))
    while total.count < samples:
        count = min(chunk, int(samples) - total.count)
        weights = draw_weights(program, count, rng, initialization=initialization)
        inputs = None if points is None else points[rng.integers(len(points), size=count)]
        if evaluator is not None:
            f, g = evaluator.values_and_gradients(weights)
        else:
            f, g = statevector.values_and_gradients(
                seen, operator, weights, inputs, num_threads=num_threads, memory_bytes=memory_bytes
            )
        total = total + AngleMoments(count, power_sums(g), power_sums(f))
    return total


def _points(program: PauliProgram, data: np.ndarray | None) -> np.ndarray | None:
    if not program.inputs:
        if data is not None:
            raise QTrainError("data should be None: the circuit has no inputs. Got an array.")
        return None
    wanted = f"data should have shape (points, {len(program.inputs)}), one column per input of the circuit"
    if data is None:
        raise QTrainError(f"{wanted}. Got None.")
    points = np.asarray(data, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != len(program.inputs) or not len(points):
        raise QTrainError(f"{wanted}. Got shape {points.shape}.")
    return points

"""The table of simulators: each way to compute a cost at given angles is a row, with what it would take.

Sampled gradients, quadrature and certificates choose from it; a new simulator is one file and one row.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

from qtrain.circuits.expressions.angle_map import AngleMap
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram
from qtrain.extensions import Table
from qtrain.json_results import count
from qtrain.simulators.collective_spin import collective_spin
from qtrain.simulators.cones.cut import ConesSurrogate, pieces_of
from qtrain.simulators.evaluators import Evaluator, MappedSurrogate, ModuleSurrogate, StatevectorSurrogate
from qtrain.simulators.free_fermions import free_fermions
from qtrain.simulators.gsim import module
from qtrain.simulators.networks.contraction import plan_contraction
from qtrain.simulators.reached_strings import MAX_PAIRS, reached_strings
from qtrain.simulators.sectors.find import sector_of

PACE = {"statevector": 1.0, "contraction": 50.0}  # of an operation, where gradients at few points are asked for
USUAL_PACE, CALL = 5.0, 1e5  # of other rows; operations of the statevector that a call takes at least
PLANNING, PLANNING_NETWORKS = 1e9, 2e9  # operations of the best row so far that are worth a look at the others
STATEVECTOR_BYTES = 4 * 16 * 8  # of one amplitude: four copies of eight points, complex
FEW = 1e6  # operations that take less than a look at the other rows
NARROW = 12  # qubits of a program whose statevector, where short, nothing has to beat
SMALLEST_MODULE = 2**12  # strings that are followed even where the budget's max_dimension is smaller
ALONE = "one cone holds all terms"


@dataclass(frozen=True)
class Plan:
    """What one evaluation would take.

    Attributes:
        detail: one clause with the figures. operations: elementary ones, of one value.
        memory_bytes: at the peak. build: makes the evaluator; within the operations it states.
    """

    detail: str
    operations: float
    memory_bytes: float
    build: Callable[[], Evaluator]


@dataclass(frozen=True)
class Simulator:
    """One row: exact at every angle, or not in this table.

    Attributes:
        name: of the method.
        plan: problem -> what it takes, or a clause that tells why it cannot. The problem's program is taken as it is:
            who wants the light cone alone hands in the light cone. It has no free inputs and no ``angle_map``, and its
            noise and start are not looked at.
    """

    name: str
    plan: Callable[[Problem], Plan | str]


SIMULATORS: Table[Simulator] = Table("simulator")


def register_simulator(row: Simulator, *, replace: bool = False) -> Simulator:
    """Add a way to compute costs; `qtrain.testing.simulators.check_simulator` tells whether it keeps its promises.

    Raises:
        QTrainError: a name that is taken.
    """
    return SIMULATORS.add(row.name, row, replace=replace)


def plans(problem: Problem, *, enough: float = 0.0) -> dict[str, Plan]:
    """The plans that fit the problem's memory, the one of fewest operations first.

    Args:
        enough: operations; behind a row that takes no more, none is asked: a plan may take longer than values.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.problem import pose
        >>> sorted(plans(pose(real_amplitudes(2, reps=1), "IZ")))[-1]
        'statevector'
    """
    angle_map = problem.program.angle_map
    if angle_map is not None:
        inner = plans(problem.but(program=dataclasses.replace(problem.program, angle_map=None)), enough=enough)
        return {name: _mapped(plan, angle_map) for name, plan in inner.items()}
    fits: dict[str, Plan] = {}
    for name, row in SIMULATORS.items():
        plan = row.plan(problem)
        if not isinstance(plan, str) and plan.memory_bytes <= problem.budget.memory_bytes:
            fits[name] = plan
            if plan.operations <= enough:
                break
    return dict(sorted(fits.items(), key=lambda item: item[1].operations))


def _mapped(plan: Plan, angle_map: AngleMap) -> Plan:
    return dataclasses.replace(plan, build=lambda: MappedSurrogate(plan.build(), angle_map))


def narrow(program: PauliProgram) -> bool:
    """Whether a statevector takes so little that no other simulator need be asked."""
    return program.num_qubits <= NARROW and len(program) << program.num_qubits <= FEW


def cheapest(problem: Problem) -> Plan | None:
    """The plan of fewest operations, or the first that takes few; a narrow program's statevector; None: none fits."""
    if narrow(problem.program):
        return _statevector(problem)
    return next(iter(plans(problem, enough=FEW).values()), None)


def quickest(problem: Problem, points: int) -> tuple[str, Plan] | None:
    """Name and plan of what takes the least time for gradients at so many points one after the other; None: none fits.

    The statevector, unless the points together take so long that planning other rows pays. What is compared is
    counted, not timed: the choice is the same on every machine.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> from qtrain.circuits.problem import pose
        >>> problem = pose(efficient_su2(18, reps=2, entanglement="pairwise"), " + ".join(f"X{q}" for q in range(18)))
        >>> quickest(problem, 1)[0], quickest(problem, 1000)[0]
        ('statevector', 'near-Clifford')
    """
    if problem.program.angle_map is not None:
        found = quickest(problem.but(program=dataclasses.replace(problem.program, angle_map=None)), points)
        return None if found is None else (found[0], _mapped(found[1], problem.program.angle_map))
    best: tuple[str, Plan] | None = None
    least = math.inf
    for name in sorted(SIMULATORS, key=lambda name: (name != "statevector", name == "contraction")):
        if least <= max((PLANNING_NETWORKS if name == "contraction" else PLANNING) / points, 2 * CALL):
            break  # planning would take longer than it can save, or a call of any row as long as half of all
        if name == "cones":
            plan = _cones(problem, lambda one: quickest(one, points))
        elif name == "near-Clifford":  # what would take longer than the best so far is not followed to its end
            plan = _near_clifford(problem, max(0.0, least - CALL) / PACE.get(name, USUAL_PACE))
        else:
            plan = SIMULATORS[name].plan(problem)
        if isinstance(plan, str) or plan.memory_bytes > problem.budget.memory_bytes:
            continue
        each = plan.operations if name == "cones" else _pace(name, plan)
        if each < least:
            best, least = (name, plan), each
    return best


def _pace(name: str, plan: Plan) -> float:
    """Operations of a statevector in whose time a row gives a gradient."""
    return PACE.get(name, USUAL_PACE) * plan.operations + CALL


def _statevector(problem: Problem) -> Plan:
    width = problem.program.num_qubits
    amplitudes = 2.0 ** min(width, 1000)
    return Plan(
        f"{width} qubits", amplitudes * max(len(problem.program), 1), amplitudes * STATEVECTOR_BYTES,
        lambda: StatevectorSurrogate(problem.program, problem.observable, int(problem.budget.memory_bytes)),
    )  # fmt: skip


def _gsim(problem: Problem) -> Plan | str:
    limit = max(problem.budget.max_dimension, SMALLEST_MODULE)
    memory = int(problem.budget.memory_bytes)
    space = module(problem.program, problem.observable, limit, memory_bytes=memory, seconds=problem.share(0.25))
    if space is None:
        return "the observable's module is beyond the limit"
    return Plan(
        f"module of dimension {space.dimension}", max(space.cost, 1.0), 128.0 * space.dimension,
        lambda: ModuleSurrogate(space),
    )  # fmt: skip


def _cones(problem: Problem, choose: Callable[[Problem], tuple[str, Plan] | None] | None = None) -> Plan | str:
    """The terms on their own cones, each shape by the cheapest row of this table, or by what ``choose`` chooses.

    Operations are then those of a statevector in whose time all shapes give their gradients.
    """
    if len(problem.observable) < 2:
        return "the observable is one term"
    found = pieces_of(problem)
    if isinstance(found, str):
        return found
    if len(found.pieces) == 1 and found.pieces[0].program.num_qubits == problem.program.num_qubits:
        return ALONE
    looks = sum(len(piece.program) for piece in found.pieces if not narrow(piece.program))
    if looks > problem.budget.max_planning:
        return f"planning {len(found.pieces)} shapes of cones looks at {looks:,} gates, above max_planning"
    chosen, hurried = [], problem.hurried(0.5)
    for piece in found.pieces:
        if hurried.left <= 0:
            return f"planning {len(found.pieces)} shapes of cones takes more than half of the seconds"
        part = problem.but(program=piece.program, observable=piece.observable)
        part.parts[pieces_of.__wrapped__] = ALONE  # type: ignore[attr-defined]  # it is one cone: not cut again
        best, named = (cheapest(part), None) if choose is None else (None, choose(part))
        if named is not None:
            best = dataclasses.replace(named[1], operations=_pace(*named))
        if best is None:
            return f"no simulator fits a cone of {piece.program.num_qubits} qubits"
        chosen.append(best)
    terms = sum(piece.terms for piece in found.pieces)
    return Plan(
        f"{terms} terms on cones of at most {found.width} qubits, {len(found.pieces)} shapes",
        max(sum(plan.operations for plan in chosen), 1.0), max((plan.memory_bytes for plan in chosen), default=0.0),
        lambda: ConesSurrogate(found, tuple(plan.build() for plan in chosen)),
    )  # fmt: skip


def _contraction(problem: Problem) -> Plan | str:
    found = plan_contraction(problem)
    if isinstance(found, str):
        return found
    terms = len(problem.traceless)
    contractions = count(len(found.forest.steps), "contraction")
    detail = f"networks of {count(terms, 'term')}, {contractions}"
    return Plan(detail, found.operations, found.memory_bytes, found.build)


def _near_clifford(problem: Problem, most: float = math.inf) -> Plan | str:
    """``most``: operations; None above."""
    space = reached_strings(problem.program, problem.observable, max_pairs=int(min(most, MAX_PAIRS)))
    if space is None:
        return "its rotations spread the observable over too many strings"
    return Plan(
        f"{len(space.generator)} non-Clifford rotations that matter, {space.dimension} strings",
        max(space.cost, 1.0), 16.0 * len(space.signs) + 128.0 * space.dimension, lambda: ModuleSurrogate(space),
    )  # fmt: skip


def _free_fermions(problem: Problem) -> Plan | str:
    found = free_fermions(problem.program, problem.observable)
    if found is None:
        return "no free fermions on a Gaussian state"
    largest = max((len(rows) for rows in found.rows), default=0)
    return Plan(
        f"{found.majoranas} Majorana operators on a Gaussian state, Pfaffians of {largest} rows", found.cost,
        8.0 * found.majoranas * (found.majoranas + 4 * largest), lambda: found,
    )  # fmt: skip


def _sector(problem: Problem) -> Plan | str:
    found = sector_of(problem)
    if found.log2 >= problem.program.num_qubits:
        return "no charge or parity of the input is conserved"
    memory = int(problem.budget.memory_bytes)
    return Plan(
        f"{found.detail}: the state stays in 2^{found.log2:.3g} dimensions", found.operations, found.memory_bytes,
        lambda: found.surrogate(memory),
    )  # fmt: skip


def _collective_spin(problem: Problem) -> Plan | str:
    found = collective_spin(problem.program, problem.observable)
    if isinstance(found, str):
        return found
    levels = problem.program.num_qubits + 1
    return Plan(f"one spin of {levels} levels", found.operations, 16.0 * levels * (6 * levels + 64), lambda: found)


for _name, _plan in {
    "collective spin": _collective_spin, "sector": _sector, "cones": _cones, "statevector": _statevector,
    "contraction": _contraction, "g-sim": _gsim, "near-Clifford": _near_clifford, "free fermions": _free_fermions,
}.items():  # fmt: skip
    register_simulator(Simulator(_name, _plan))

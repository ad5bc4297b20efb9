"""Is the cost classically simulable? Certificates with method, cost and error; never an opinion."""

from __future__ import annotations

from dataclasses import replace

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget, as_budget
from qtrain.circuits.expressions.angle_map import AngleMap
from qtrain.circuits.initialization import Initialization, centred, parse_initialization
from qtrain.circuits.observables import measured
from qtrain.circuits.problem import Problem, part
from qtrain.circuits.program import PauliProgram, lower
from qtrain.diagnosis.certificates.table import CERTIFICATES, TOLERANCE, Cost, Surrogate
from qtrain.diagnosis.results import CLASSICAL, Certificate, Simulability
from qtrain.errors import QTrainError
from qtrain.light_cones.light_cone import effective
from qtrain.simulators.evaluators import MappedSurrogate

UNIFORM = Initialization("uniform")


def simulability(
    circuit: QuantumCircuit | PauliProgram,
    observable: SparsePauliOp | str,
    *,
    budget: Budget | None = None,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    algebra: str | None = None,
    initialization: str | tuple[str, float] | Initialization = "uniform",
) -> Simulability:
    """Certificates that <O> on |0...0> can be computed classically, and the cheapest of them.

    Every known way out of vanishing gradients lives in a small subspace that a classical computer can
    follow (arXiv 2312.09121). A certificate names its method, the operations of one value and its
    angle-averaged error; where none fits, the verdict says so and no more.

    Args:
        circuit, observable: as in `gradient_variance`. budget: its ``max_dimension`` bounds modules.
        tolerance: root-mean-square error, as a share of the cost's standard deviation over uniform
            angles, that counts as simulated: a flat cost is not simulated by its mean.
        algebra: name of the circuit's Lie algebra where it is known already.
        initialization: ``"gaussian:WIDTH"`` or ``"small:WIDTH"``: error, spread and tolerance are averages over angles
            drawn so, around 0 or around the Clifford point in the rotations' offsets. What truncates by Fourier degree
            then truncates by the number of sines. Truncations whose strings are too many to list count with a bound on
            their operations, and have no surrogate.

    Returns:
        Simulability. Its ``surrogate`` evaluates the cost by the very method of the verdict, and is None where
        that one has no evaluator; ``surrogates`` holds those of the other methods that apply, by name. Each has
        ``.value(weights)`` and ``.value_and_gradient(weights)``. ``simulable`` where a classical method
        suffices; a row that "needs quantum data" follows from data measured once.

    Raises:
        QTrainError: a circuit that cannot be lowered or has free inputs, an observable of another width.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> result = simulability(real_amplitudes(4, reps=3), "ZIII")
        >>> result.simulable, result.surrogate
        (True, Surrogate(method='near-Clifford', error=0))
        >>> round(result.surrogate.value([0.0] * 16), 6)
        1.0
    """
    program = circuit if isinstance(circuit, PauliProgram) else lower(circuit, functions=True)
    start = parse_initialization(initialization)
    if start.kind == "identity-block":
        raise QTrainError("initialization should be uniform, gaussian or small for certificates. Got identity-block.")
    program = centred(program, start)
    operator = measured(observable, program.num_qubits)
    posed = Problem(program, operator, budget=as_budget(budget), seed=seed)
    return certify(posed, tolerance=tolerance, algebra=algebra, start=start)


@part
def on_its_cone(problem: Problem) -> Problem:
    """The cost alone, with uniform angles, on the qubits and ops of its effective cone: the same at every angle."""
    program, operator = effective(problem)
    if problem.offset:
        operator = operator + SparsePauliOp("I" * operator.num_qubits, [problem.offset])
    return Problem(program, operator, budget=problem.budget, seed=problem.seed, started=problem.started)


def certify(
    problem: Problem, *, tolerance: float = TOLERANCE, algebra: str | None = None, start: Initialization = UNIFORM
) -> Simulability:
    """`simulability` of a problem, whose light cone may be known already; its own start is not looked at."""
    if problem.program.expressions:
        raise QTrainError("circuit should have its inputs bound. Got free ones: bind them first.")
    if not tolerance > 0:
        raise QTrainError(f"tolerance should be positive. Got {tolerance!r}.")
    cone = on_its_cone(problem)
    angle_map = cone.program.angle_map
    if angle_map is not None:  # certificates are about the angles
        cone = cone.but(program=replace(cone.program, angle_map=None))
    cost = Cost(
        cone.program, cone.observable, budget=problem.budget, seed=problem.seed,
        parts=dict(cone.parts) if start.kind == "uniform" else {},
        started=problem.started, tolerance=tolerance, algebra=algebra, start=start,
    )  # fmt: skip
    found: list[tuple[Certificate, Surrogate | None]] = []
    skipped: list[str] = []
    for method in CERTIFICATES.values():
        if cost.left <= 0 and found:
            skipped.append(method.name)
        elif (row := method.certify(cost)) is not None:
            found.append(row)
    if angle_map is not None:  # errors are averages over independent angles, which these are not
        found = [row for row in found if row[0].error == 0]
    untried = f"{len(skipped)} of {len(CERTIFICATES)} methods not tried, as the budget had ended" if skipped else ""
    rows = tuple(certificate for certificate, _ in found)
    surrogates = {surrogate.method: surrogate for _, surrogate in found if surrogate is not None}
    if angle_map is not None:
        surrogates = {name: _behind(angle_map, surrogate) for name, surrogate in surrogates.items()}
    usable = [row for row in rows if row.applies]
    best = min(usable, key=lambda row: (row.kind != CLASSICAL, row.cost), default=None)
    if best is None:
        why = untried or "no method fits its cost and error"
        return Simulability(False, f"not certified: {why}", rows, untried=tuple(skipped))
    work = "1 operation" if round(best.cost) == 1 else f"about {best.cost:.2g} operations"
    text = f"{best.check}: {best.detail}, {work}, " + (f"error {best.error:.2g}" if best.error else "exact")
    text += f"; {best.kind}" if best.kind != CLASSICAL else ""
    text += f"; {untried}" if untried else ""
    return Simulability(
        best.kind == CLASSICAL, text, rows, surrogates.get(best.check), surrogates, untried=tuple(skipped)
    )


def _behind(angle_map: AngleMap, inner: Surrogate) -> Surrogate:
    """A surrogate in the angles as one in the circuit's parameters."""
    return Surrogate(inner.method, inner.error, lambda: MappedSurrogate(inner.evaluator, angle_map))

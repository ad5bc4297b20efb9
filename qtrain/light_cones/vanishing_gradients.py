"""Which gradients vanish at every angle: an identity test without rounding, for circuits of few qubits.

An expectation value is a Laurent polynomial in z = e^(i angle / 2) over the numbers that 16th roots of unity
generate. A derivative that is not the zero polynomial is zero at a random point of a random prime field
with small probability (Schwartz and Zippel); here four fields, drawn anew, must agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.frequencies import common_divisor
from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.statevector import modular as kernel
from qtrain.light_cones.light_cone import effective_program

FIELDS = 4  # a false "zero" has probability below 1e-3 in each: see `vanishing_weights`
WORK = 2e8  # amplitudes touched in all: a few seconds
SPEED = 1e8  # of them in a second
LARGEST_POWER = 1000
QUARTER = math.pi / 4
TOLERANCE = 1e-9

# Cliffords as Pauli rotations in time order: (letters on the op's qubits, eighths of a turn)
_TURNS: dict[int, tuple[tuple[tuple[int, ...], int], ...]] = {
    1: (((3,), 2), ((1,), 4)), 2: (((2,), 2),), 3: (((2,), -2),), 4: (((1,), 4),), 5: (((3,), 4),), 6: (((2,), 4),),
    7: (((1,), 2),), 8: (((1,), -2),), 9: (((2, 0), 2), ((0, 1), 2), ((2, 1), -2)),
    10: (((2, 0), 2), ((0, 2), 2), ((2, 2), -2)), 11: (((1, 1), -2), ((2, 2), -2), ((3, 3), -2)),
}  # fmt: skip


def vanishing_weights(
    program: PauliProgram, operator: SparsePauliOp, *, any_input: bool = False, seed: int = 0,
    seconds: float = math.inf,
) -> np.ndarray:  # fmt: skip
    """(weights,) bool: the gradient is the zero function of all angles; never true by rounding.

    Fixed angles that are no multiples of pi/4, and inputs, count as variables: what holds at every angle holds
    at theirs. A weight that is not zero passes one field with probability at most D / p + B / M < 1e-3 up to
    10^4 rotations, with D the polynomial's degree, p > 2^30 the prime, B the primes that divide all its
    coefficients and M > 6 10^6 the primes to draw from; it passes four with less than 1e-12.

    Args:
        program: its effective cone small enough, else nothing is proven. operator: real coefficients.
        any_input: from every input state, instead of |0...0>.
        seconds: what it may take, about; nothing is proven where it would take longer.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qiskit.circuit.library import XXPlusYYGate
        >>> from qtrain.circuits.program import lower
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.append(XXPlusYYGate(Parameter("a")), [0, 1])  # keeps the number of excitations
        >>> program, one, all_ = lower(circuit), SparsePauliOp("IZ"), SparsePauliOp(["IZ", "ZI"])
        >>> [vanishing_weights(program, o, any_input=a).tolist() for o, a in ((one, False), (one, True), (all_, True))]
        [[True], [False], [True]]
    """
    cone, seen = effective_program(program, operator)
    n, count = cone.num_qubits, len(program.weights)
    x, z, c = unpack_terms(seen)
    steps = _steps(cone)
    touched = (6 * len(steps) + 2 * len(c)) * 2.0**n * FIELDS
    if n > 20 or touched > min(WORK, SPEED * seconds) or len(steps) > 10_000:
        return np.zeros(count, bool)
    owner, variable, power, slope = _variables(cone, steps)
    places = np.uint64(1) << np.arange(n, dtype=np.uint64)
    masks = np.array([step[:2] for step in steps], np.uint64).reshape(-1, 2)
    term_masks = x.astype(np.uint64) @ places, z.astype(np.uint64) @ places
    live = np.zeros(count, bool)
    rng = np.random.default_rng([seed, 61])
    for prime, root in _fields(rng):
        iota = pow(root, 4, prime)
        half, half_iota = pow(2, -1, prime), pow(2 * iota, -1, prime)
        point = [int(v) for v in rng.integers(2, prime - 1, max(variable, default=-1) + 1)]
        cosine, sine = np.zeros((2, len(steps)), np.uint64)
        for j, step in enumerate(steps):
            value = pow(root, step[2] % 16, prime)
            if variable[j] >= 0:
                value = value * pow(point[variable[j]], power[j], prime) % prime
            other = pow(value, -1, prime)
            cosine[j] = (value + other) * half % prime
            sine[j] = (value - other) * half_iota % prime
        coefficients = [Fraction(float(v)) for v in c]
        term_c = [f.numerator * pow(f.denominator, -1, prime) % prime for f in coefficients]
        ket, bra = _input(n, any_input, iota, prime, rng)
        groups = np.zeros(len(point), np.uint64)
        kernel.derivatives(
            np.ascontiguousarray(masks[:, 0]), np.ascontiguousarray(masks[:, 1]), cosine, sine,
            np.array([group for _, group in owner], np.int64), np.array([v % prime for v in slope], np.uint64),
            *term_masks, np.array(term_c, np.uint64), np.uint64(iota), np.uint64(prime), ket, bra, groups,
        )  # fmt: skip
        for weight, group in owner:
            if weight >= 0 and groups[group]:
                live[weight] = True
    return ~live


def vanishing(problem: Problem, suspects: np.ndarray) -> np.ndarray:
    """(parameters,) bool: which of the suspects are proven to vanish, within a quarter of the seconds left."""
    if not suspects.any():
        return suspects
    seconds = problem.share(0.25)
    live = ~vanishing_weights(problem.program, problem.traceless, seed=problem.seed, seconds=seconds)
    return np.asarray(suspects & ~problem.program.of_parameters(live))


# (x mask, z mask, eighths of a turn, weight or -1, coefficient, offset that is no multiple of pi/4)
_Step = tuple[int, int, int, int, float, float]


def _steps(program: PauliProgram) -> list[_Step]:
    """Every op as Pauli rotations."""
    steps: list[_Step] = []
    moved = _shifted(program)
    for i in range(len(program)):
        code = int(program.opcode[i])
        if code:
            for letters, turn in _TURNS[code]:
                masks = [sum(((v >> bit) & 1) << int(q) for v, q in zip(letters, program.qubits[i])) for bit in (0, 1)]
                steps.append((masks[0], masks[1], turn, -1, 0.0, 0.0))
            continue
        pieces = range(int(program.start[i]), int(program.start[i + 1]))
        masks = [
            sum(((int(program.letters[j]) >> bit) & 1) << int(program.support[j]) for j in pieces) for bit in (0, 1)
        ]
        weight, coefficient = int(program.parameter[i]), float(program.coefficient[i])
        offset = 0.0 if weight in moved else float(program.offset[i])
        nearest = round(offset / QUARTER) if math.isfinite(offset) else 0
        rest = offset - nearest * QUARTER
        if abs(rest) <= TOLERANCE:
            rest = 0.0
        else:
            nearest = 0
            rest = offset
        steps.append((masks[0], masks[1], nearest, weight, coefficient if weight >= 0 else 0.0, rest))
    return steps


def _shifted(program: PauliProgram) -> set[int]:
    """Weights whose rotations all have the offset that one shift of the weight gives them."""
    shifts: dict[int, set[Fraction | None]] = {}
    for i in program.rotations:
        pair = float(program.coefficient[i]), float(program.offset[i])
        plain = math.isfinite(sum(pair)) and pair[0] != 0
        shift = Fraction(pair[1]) / Fraction(pair[0]) if plain else None
        shifts.setdefault(int(program.parameter[i]), set()).add(shift)
    return {weight for weight, found in shifts.items() if len(found) == 1 and None not in found}


def _variables(
    program: PauliProgram, steps: list[_Step]
) -> tuple[list[tuple[int, int]], list[int], list[int], list[int]]:
    """What each rotation's z is: a power of a variable of its own, or of one it shares.

    The rotations of a weight share a variable where their coefficients are small multiples of one number;
    those with other coefficients, with inputs or with odd offsets get one each. That is more freedom than the
    circuit has: what vanishes still vanishes.

    Returns:
        (weight, group) of the derivative it belongs to or (-1, -1), variable or -1, power, slope in the group.
    """
    units: dict[int, Fraction] = {}  # 0 where there is none
    for weight in {step[3] for step in steps} - {-1}:
        used = [step[4] for step in steps if step[3] == weight and step[4] != 0]
        if not all(math.isfinite(v) for v in used):
            units[weight] = Fraction(0)
            continue
        parts = [Fraction(v) for v in used]
        unit = common_divisor(parts) or Fraction(0)
        units[weight] = unit if all(abs(p) <= LARGEST_POWER * unit for p in parts) else Fraction(0)
    fresh: dict[object, int] = {}
    owner: list[tuple[int, int]] = []
    variable: list[int] = []
    power: list[int] = []
    slope: list[int] = []
    for j, (_, _, _, weight, coefficient, rest) in enumerate(steps):
        if weight >= 0 and coefficient != 0:
            alone = bool(rest) or not units[weight]
            name: object = (weight, j) if alone else weight
            k = 1 if alone else int(Fraction(coefficient) / units[weight])
            number = fresh.setdefault(name, len(fresh))
            owner.append((weight, number))
            variable.append(number)
            power.append(k)
            slope.append(k)
        elif rest:
            variable.append(fresh.setdefault(("fixed", abs(rest) if math.isfinite(rest) else j), len(fresh)))
            owner.append((-1, -1))
            power.append(-1 if rest < 0 else 1)
            slope.append(0)
        else:
            owner.append((-1, -1))
            variable.append(-1)
            power.append(0)
            slope.append(0)
    return owner, variable, power, slope


def _input(
    n: int, any_input: bool, iota: int, prime: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """|0...0>, or a product of random qubits a + i b, as ket and as bra."""
    ket = np.ones(1, np.uint64)
    bra = np.ones(1, np.uint64)
    for _ in range(n):
        if any_input:
            a, b = rng.integers(1, prime, (2, 2)).astype(np.uint64)
        else:
            a, b = np.array([1, 0], np.uint64), np.zeros(2, np.uint64)
        p, turned = np.uint64(prime), b * np.uint64(iota) % np.uint64(prime)
        ket = (ket[:, None] * ((a + turned) % p) % p).reshape(-1)
        bra = (bra[:, None] * ((a + p - turned) % p) % p).reshape(-1)
    return ket, bra


def _fields(rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Primes between 2^30 and 2^31 that are 1 modulo 16, with a primitive 16th root of unity in each."""
    for _ in range(FIELDS):
        prime = 0
        while not _is_prime(prime):
            prime = int(rng.integers(2**26, 2**27)) * 16 + 1
        root = 1
        while pow(root, 8, prime) != prime - 1:
            root = pow(int(rng.integers(2, prime - 1)), (prime - 1) // 16, prime)
        yield prime, root


def _is_prime(number: int) -> bool:
    """Miller and Rabin, certain below 3.2e9."""
    if number < 3 or number % 2 == 0:
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7):
        value = pow(base, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True

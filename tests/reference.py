"""Slow, obvious twins of the fast code: dense matrices, full grids, one path at a time, brute-force closures.

Nothing here is clever. Labels are Qiskit's (the last letter is qubit 0); matrices have qubit 0 as the lowest bit.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from qtrain.circuits.program import PauliProgram
from qtrain.kernels import opcodes as op

MATRICES = {
    "I": np.eye(2, dtype=complex),
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=complex),
    "Z": np.diag([1, -1]).astype(complex),
}
_S = np.diag([1, 1j])
_SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
# two-qubit matrices: the first qubit of the op is the low bit
CLIFFORDS = {
    op.H: np.array([[1, 1], [1, -1]]) / np.sqrt(2), op.S: _S, op.SDG: _S.conj().T,
    op.X: MATRICES["X"], op.Y: MATRICES["Y"], op.Z: MATRICES["Z"], op.SX: _SX, op.SXDG: _SX.conj().T,
    op.CX: np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]),
    op.CZ: np.diag([1, 1, 1, -1]),
    op.SWAP: np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]),
}  # fmt: skip


# --------------------------------------------------------------------------- dense


def pauli_matrix(label):
    """(2**n, 2**n) complex."""
    matrix = np.ones((1, 1), dtype=complex)
    for letter in label:
        matrix = np.kron(matrix, MATRICES[letter])
    return matrix


def embed(matrix, qubits, n):
    """A one- or two-qubit matrix on ``qubits`` of n (qubits[0] is its low bit)."""
    d, out = 2**n, np.zeros((2**n, 2**n), dtype=complex)
    for column in range(d):
        local = sum(((column >> q) & 1) << i for i, q in enumerate(qubits))
        for row in range(2 ** len(qubits)):
            target = column
            for i, q in enumerate(qubits):
                target = (target & ~(1 << q)) | (((row >> i) & 1) << q)
            out[target, column] += matrix[row, local]
    return out


def op_unitary(program, i, angle):
    """Matrix of operation i of a program."""
    if program.opcode[i] == op.ROTATION:
        pauli = pauli_matrix(program.pauli(i))
        return np.cos(angle / 2) * np.eye(len(pauli)) - 1j * np.sin(angle / 2) * pauli
    qubits = [int(q) for q in program.qubits[i] if q >= 0]
    return embed(CLIFFORDS[int(program.opcode[i])], qubits, program.num_qubits)


def unitary(program: PauliProgram, weights):
    """(2**n, 2**n) matrix of the whole program."""
    angles, out = program.angles(weights), np.eye(2**program.num_qubits, dtype=complex)
    for i in range(len(program)):
        out = op_unitary(program, i, angles[i]) @ out
    return out


def same_up_to_phase(a, b, atol=1e-9):
    """Whether two unitaries differ by a global phase alone."""
    return abs(abs(np.trace(a.conj().T @ b)) - len(a)) < atol * len(a)


def values(program, observable, weights):
    """Cost at each row of ``weights`` (batch, num_weights): (batch,)."""
    angles = program.angles(np.atleast_2d(weights))
    states = np.zeros((len(angles), 2**program.num_qubits), dtype=complex)
    states[:, 0] = 1
    for i in range(len(program)):
        if program.opcode[i] == op.ROTATION:
            turned = states @ pauli_matrix(program.pauli(i)).T
            half = angles[:, i, None] / 2
            states = np.cos(half) * states - 1j * np.sin(half) * turned
        else:
            states = states @ op_unitary(program, i, 0.0).T
    matrix = sum(c.real * pauli_matrix(label) for label, c in observable.to_list())
    return np.einsum("bi,ij,bj->b", states.conj(), matrix, states).real


def gradient(program, observable, weights, step=1e-5):
    """Central differences at one point: (num_weights,)."""
    weights = np.asarray(weights, dtype=float)
    shifts = step * np.eye(len(weights))
    both = values(program, observable, np.vstack([weights + shifts, weights - shifts]))
    return (both[: len(weights)] - both[len(weights) :]) / (2 * step)


@dataclass(frozen=True)
class Moments:
    """mean E f, second E f**2, variance Var f, gradients E[(d_k f)**2]; over independent uniform angles."""

    mean: float
    second: float
    gradients: np.ndarray

    @property
    def variance(self):
        return self.second - self.mean**2


def moments(program, observable, points=3):
    """Exact moments from a full grid of equidistant angles.

    f**2 of a polynomial of degree D in each angle needs ``points`` > 2 D: 3 for Pauli rotations of their own.
    """
    m = program.num_weights
    axis = 2 * np.pi * np.arange(points) / points
    grid = np.array(list(itertools.product(axis, repeat=m))).reshape(points**m, m)
    f = values(program, observable, grid).reshape((points,) * m)
    frequencies = np.fft.fftfreq(points, 1 / points)
    gradients = []
    for k in range(m):
        shape = [1] * m
        shape[k] = points
        slope = np.fft.ifft(np.fft.fft(f, axis=k) * (1j * frequencies).reshape(shape), axis=k)
        gradients.append(np.mean(slope.real**2))
    return Moments(float(f.mean()), float((f**2).mean()), np.array(gradients))


def clifford_grid_moments(program, observable):
    """The same on {0, pi/2, pi, 3 pi/2}**m with the parameter-shift rule; wrong where a parameter is shared."""
    m = program.num_weights
    grid = np.array(list(itertools.product(np.pi / 2 * np.arange(4), repeat=m))).reshape(4**m, m)
    f = values(program, observable, grid).reshape((4,) * m)
    gradients = [np.mean(((np.roll(f, -1, axis=k) - np.roll(f, 1, axis=k)) / 2) ** 2) for k in range(m)]
    return Moments(float(f.mean()), float((f**2).mean()), np.array(gradients))


# --------------------------------------------------------------------------- Pauli strings as text

_PRODUCT = {}
for _a, _b, _c in itertools.product("IXYZ", repeat=3):
    for _phase in (1, 1j, -1, -1j):
        if np.allclose(MATRICES[_a] @ MATRICES[_b], _phase * MATRICES[_c]):
            _PRODUCT[_a, _b] = (_phase, _c)


def multiply(a, b):
    """(phase, label) of the product of two Pauli labels."""
    phase, letters = 1, []
    for left, right in zip(a, b):
        factor, letter = _PRODUCT[left, right]
        phase *= factor
        letters.append(letter)
    return phase, "".join(letters)


def commute(a, b):
    """Whether two Pauli labels commute."""
    return sum(x != y and x != "I" and y != "I" for x, y in zip(a, b)) % 2 == 0


def _conjugations():
    """(opcode, letters) -> (sign, letters) of C^dagger Q C and of C Q C^dagger, found by comparing matrices."""
    back, forth = {}, {}
    for code, matrix in CLIFFORDS.items():
        labels = ["".join(p) for p in itertools.product("IXYZ", repeat=int(np.log2(len(matrix))))]
        for label in labels:
            q = pauli_matrix(label)
            for table, image in ((back, matrix.conj().T @ q @ matrix), (forth, matrix @ q @ matrix.conj().T)):
                for other in labels:
                    overlap = np.trace(pauli_matrix(other) @ image).real / len(matrix)
                    if abs(overlap) > 0.5:
                        table[code, label] = (round(overlap), other)
    return back, forth


_BACK, _FORTH = _conjugations()


def conjugate(label, code, qubits, *, inverse):
    """(sign, label) of C Q C^dagger, or of C^dagger Q C if inverse."""
    letters = list(label)
    places = [len(label) - 1 - int(q) for q in qubits if q >= 0]
    sign, image = (_BACK if inverse else _FORTH)[code, "".join(letters[p] for p in reversed(places))]
    for p, letter in zip(reversed(places), image):
        letters[p] = letter
    return sign, "".join(letters)


@dataclass(frozen=True)
class PathMoments:
    """Moments by Pauli paths, and for one Pauli term also p = E[w] and beta_k = P(a_k = 1)."""

    mean: float
    second: float
    gradients: np.ndarray
    beta: np.ndarray

    @property
    def variance(self):
        return self.second - self.mean**2


def path_moments(program, observable):
    """Enumerate every Pauli path, one by one, from the output to the input |0...0>.

    f is a sum of products of cos and sin of the angles. A path is one such product: per weight that anticommutes
    "c" or "s". Different products are orthogonal, with mean square 2**-(number of factors); equal ones add.
    Fixed angles only multiply. Every weight must be in one rotation with coefficient +1 or -1 (a sign or an offset
    does not matter to a uniform angle). beta is the mean of the terms' own, weighted with c_a**2.
    """
    assert not program.shared.any() and not program.expressions
    m, amplitudes = program.num_weights, {}
    beta, total = np.zeros(m), sum(c.real**2 for _, c in observable.to_list())

    def walk(i, label, amplitude, choices, term):
        while i >= 0 and program.opcode[i] != op.ROTATION:
            sign, label = conjugate(label, int(program.opcode[i]), program.qubits[i], inverse=True)
            amplitude, i = amplitude * sign, i - 1
        if i < 0:
            key = tuple(sorted(choices.items()))
            if term is not None:
                for k in choices:
                    beta[k] += 0.5 ** len(choices) * term / total
            amplitudes[key] = amplitudes.get(key, 0.0) + (amplitude if set(label) <= {"I", "Z"} else 0.0)
            return
        generator, k = program.pauli(i), int(program.parameter[i])
        if commute(label, generator):
            walk(i - 1, label, amplitude, choices, term)
            return
        phase, other = multiply(generator, label)
        # exp(i t P/2) Q exp(-i t P/2) = cos(t) Q + i sin(t) P Q
        if k < 0:
            t = program.offset[i]
            walk(i - 1, label, amplitude * np.cos(t), choices, None)
            walk(i - 1, other, amplitude * (1j * phase).real * np.sin(t), choices, None)
        else:
            walk(i - 1, label, amplitude, choices | {k: "c"}, term)
            walk(i - 1, other, amplitude * (1j * phase).real, choices | {k: "s"}, term)

    for label, c in observable.to_list():
        walk(len(program) - 1, label, c.real, {}, c.real**2 if total else None)
    second, gradients = 0.0, np.zeros(m)
    for key, amplitude in amplitudes.items():
        weight = amplitude**2 * 0.5 ** len(key)
        second += weight
        for k, _ in key:
            gradients[k] += weight
    return PathMoments(float(amplitudes.get((), 0.0)), second, gradients, beta)


# --------------------------------------------------------------------------- algebras and modules


def pauli_lie_closure(labels):
    """All Pauli strings of the Lie algebra that the strings generate (the identity, if given, counts)."""
    algebra, fresh = set(labels), set(labels)
    while fresh:
        found = set()
        for a in fresh:
            for b in algebra:
                if not commute(a, b):
                    found.add(multiply(a, b)[1])
        fresh = found - algebra
        algebra |= fresh
    return algebra


def lie_closure_dimension(operators, tol=1e-8):
    """Dimension of the Lie algebra generated by Hermitian operators (SparsePauliOp or matrices), by dense brackets."""
    basis = []

    def add(matrix):
        vector = np.concatenate([matrix.real.ravel(), matrix.imag.ravel()])
        size = np.linalg.norm(vector)
        if size < tol:
            return False
        vector = vector / size
        for _ in range(2):
            for other, _ in basis:
                vector = vector - other * (other @ vector)
        if np.linalg.norm(vector) < tol:
            return False
        basis.append((vector / np.linalg.norm(vector), matrix / size))
        return True

    for operator in operators:
        add(1j * np.asarray(operator.to_matrix() if hasattr(operator, "to_matrix") else operator))
    i = 0
    while i < len(basis):
        for j in range(i):
            a, b = basis[i][1], basis[j][1]
            add(a @ b - b @ a)
        i += 1
    return len(basis)


def module(labels, generators):
    """C(O): every Pauli string reached from ``labels`` by multiplying with generators that anticommute."""
    reached, fresh = set(labels), list(labels)
    while fresh:
        label = fresh.pop()
        for generator in generators:
            if not commute(label, generator):
                other = multiply(label, generator)[1]
                if other not in reached:
                    reached.add(other)
                    fresh.append(other)
    return reached


def deep_second_moment(label, generators, product_state="0"):
    """E f**2 of the infinitely deep circuit: the mean of Tr[rho Q]**2 over C(O); |0...0> or |+...+>."""
    seen = {"0": {"I", "Z"}, "+": {"I", "X"}}[product_state]
    strings = module([label], generators)
    return sum(set(q) <= seen for q in strings) / len(strings)


def clifford_orbit(labels, opcode, qubits):
    """Union of C^j P C^-j over all j, for the layer C of elementary Cliffords."""
    orbit = set()
    for label in labels:
        while label not in orbit:
            orbit.add(label)
            for code, places in zip(opcode, qubits):
                label = conjugate(label, int(code), places, inverse=False)[1]
    return orbit

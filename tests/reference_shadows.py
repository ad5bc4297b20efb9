"""Classical shadows by loops and dense matrices: the slow twins."""

from __future__ import annotations

import numpy as np
from qiskit.quantum_info import Operator, Pauli, Statevector

LETTERS = " XZY"


def sampled(vector, bases, uniforms, order):
    """Outcomes of one shot after another, qubit by qubit in this order; and how far each draw was from the other one."""
    n = bases.shape[1]
    outcomes, margin = np.zeros(bases.shape, int), np.ones(len(bases))
    for s in range(len(bases)):
        state = np.asarray(vector, complex) / np.linalg.norm(vector)
        for q in order:
            label = ["I"] * n
            label[n - 1 - q] = LETTERS[bases[s, q]]
            pauli = Operator(Pauli("".join(label))).data
            up = (1 + (state.conj() @ pauli @ state).real) / 2
            margin[s] = min(margin[s], abs(uniforms[s, q] - up))
            outcomes[s, q] = int(uniforms[s, q] >= up)
            state = (state + (1 - 2 * outcomes[s, q]) * (pauli @ state)) / 2
            state /= np.linalg.norm(state)
    return outcomes, margin


def signs(shadows, label):
    """Of each shot: +1 or -1 where it measured the Pauli string, else 0."""
    found = []
    for bases, outcomes in zip(shadows.bases, shadows.outcomes, strict=True):
        sign = 1
        for q, letter in enumerate(reversed(label)):
            if letter != "I":
                sign *= (1 - 2 * int(outcomes[q])) if LETTERS[bases[q]] == letter else 0
        found.append(sign)
    return np.array(found)


def matched(shadows, terms):
    """Σ c_t mean of the signs of the shots that measured P_t."""
    value = 0.0
    for label, c in terms:
        seen = [sign for sign in signs(shadows, label) if sign]
        value += c * (sum(seen) / len(seen) if seen else 0.0)
    return value


def inverted(shadows, terms):
    """(shots,) Tr[O ρ̂_s] with ρ̂_s = ⊗ (3 U†|b⟩⟨b|U - 1), as matrices."""
    n = shadows.num_qubits
    observable = sum(c * Operator(Pauli(label)).data for label, c in terms)
    values = []
    for bases, outcomes in zip(shadows.bases, shadows.outcomes, strict=True):
        state = np.eye(1)
        for q in range(n - 1, -1, -1):
            pauli = Operator(Pauli(LETTERS[bases[q]])).data
            state = np.kron(state, 3 * (np.eye(2) + (1 - 2 * int(outcomes[q])) * pauli) / 2 - np.eye(2))
        values.append(np.trace(observable @ state).real)
    return np.array(values)


def exact(vector, terms):
    state = Statevector(np.asarray(vector) / np.linalg.norm(vector))
    return sum(c * state.expectation_value(Pauli(label)).real for label, c in terms)


def tensors(vector):
    """A state vector as a matrix product, tensor k of qubit k, by singular values."""
    n = int(np.log2(len(vector)))
    rest, made = np.asarray(vector).reshape([2] * n).transpose(range(n)[::-1]).reshape(1, -1), []
    for _ in range(n - 1):
        u, s, v = np.linalg.svd(rest.reshape(2 * len(rest), -1), full_matrices=False)
        made.append(u.reshape(-1, 2, len(s)))
        rest = s[:, None] * v
    return [*made, rest.reshape(-1, 2, 1)]

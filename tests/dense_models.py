"""Hamiltonians as dense matrices, the obvious way, and tasks built from their table."""

from __future__ import annotations

import numpy as np

from qtrain.studies.spec.search_spec import read_spec

X, Y, Z, I2 = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1]), np.eye(2)


def kron(n, letters):
    """Dense operator with ``letters[q]`` on qubit q."""
    matrix = np.eye(1)
    for q in reversed(range(n)):
        matrix = np.kron(matrix, letters.get(q, I2))
    return matrix


def annihilator(n, p):
    """c_p of n modes under Jordan-Wigner: Z on every mode below p, then |0><1|."""
    return kron(n, dict.fromkeys(range(p), Z) | {p: np.array([[0, 1], [0, 0]])})


def built(spec):
    return spec.task.build(spec.qubits)


def spec_of(task, qubits=4, **more):
    return read_spec({"name": "t", "qubits": qubits, "task": task} | more)

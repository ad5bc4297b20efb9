"""Dense, slow and obvious second moments: density matrices on a grid of angles."""

import itertools

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, SparsePauliOp

POINTS = 2 * np.pi * np.arange(5) / 5


def quadrature(cosine=0.0, cosine2=0.0):
    """Weights on POINTS, exact for trigonometric degree 2 of a symmetric distribution."""
    return (1 + 2 * cosine * np.cos(POINTS) + 2 * cosine2 * np.cos(2 * POINTS)) / 5


def embed(matrix, qubits, n):
    """A gate's matrix (little-endian on ``qubits``) on n qubits."""
    circuit = QuantumCircuit(n)
    circuit.unitary(matrix, qubits)
    return Operator(circuit).data


def depolarize(rho, qubits, p, n):
    """Qiskit's depolarizing_error(p) on one or two qubits of a batch of density matrices."""
    mixed = np.zeros_like(rho)
    labels = list(itertools.product("IXYZ", repeat=len(qubits)))
    for label in labels:
        pauli = SparsePauliOp.from_sparse_list([("".join(label), list(qubits), 1.0)], n).to_matrix()
        mixed += pauli @ rho @ pauli
    return (1 - p) * rho + p * mixed / len(labels)


def behind_gates(kraus):
    """Of a function (gate's name, qubits) -> list of (Kraus operators, qubits): what `moments` takes as ``behind``."""

    def behind(rho, name, qubits, n):
        for operators, where in kraus(name, qubits):
            wide = [embed_kraus(k, where, n) for k in operators]
            rho = sum(k @ rho @ k.conj().T for k in wide)
        return rho

    return behind


def embed_kraus(matrix, qubits, n):
    """Any matrix (little-endian on ``qubits``) on n qubits."""
    return Operator(np.eye(2**n)).compose(Operator(matrix), qargs=list(qubits)).data


def moments(circuit, observable, *, cosine=0.0, cosine2=0.0, p1=0.0, p2=0.0, behind=None):
    """(E f, E f^2, E d_k f, E (d_k f)^2) over independent angles, each parameter in one rotation.

    Args:
        cosine, cosine2: E cos and E cos 2 theta, one number or one for each parameter; p1, p2: depolarizing behind one- and two-qubit gates;
            behind: other noise, a function (rho, gate's name, qubits, n) -> rho.
    """
    n, m = circuit.num_qubits, circuit.num_parameters
    matrix = observable.to_matrix()
    grid = np.array(list(itertools.product(POINTS, repeat=m)))
    each = [quadrature(a, b) for a, b in zip(np.broadcast_to(cosine, m), np.broadcast_to(cosine2, m), strict=True)]
    weight = np.prod(np.array(list(itertools.product(*each))), axis=1)
    place = {q: i for i, q in enumerate(circuit.qubits)}
    index = {p: i for i, p in enumerate(circuit.parameters)}

    def values(angles):
        rho = np.zeros((len(angles), 2**n, 2**n), complex)
        rho[:, 0, 0] = 1
        for item in circuit.data:
            qubits = [place[q] for q in item.qubits]
            free = [p for p in item.operation.params if getattr(p, "parameters", None)]
            if free:
                (parameter,) = free[0].parameters
                small = QuantumCircuit(len(qubits))
                small.append(item.operation, range(len(qubits)))
                column = angles[:, index[parameter]]
                u = np.zeros_like(rho)
                for value in np.unique(column):
                    u[column == value] = embed(
                        Operator(small.assign_parameters({parameter: value})).data, qubits, n
                    )
                rho = u @ rho @ u.conj().transpose(0, 2, 1)
            else:
                u = embed(Operator(item.operation).data, qubits, n)
                rho = u @ rho @ u.conj().T
            p = p1 if len(qubits) == 1 else p2
            if p:
                rho = depolarize(rho, qubits, p, n)
            if behind is not None:
                rho = behind(rho, item.operation.name, qubits, n)
        return np.einsum("bij,ji->b", rho, matrix).real

    f = values(grid)
    first, second = [], []
    for k in range(m):
        step = np.zeros(m)
        step[k] = np.pi / 2
        slope = (values(grid + step) - values(grid - step)) / 2
        first.append(weight @ slope)
        second.append(weight @ slope**2)
    return weight @ f, weight @ f**2, np.array(first), np.array(second)

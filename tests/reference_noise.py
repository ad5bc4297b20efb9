"""Slow and obvious noise: density matrices through Qiskit's own channels, one angle vector at a time."""

import numpy as np
from qiskit.quantum_info import DensityMatrix
from qiskit_aer import noise as aer


def value(circuit, operator, weights, behind):
    """Tr[O rho] of a circuit at given angles.

    Args:
        behind: function (gate's name, qubits) -> list of (Aer error, qubits), in time order.
    """
    bound = circuit.assign_parameters(dict(zip(circuit.parameters, weights, strict=True)))
    state = DensityMatrix.from_label("0" * circuit.num_qubits)
    for item in bound.data:
        qubits = [bound.find_bit(bit).index for bit in item.qubits]
        state = state.evolve(item.operation, qubits)
        for error, where in behind(item.operation.name, qubits):
            state = state.evolve(channel(error), list(where))
    return state.expectation_value(operator).real


_CHANNELS = {}  # (error, its channel) by the error's id; the error is held so that the id stays its own


def channel(error):
    """An Aer error as a channel, made once."""
    if id(error) not in _CHANNELS:
        _CHANNELS[id(error)] = error, error.to_quantumchannel()
    return _CHANNELS[id(error)][1]


def slopes(circuit, operator, weights, behind, step=1e-4):
    """Central differences of `value`, of fourth order: good to 1e-11."""
    f = lambda w: value(circuit, operator, w, behind)  # noqa: E731
    out = []
    for unit in np.eye(len(weights)) * step:
        near, far = f(weights + unit) - f(weights - unit), f(weights + 2 * unit) - f(weights - 2 * unit)
        out.append((8 * near - far) / (12 * step))
    return np.array(out)


def every(error, wide=None):
    """The same one-qubit error on each qubit of every gate; ``wide``: in front of it behind two-qubit gates."""

    def behind(name, qubits):
        first = [(wide, qubits)] if wide is not None and len(qubits) == 2 else []
        return first + ([(error, [q]) for q in qubits] if error is not None else [])

    return behind


def _paulis(**chances):
    return aer.pauli_error([*chances.items(), ("I" * len(next(iter(chances))), 1 - sum(chances.values()))])


# name -> what a user writes, and the same by Aer's errors
NOISES = {
    "depolarizing": ({"one_qubit": 0.04, "two_qubit": 0.1}, lambda name, qubits: [
        (aer.depolarizing_error(0.04 if len(qubits) == 1 else 0.1, len(qubits)), qubits)]),
    "dephasing": ({"dephasing": 0.07}, every(_paulis(Z=0.07))),
    "phase damping": ({"phase_damping": 0.2}, every(aer.phase_damping_error(0.2))),
    "pauli": ({"pauli": (0.05, 0.02, 0.1)}, every(_paulis(X=0.05, Y=0.02, Z=0.1))),
    "flips": ({"pauli": {"X": 0.7}}, every(_paulis(X=0.7))),
    "two-qubit pauli": ({"two_qubit": {"pauli": {"XY": 0.05, "IZ": 0.1, "ZZ": 0.02}}},
                        every(None, _paulis(XY=0.05, IZ=0.1, ZZ=0.02))),
    "amplitude damping": ({"amplitude_damping": 0.15}, every(aer.amplitude_damping_error(0.15))),
    "thermal": ({"thermal": {"t1": 10, "t2": 12, "duration": 1.5, "excited_population": 0.2}},
                every(aer.thermal_relaxation_error(10, 12, 1.5, 0.2))),
    "all of them": (
        {"two_qubit": {"depolarizing": 0.05}, "amplitude_damping": 0.1, "dephasing": 0.03},
        lambda name, qubits: [(e, q) for q0 in [qubits] for e, q in [
            *([(aer.depolarizing_error(0.05, 2), q0)] if len(q0) == 2 else []),
            *[(aer.amplitude_damping_error(0.1), [q]) for q in q0], *[(_paulis(Z=0.03), [q]) for q in q0]]]),
}  # fmt: skip
UNITAL = ("depolarizing", "dephasing", "phase damping", "pauli", "two-qubit pauli")

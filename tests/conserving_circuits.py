"""Random circuits that keep particles, written in all the ways that people write them."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import PauliEvolutionGate, RZZGate, XXMinusYYGate, XXPlusYYGate
from qiskit.quantum_info import SparsePauliOp, random_pauli_list


def excitation(n, created, destroyed):
    """i (T - T^dagger) of fermions by Jordan and Wigner: T destroys and creates at those sites."""

    def ladder(q, sign):
        chain = dict.fromkeys(range(q), "Z")
        text = ["".join({**chain, q: letter}.get(p, "I") for p in reversed(range(n))) for letter in "XY"]
        return SparsePauliOp(text, [0.5, sign * 0.5j])

    product = SparsePauliOp("I" * n)
    for q in created:
        product = product @ ladder(q, -1)
    for q in destroyed:
        product = product @ ladder(q, 1)
    return (1j * (product - product.adjoint())).simplify()


def hop(circuit, rng, angle, a, b, kind=None):
    """A gate on two qubits that keeps their number of ones, in one of its spellings."""
    kind = int(rng.integers(8)) if kind is None else kind
    if kind == 0:
        circuit.append(XXPlusYYGate(angle, float(rng.normal())), [a, b])
    elif kind == 1:
        circuit.rxx(angle, a, b)
        other = (b + 1) % circuit.num_qubits
        if other != a:
            circuit.rz(angle, other)  # what lies between commutes
        circuit.ryy(angle, a, b)
    elif kind == 2:
        circuit.cx(a, b)
        circuit.cry(angle, b, a)
        circuit.cx(a, b)
    elif kind == 3:
        circuit.append(
            PauliEvolutionGate(SparsePauliOp(["XX", "YY", "ZZ"], [0.5, 0.5, -0.25]), angle), [a, b]
        )
    elif kind == 4:  # ladders of the strings XY and YX
        for sign, (p, q) in ((1, (a, b)), (-1, (b, a))):
            circuit.h(p)
            circuit.sx(q)
            circuit.cx(a, b)
            circuit.rz(sign * angle, b)
            circuit.cx(a, b)
            circuit.h(p)
            circuit.sxdg(q)
    elif kind == 5:
        circuit.iswap(a, b)
        circuit.cp(angle, a, b)
    elif kind == 6:  # arXiv 1904.10910, its gate A
        circuit.cx(b, a)
        circuit.rz(-0.4, b)
        circuit.ry(-(angle + np.pi / 2), b)
        circuit.cx(a, b)
        circuit.ry(angle + np.pi / 2, b)
        circuit.rz(0.4, b)
        circuit.cx(b, a)
    else:
        circuit.append(RZZGate(angle), [a, b])
        circuit.swap(a, b)


def nearly(circuit, rng, angles):
    """What looks like a hop and is none."""
    a, b = (int(v) for v in rng.permutation(circuit.num_qubits)[:2])
    kind = int(rng.integers(5))
    circuit.rxx(0.7 if kind == 2 else angles[0], a, b)
    if kind == 1:
        circuit.ryy(angles[0] * (1 + 1e-6), a, b)
    elif kind == 2:
        circuit.ryy(0.7 + 1e-5, a, b)
    elif kind == 3:
        circuit.rx(angles[1], a)
        circuit.ryy(angles[0], a, b)
    elif kind == 4:
        circuit.ryy(angles[0] + 1e-4, a, b)


def conserving_circuit(seed, n=5, gates=8, weights=3, breaking=0):
    """Shared angles; one or two species, each with particles and holes; X and swaps in the middle.

    Args:
        breaking: gates among them that are no hops though they look like it.

    Returns:
        the circuit, and how many basis states share the input's charges.
    """
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(n)
    angles = [Parameter(f"t{k}") for k in range(weights)]
    ones, sign = rng.integers(2, size=n), rng.choice([1, 1, 1, -1], n)
    species = np.arange(n) % 2 if rng.integers(2) else np.zeros(n, int)
    for q in np.flatnonzero(ones).tolist():
        circuit.x(q)
    states = np.arange(2**n)[:, None] >> np.arange(n) & 1
    charges = [states @ (sign * (species == s)) for s in set(species.tolist())]
    start = int(ones @ 2 ** np.arange(n))
    dimension = int(np.all([charge == charge[start] for charge in charges], axis=0).sum())
    breaks = rng.integers(gates, size=breaking).tolist()
    for gate in range(gates):
        if gate in breaks:
            nearly(circuit, rng, angles)
        angle = float(rng.choice([1.0, -1.0, 0.5, 2.0])) * angles[rng.integers(weights)]
        a, b, c, d = (int(v) for v in [*rng.permutation(n), 0][:4])
        kind = int(rng.integers(8))
        if kind == 0:
            circuit.x(a)
            sign[a] *= -1
        elif kind == 1:
            circuit.swap(a, b)
            for table in (sign, species):
                table[[a, b]] = table[[b, a]]
        elif kind == 2:
            circuit.cp(angle, a, b)
        elif kind == 3 and n > 3 and species[a] == species[c] and species[b] == species[d]:
            if (sign[[a, b, c, d]] == 1).all():
                circuit.append(PauliEvolutionGate(excitation(n, [a, b], [c, d]), angle), range(n))
        elif species[a] != species[b]:
            circuit.rzz(angle, a, b)
        elif sign[a] != sign[b]:
            circuit.append(XXMinusYYGate(angle, 0.2), [a, b])
        elif kind == 4 and sign[a] == 1:
            circuit.append(PauliEvolutionGate(excitation(n, [a], [b]), angle), range(n))
        else:
            hop(circuit, rng, angle, a, b)
    if not circuit.parameters:
        circuit.rz(angles[0], 0)
    return circuit, dimension


def any_observable(seed, n, terms=6):
    """Random strings, and the same with X and Y exchanged, so that a part of them keeps particles."""
    rng = np.random.default_rng(seed)
    labels = random_pauli_list(n, terms, seed=seed, phase=False).to_labels() + ["I" * n, "Z" * n]
    labels += [label.translate(str.maketrans("XY", "YX")) for label in labels[:3]]
    return SparsePauliOp(labels, rng.normal(size=len(labels))).simplify()

"""Circuits with a planted cause: their gates, sizes and places drawn, the cause known from how they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

AXES = ("rx", "ry", "rz")
LOST, SCRAMBLED, CONCENTRATED = "information lost", "scrambled", "observable concentration"


@dataclass(frozen=True, eq=False)
class Plant:
    """A circuit, what is measured, the shots, the cause, and the parameters among which the planted one is."""

    circuit: QuantumCircuit
    observable: SparsePauliOp
    shots: int
    cause: str
    early: tuple[str, ...]


class Angles:
    """Fresh parameters, named in the order in which they are used."""

    def __init__(self, prefix: str = "t") -> None:
        self.prefix, self.made = prefix, 0

    def __call__(self) -> Parameter:
        self.made += 1
        return Parameter(f"{self.prefix}{self.made:05d}")


def pauli(n: int, letters: str, qubits: Sequence[int]) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_list([(letters, [int(q) for q in qubits], 1.0)], n)


def block(
    circuit: QuantumCircuit,
    pair: Sequence[int],
    angle: Angles,
    layers: int,
    rng: np.random.Generator | None = None,
) -> list[str]:
    """RZ RY RZ on both qubits and CX in turn, a last column behind: near Haar from 6 layers on. With a generator:
    axes and couplers are drawn. Returns its parameters."""
    names = []
    for layer in range(layers + 1):
        for q in pair:
            axes = ("rz", "ry", "rz") if rng is None else tuple(rng.permutation(AXES)[:2])
            for axis in axes:
                names.append((parameter := angle()).name)
                getattr(circuit, axis)(parameter, int(q))
        if layer < layers:
            coupler = "cx" if rng is None else str(rng.choice(["cx", "cz", "ecr"]))
            getattr(circuit, coupler)(*(int(q) for q in (pair if layer % 2 == 0 else pair[::-1])))
    return names


def ladder(n: int, layers: int, probe: str = "rz") -> QuantumCircuit:
    """Blocks on (n-2, n-1), …, (0, 1) in time order; between the two blocks of qubit j the probe ``p<j>``."""
    circuit, angle = QuantumCircuit(n), Angles()
    getattr(circuit, probe)(Parameter(f"p{n - 1:03d}"), n - 1)
    for k in range(n - 2, -1, -1):
        block(circuit, (k, k + 1), angle, layers)
        getattr(circuit, probe)(Parameter(f"p{k:03d}"), k)
    return circuit


def planted_ladder(rng: np.random.Generator) -> Plant:
    """A ladder on qubits in any order: what its first blocks do is left behind on qubits that nobody measures."""
    n, layers = int(rng.integers(12, 25)), int(rng.integers(2, 4))
    order, angle, circuit = rng.permutation(n), Angles(), QuantumCircuit(n)
    made = [block(circuit, order[[k, k + 1]], angle, layers, rng) for k in range(n - 1)]
    shots = int(rng.choice([1_000, 3_000, 10_000]))
    early = made[: max(1, n - 1 - _needed(shots))]
    measured = pauli(n, str(rng.choice(list("XYZ"))), order[-1:])
    return Plant(circuit, measured, shots, LOST, tuple(name for names in early for name in names))


def _needed(shots: int) -> int:
    """Blocks after which (2/5)^j / 13, the law of Haar blocks, is below half of what the shots resolve."""
    return int(np.ceil(np.log(shots * 2 / 13) / np.log(5 / 2)))


def qcnn(n: int, window: int, rng: np.random.Generator) -> tuple[QuantumCircuit, list[list[str]], int]:
    """Convolutions on a window of qubits, a qubit pooled out and a fresh one taken in at each stage, to the last qubit.

    Returns the circuit, the parameters of each stage, and the qubit that is left.
    """
    order, angle, circuit = list(rng.permutation(n)), Angles(), QuantumCircuit(n)
    active, waiting, stages = order[:window], order[window:], []
    while len(active) > 1:
        mixed = [active[k] for k in rng.permutation(len(active))]
        names = [
            name for pair in zip(mixed[::2], mixed[1::2]) for name in block(circuit, pair, angle, 2, rng)
        ]
        out, into = mixed[0], mixed[1]
        for axis in rng.permutation(AXES)[
            :2
        ]:  # pooling: what the dropped qubit controls, between two rotations
            names.append((parameter := angle()).name)
            getattr(circuit, axis)(parameter, int(into))
            circuit.cx(int(out), int(into))
        active = [q for q in active if q != out] + ([waiting.pop()] if waiting else [])
        stages.append(names)
    return circuit, stages, int(active[0])


def halving(n: int, rng: np.random.Generator) -> tuple[QuantumCircuit, list[list[str]], int]:
    """The same blocks with half of the qubits pooled out at each of log2 n stages (1810.03787)."""
    active, angle, circuit, stages = list(range(n)), Angles(), QuantumCircuit(n), []
    while len(active) > 1:
        names = [
            name for pair in zip(active[::2], active[1::2]) for name in block(circuit, pair, angle, 2, rng)
        ]
        active = active[1::2] + active[len(active) // 2 * 2 :]
        stages.append(names)
    return circuit, stages, active[0]


def planted_qcnn(rng: np.random.Generator) -> Plant:
    """A QCNN of many stages: what the first ones do is pooled out."""
    window, shots = int(rng.integers(2, 5)), int(rng.choice([1_000, 3_000]))
    n = int(window + _needed(shots) + rng.integers(4, 12))
    circuit, stages, last = qcnn(n, window, rng)
    early = stages[: max(1, len(stages) - 2 * window - _needed(shots))]
    measured = pauli(n, str(rng.choice(list("XYZ"))), [last])
    return Plant(circuit, measured, shots, LOST, tuple(name for names in early for name in names))


def scrambler(n: int, layers: int, rng: np.random.Generator, prefix: str = "w") -> QuantumCircuit:
    """A rotation about a drawn axis on every qubit and two rounds of couplers on drawn pairs, in each layer."""
    circuit, angle = QuantumCircuit(n), Angles(prefix)
    for _ in range(layers):
        for q in range(n):
            getattr(circuit, str(rng.choice(AXES)))(angle(), q)
        for _ in range(2):
            places = rng.permutation(n)
            for a, b in zip(places[::2], places[1::2]):
                getattr(circuit, str(rng.choice(["cx", "cz"])))(int(a), int(b))
    return circuit


def echo(n: int, layers: int, rng: np.random.Generator, *, correlated: bool = True) -> QuantumCircuit:
    """A scrambler, a probe ``theta`` on one qubit, and the scrambler undone: with the same angles, or with others."""
    forward = scrambler(n, layers, rng)
    backward = forward.inverse()
    if not correlated:
        fresh = Angles("x")
        backward = backward.assign_parameters({p: fresh() for p in forward.parameters})
    circuit = QuantumCircuit(n)
    circuit.compose(forward, inplace=True)
    getattr(circuit, str(rng.choice(AXES)))(Parameter("theta"), int(rng.integers(n)))
    circuit.compose(backward, inplace=True)
    return circuit


def first_layers(circuit: QuantumCircuit, layers: int) -> tuple[str, ...]:
    """Parameters of the first layers of an echo's scrambler, those farthest from its probe."""
    return tuple(
        sorted(p.name for p in circuit.parameters if p.name.startswith("w"))[: layers * circuit.num_qubits]
    )


def planted_echo(rng: np.random.Generator) -> Plant:
    """An echo at sizes where the loss is there: deep enough to scramble, shots that resolve 2.5 times 2^-n."""
    n = int(rng.integers(9, 12))
    circuit = echo(n, int(n + rng.integers(5, 8)), rng)
    return Plant(
        circuit, pauli(n, "Z", [rng.integers(n)]), int(0.4 * 2**n), SCRAMBLED, first_layers(circuit, 2)
    )


def planted_global(rng: np.random.Generator) -> Plant:
    """A few layers on a line under a product of Paulis on every qubit."""
    n, layers, angle = int(rng.integers(14, 23)), int(rng.integers(1, 4)), Angles()
    circuit, coupler = QuantumCircuit(n), str(rng.choice(["cx", "cz", "rzz", "ecr"]))
    order = rng.permutation(n)
    for _ in range(layers):
        for axis in rng.permutation(AXES)[: rng.integers(2, 4)]:
            for q in range(n):
                getattr(circuit, axis)(angle(), q)
        for a, b in [pair for start in (0, 1) for pair in zip(order[start::2], order[start + 1 :: 2])]:
            getattr(circuit, coupler)(*([angle()] if coupler == "rzz" else []), int(a), int(b))
    for axis in rng.permutation(AXES)[:2]:
        for q in range(n):
            getattr(circuit, axis)(angle(), q)
    letters = "".join(rng.choice(list("XYZ"), n)) if rng.random() < 0.5 else str(rng.choice(list("XYZ"))) * n
    shots = int(rng.choice([1_000, 3_000, 10_000]))
    return Plant(
        circuit, pauli(n, letters, range(n)), shots, CONCENTRATED, tuple(p.name for p in circuit.parameters)
    )


PLANTS = {"ladder": planted_ladder, "qcnn": planted_qcnn, "echo": planted_echo, "global": planted_global}


def drawn(kind: str, count: int, seed: int) -> Iterator[tuple[int, Plant, np.random.Generator]]:
    """Plants by number, each of a generator of its own, which goes on to draw the planted parameter."""
    for k in range(count):
        rng = np.random.default_rng([seed, list(PLANTS).index(kind), k])
        yield k, PLANTS[kind](rng), rng

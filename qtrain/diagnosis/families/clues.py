"""What is seen of a circuit at a glance: enough to tell which families it may belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from qiskit import QuantumCircuit

from qtrain.circuits.program import PauliProgram, lower
from qtrain.diagnosis.families.canonical import normal_form

_SIZE = -4  # place of the number of operations among the counts


def counts(program: PauliProgram) -> np.ndarray:
    """How many operations of each kind a circuit has, wherever they stand: numbers that add up over its parts."""
    return np.concatenate([
        np.bincount(program.opcode, minlength=16), np.bincount(program.letters, minlength=4),
        [len(program), len(program.rotations), len(program.parameters), len(program.support)],
    ])  # fmt: skip


@dataclass(frozen=True)
class Clues:
    """A circuit, and what of it is computed once.

    Attributes:
        circuit: composite gates written out, nothing measured. program: the same, lowered.
    """

    circuit: QuantumCircuit
    program: PauliProgram

    @property
    def num_qubits(self) -> int:
        return self.circuit.num_qubits

    @cached_property
    def counts(self) -> np.ndarray:
        return counts(self.program)

    @cached_property
    def form(self) -> tuple[object, ...]:
        return normal_form(self.program)

    @cached_property
    def loose_form(self) -> tuple[object, ...]:
        return normal_form(self.program, commuting=True)

    @cached_property
    def first_column(self) -> tuple[str, ...]:
        """Names of the one-qubit gates on qubit 0 in front of everything that joins it to others."""
        first = self.circuit.qubits[0]
        names = []
        for item in self.circuit.data:
            if first in item.qubits:
                if len(item.qubits) > 1:
                    break
                names.append(item.name)
        return tuple(names)

    @cached_property
    def entangler(self) -> str | None:
        """Name of the first gate on two qubits."""
        return next((item.name for item in self.circuit.data if len(item.qubits) == 2), None)

    def repetitions(self, build: Callable[[int], QuantumCircuit]) -> int | None:
        """The only number of repetitions with which a family has as many operations of each kind; None: there is none.

        Args:
            build: repetitions -> circuit on as many qubits.
        """
        one, two = (counts(lower(build(reps))) for reps in (1, 2))
        # parameters may be shared, and the first repetition may differ: the sizes must fit, and then the gates do
        rest, step = self.counts - one, two - one
        if step[_SIZE] <= 0 or rest[_SIZE] < 0 or rest[_SIZE] % step[_SIZE]:
            return None
        more = int(rest[_SIZE] // step[_SIZE])
        return 1 + more if (rest == more * step).all() else None

"""A circuit as one value that kernels take: its operations from the measurement to the input."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Steps(NamedTuple):
    """The operations of a tape, last gate first; see ``circuits.pauli_tape.Tape``."""

    code: np.ndarray
    q0: np.ndarray
    q1: np.ndarray
    row: np.ndarray
    start: np.ndarray
    support: np.ndarray
    letters: np.ndarray
    opcode: np.ndarray
    turns: np.ndarray
    rate: np.ndarray

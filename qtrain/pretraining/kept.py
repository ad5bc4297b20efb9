"""The best angles of a descent so far: on file every few seconds, so that a run that is killed goes on from there."""

from __future__ import annotations

import hashlib
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import read_json
from qtrain.files.writing import write_text

EVERY = 2.0  # seconds between two times that the file is written


class Over(Exception):
    """The seconds are."""


class Kept:
    """The lowest energy so far and its angles.

    Attributes:
        angles: best so far, or None. loss: there. gradients: until now, those before a kill among them.
    """

    def __init__(
        self, path: Any, program: PauliProgram, operator: SparsePauliOp, seconds: float | None
    ) -> None:
        self.path = None if path is None else _as_path(path)
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        self._written = -math.inf
        self._size, self._mark = len(program.parameters), _mark(program, operator)
        self.angles: np.ndarray | None = None
        self.loss, self.gradients = math.inf, 0
        if self.path is not None and self.path.exists():
            self._read(self.path)

    def note(self, angles: np.ndarray, loss: float) -> None:
        """The best point of a descent behind each of its gradients.

        Raises:
            Over: the seconds are; what was found is kept.
        """
        self.gradients += 1
        self.loss, self.angles = float(loss), np.array(angles)  # a lower one before may be a smaller truncation's
        now = time.monotonic()
        if now - self._written >= EVERY:
            self.write()
        if now > self._end:
            raise Over

    def write(self) -> None:
        """To the file, if there is one: whole, or the one before stays."""
        self._written = time.monotonic()
        if self.path is None or self.angles is None:
            return
        found = {"kind": "angles so far", "of": self._mark, "loss": self.loss, "gradients": self.gradients,
                 "angles": self.angles.tolist()}  # fmt: skip
        write_text(self.path, json.dumps(found) + "\n", "keep")

    def _read(self, path: Path) -> None:
        found = read_json(path, "keep", kind="angles that a pre-training has kept")
        try:
            mark, angles = found["of"], np.asarray(found["angles"], float)
            loss, gradients = float(found["loss"]), int(found["gradients"])
            whole = angles.shape == (self._size,) and np.isfinite(angles).all() and math.isfinite(loss)
        except (TypeError, KeyError, ValueError, OverflowError):
            raise QTrainError(f"keep should be angles that a pre-training has kept. Got {path}.") from None
        if mark != self._mark or not whole:
            raise QTrainError(
                f"keep should be of this circuit and Hamiltonian. Got {path}, which is of others: remove it, "
                "or name another file."
            )
        self.angles, self.loss, self.gradients = angles, loss, gradients


def _as_path(path: Any) -> Path:
    try:
        return Path(path)
    except TypeError:
        raise QTrainError(f"keep should be the name of a file. Got {shortened(path)}.") from None


def _mark(program: PauliProgram, operator: SparsePauliOp) -> str:
    """Of what the angles are for."""
    digest = hashlib.sha256(repr((program.num_qubits, list(map(str, program.parameters)))).encode())
    for array in (program.opcode, program.support, program.letters, program.parameter, program.coefficient):
        digest.update(np.ascontiguousarray(array).tobytes())
    for array in (operator.paulis.x, operator.paulis.z, operator.coeffs):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]

"""What ``improve`` tried, and what it found: a row for each model, the best first."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

from qiskit import QuantumCircuit, qpy
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.files import read_qpy
from qtrain.errors import QTrainError
from qtrain.json_results import JsonResult, Shown, count, decode, encode


@dataclass(frozen=True, eq=False, repr=False)
class Tried(Shown, JsonResult):
    """One model (circuit, observable, start) and what was measured of it: a row of the table.

    Attributes:
        edits: what was changed, a sentence each, in the order in which it was done; empty for the model as given.
        names: of the edits, such as ``("entanglement:linear", "observable:sum")``.
        changes: what is not as it was: words such as ``"observable"``, ``"start"``, ``"entanglement"``, ``"depth"``,
            ``"parameters"``, as ``keep`` takes them.
        keeps_function: the expectation value is the same function of the parameters that are left.
        circuit, observable, initialization: the model, as `qtrain.diagnose` takes it.
        verdicts: the kind of each parameter's verdict by its name, such as ``"healthy"``; empty where none was
            measured.
        parameters: of the circuit. trains: how many of them have a variance that the shots resolve; share: of all.
        median_variance: of the gradients that are not proven to vanish, for an observable with S = 1, so that rows
            compare; NaN where none is known.
        cost_variance: for S = 1 too; NaN where samples do not tell it from 0. method: that found the gradients.
        exact: all of them, and so ``trains``.
        two_qubit_depth, two_qubit_gates: of the circuit.
        trend: how the median variance decays with n, in a few words; None: no family was recognised, or the time was
            over. law: ``"constant"``, ``"polynomial"``, ``"exponential"``, ``"undecided"``, or ``"flat"`` where no law
            was told from the others but the variance lost little over the last doubling of n; empty without a trend.
        family: that the circuit was recognised as; empty where it was not, or not asked.
        qfim_rank: of the quantum Fisher information; a lower bound where ``qfim_exact`` is False; None: not known.
        expressivity: ``qfim_rank`` as a share of what it could be: 1 where every parameter moves the state in a
            direction of its own; None: not computed.
        noise_survival: the share of the cost's variance that the noise leaves; None: no noise was asked for.
        simulation: the cheapest certificate of classical simulation, in a few words; None: none found or looked for.
        failed: why nothing was measured; empty where something was.
        notes: what was refused or cut short.
        seconds: that it took.
    """

    edits: tuple[str, ...]
    names: tuple[str, ...]
    changes: tuple[str, ...]
    keeps_function: bool
    circuit: QuantumCircuit
    observable: SparsePauliOp
    initialization: str
    verdicts: dict[str, str] = field(default_factory=dict)
    parameters: int = 0
    trains: int = 0
    share: float = 0.0
    median_variance: float = math.nan
    cost_variance: float = math.nan
    method: str = ""
    exact: bool = False
    two_qubit_depth: int = 0
    two_qubit_gates: int = 0
    trend: str | None = None
    law: str = ""
    family: str = ""
    qfim_rank: int | None = None
    qfim_exact: bool = False
    expressivity: float | None = None
    noise_survival: float | None = None
    simulation: str | None = None
    failed: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def what(self) -> str:
        """All edits as one clause; ``"as it is"`` where nothing was changed."""
        return "; ".join(self.edits) or "as it is"

    @property
    def effect(self) -> str:
        """What trains, and the trend where one is known: ``"103 of 128 parameters train (constant in n)"``."""
        if self.failed:
            return f"not measured: {self.failed}"
        trend = f" ({self.trend})" if self.trend else ""
        return f"{self.trains} of {count(self.parameters, 'parameter')} train{trend}"

    def _brief(self) -> str:
        return f"{self.what}: {self.effect}"

    def to_fields(self) -> dict[str, Any]:
        """Plain data: the circuit as QPY in base64, the observable as pairs of label and coefficient."""
        plain = {f.name: encode(getattr(self, f.name)) for f in fields(self)}
        terms = [[label, float(complex(c).real)] for label, c in self.observable.to_list()]
        return plain | {"circuit": _packed(self.circuit), "observable": terms}

    @classmethod
    def from_fields(cls, data: Mapping[str, Any]) -> Tried:
        """The inverse of `to_fields`.

        Raises:
            QTrainError: a circuit that cannot be read.
        """
        circuit = read_qpy(base64.b64decode(data["circuit"], validate=True), "circuit")
        labels, coefficients = zip(*data["observable"], strict=True)
        given = {"circuit": circuit, "observable": SparsePauliOp(list(labels), list(map(float, coefficients)))}
        hints = get_type_hints(cls)
        names = [f.name for f in fields(cls) if f.name in data and f.name not in given]
        rest = {name: decode(hints[name], data[name]) for name in names}
        return cls(**rest, **given)


def _packed(circuit: QuantumCircuit) -> str:
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


@dataclass(frozen=True, eq=False, repr=False)
class Improvements(Shown, JsonResult):
    """What `qtrain.improve` tried.

    Attributes:
        before: the model as it was given.
        tried: what was changed, the best first; those that failed come last.
        shots: per expectation value; they decide what trains. kept: what was not to change.
        complete: every edit was tried and looked at from all sides; False: the time was over before.
        notes: what was left out, and why. seconds: wall time.
    """

    before: Tried
    tried: tuple[Tried, ...]
    shots: int = 10_000
    kept: tuple[str, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def _brief(self) -> str:
        best = next((f"; best of {count(len(self.tried), 'change')}: {row._brief()}" for row in self.tried[:1]), "")
        return f"as it is: {self.before.effect}{best}"

    def row(self, k: int) -> Tried:
        """Row k of the table, counted from 1; 0 is the model as it was given.

        Raises:
            QTrainError: no such row, or one that failed.
        """
        if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= len(self.tried):
            raise QTrainError(f"k should be a row of the table, 1 to {len(self.tried)}. Got {k!r}.")
        found = self.tried[k - 1] if k else self.before
        if found.failed:
            raise QTrainError(f"k should be a row that was measured. Got {k}, which failed: {found.failed}")
        return found

    def apply(self, k: int) -> tuple[QuantumCircuit, SparsePauliOp, str]:
        """Circuit, observable and initialization of row k, as `qtrain.diagnose` takes them.

        Args:
            k: counted from 1, as printed.

        Raises:
            QTrainError: no such row, or one that failed.
        """
        found = self.row(k)
        return found.circuit.copy(), found.observable.copy(), found.initialization

    def to_dict(self) -> dict[str, Any]:
        return {f.name: encode(getattr(self, f.name)) for f in fields(self)}

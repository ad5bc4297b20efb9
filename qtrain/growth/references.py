"""The table of reference states: fixed gates that a circuit grows from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtrain.architecture.blocks import Gate
from qtrain.extensions import Table
from qtrain.growth.pools import Setting

REFERENCES: Table[Callable[[Setting], Sequence[tuple[Gate, ...]]]] = Table("growth.references")
register_reference = REFERENCES.add


def _zero(setting: Setting) -> Sequence[tuple[Gate, ...]]:
    return [()]


def _plus(setting: Setting) -> Sequence[tuple[Gate, ...]]:
    return [tuple(Gate("h", (q,)) for q in range(setting.num_qubits))]


def _neel(setting: Setting) -> Sequence[tuple[Gate, ...]]:
    return [tuple(Gate("x", (q,)) for q in range(1, setting.num_qubits, 2))]


for _name, _build in {"zero": _zero, "plus": _plus, "neel": _neel}.items():
    register_reference(_name, _build)

"""Reports put together by hand: any verdicts, names and sizes, without a diagnosis of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import real_amplitudes

from qtrain.circuits.drawing.gates import drawing
from qtrain.diagnosis.causes import CAUSES
from qtrain.diagnosis.diagnose import diagnose
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.diagnosis.results import Verdict

HOSTILE = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE", "</script><b>", "θ̂⁽¹⁾ 漢字 🙂", "‮abc",
    "a\x1b[2Jb", "<!--", "&lt;", "]]>", "\u2028", "x" * 5000,
)  # fmt: skip


@cache
def base() -> TrainabilityReport:
    """A small report of a real diagnosis."""
    return diagnose(real_amplitudes(2, reps=1), "ZI")


def verdicts(count: int, names: Sequence[str] = (), causes: Sequence[str] = CAUSES, seed: int = 0) -> list[Verdict]:
    """One of each cause in turn, with variances over many decades; the dead have exact zeros."""
    draw = np.random.default_rng(seed)
    found = []
    for k in range(count):
        cause = causes[k % len(causes)]
        v = 0.0 if cause.startswith("dead") else float(10 ** draw.uniform(-12, 0))
        spread = 0.0 if k % 2 else 0.4 * v
        found.append(Verdict(
            parameter=names[k] if k < len(names) else f"θ[{k}]", index=k, cause=cause, beta=float(draw.random()),
            phi=v, variance=math.nan if cause.startswith("unknown") else v, lower=v - spread, upper=v + spread,
            advice=f"advice {k % 3}", gate=k, qubits=(k % 2,),
        ))  # fmt: skip
    return found


def circuit_of(rows: Sequence[Verdict], num_qubits: int = 2) -> QuantumCircuit:
    """A rotation for each verdict, round the qubits, and a CX behind every second one."""
    circuit = QuantumCircuit(num_qubits)
    for k, v in enumerate(rows):
        circuit.ry(Parameter(v.parameter), k % num_qubits)
        if k % 2 and num_qubits > 1:
            circuit.cx(k % num_qubits, (k + 1) % num_qubits)
    return circuit


def made(rows: Sequence[Verdict], *, num_qubits: int = 2, drawn: bool = True, **changes: object) -> TrainabilityReport:
    """A report with these verdicts, and a circuit that holds their parameters."""
    picture = None
    if drawn:
        picture = drawing(circuit_of(rows, num_qubits), [v.parameter for v in rows])
    kept = replace(base().light_cone, gates=tuple(range(2 * len(rows))))
    changes = {"num_qubits": num_qubits, "num_parameters": len(rows), "light_cone": kept, "drawing": picture} | changes
    return replace(base(), verdicts=tuple(rows), **changes)


class Elements(HTMLParser):
    """What an HTML page consists of: its tags in order, ids, links, and its text by tag."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def of(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [value or "" for _, attributes in self.attributes for key, value in attributes.items() if key == name]

"""OpenQASM 2 text → circuit: vendors' gate files, files beside it, and free symbols in angles.

The language has no parameters, but tools write symbols into angles all the same (pytket: ``rx((a)*pi) q[0];``); such a
program is read as OpenQASM 3 with these as inputs.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit, qasm2
from qiskit.circuit.library import RGate, RZGate, RZZGate

from qtrain.circuits.openqasm import qasm3
from qtrain.circuits.openqasm.expansion import check_expansion, count_version_2

MAX_INCLUDED = 64 * 1024**2  # bytes of all included files
_INCLUDE = re.compile(r'\binclude\s*"([^"\n]*)"\s*;')
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_HEADER = re.compile(r"^\s*OPENQASM\s+[\d.]+\s*;")
_BODY = re.compile(r"\{[^{}]*\}")
_CALL = re.compile(r"(?:^|[;}])\s*(?!if\b|gate\b|opaque\b)[A-Za-z_]\w*\s*\(([^;]*)\)[^;()]*(?=;)")
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"(?<!\w)\d[\w.]*")
_CAPITAL = re.compile(r"\b(?!(?:OPENQASM|U|CX)\b)(?=[A-Z])(?=\w)")
_FUNCTIONS = {"pi", "sin", "cos", "tan", "exp", "ln", "sqrt"}
_STANDARD = ("qelib1.inc", "stdgates.inc")


def _both(alpha: float, beta: float, gamma: float, z0: float = 0.0, z1: float = 0.0) -> Any:
    """exp(-i (alpha XX + beta YY + gamma ZZ) / 2), and behind it rotations about Z."""
    circuit = QuantumCircuit(2, name="Rxxyyzz")
    circuit.rxx(alpha, 0, 1)
    circuit.ryy(beta, 0, 1)
    circuit.rzz(gamma, 0, 1)
    if z0 or z1:
        circuit.rz(z0, 0)
        circuit.rz(z1, 1)
    return circuit.to_gate()


# Quantinuum's native gates, by their documentation: U1q(t, p) = exp(-i t (cos p X + sin p Y) / 2)
_QUANTINUUM = [
    qasm2.CustomInstruction("capital_Rz", 1, 1, RZGate, builtin=True),
    qasm2.CustomInstruction("capital_U1q", 2, 1, RGate, builtin=True),
    qasm2.CustomInstruction("capital_RZZ", 1, 2, RZZGate, builtin=True),
    qasm2.CustomInstruction("capital_ZZ", 0, 2, lambda: RZZGate(math.pi / 2), builtin=True),
    qasm2.CustomInstruction("capital_Rxxyyzz", 3, 2, _both, builtin=True),
    qasm2.CustomInstruction("capital_Rxxyyzz_zphase", 5, 2, _both, builtin=True),
]


def parse(text: str, folder: Path) -> QuantumCircuit:
    """The circuit of an OpenQASM 2 program; the parser's own errors pass through.

    Args:
        folder: where plain file names that it includes are looked for; nothing else is opened.

    Raises:
        ValueError: one clause about an include that is not there, and what needs it.

    Example:
        >>> parse('OPENQASM 2.0; include "hqslib1.inc"; qreg q[1]; U1q(pi*0.3, 0) q[0];', Path(".")).data[0].name
        'r'
        >>> parse('OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; rx((a)*pi) q[0];', Path(".")).num_parameters
        1
    """
    code = _COMMENT.sub(" ", text)
    absent: list[str] = []
    vendor = [name for name in _INCLUDE.findall(code) if name.startswith("hqslib1")]
    others = [name for name in _INCLUDE.findall(code) if name not in _STANDARD and name not in vendor]
    if others:
        code = _with_files(code, folder, absent, [0])
    if vendor or others:
        code = 'include "qelib1.inc";' + _INCLUDE.sub(" ", _HEADER.sub(" ", code))
    check_expansion(*count_version_2(code))
    symbols = _symbols(code)
    if symbols:
        return _as_version_3(code, symbols)
    capital = bool(_CAPITAL.search(code))
    if capital:  # the language has none, tools do
        code = _CAPITAL.sub("capital_", code)
    customs = list(qasm2.LEGACY_CUSTOM_INSTRUCTIONS) + (_QUANTINUUM if vendor else [])
    try:
        return qasm2.loads(
            code if vendor or others or capital else text, include_path=(), custom_instructions=customs,
            custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
        )  # fmt: skip
    except qasm2.QASM2ParseError as error:
        if not absent:
            raise
        raise ValueError(f"it includes {absent[0]!r}, which is not beside it, and needs it: {error}") from None


def _with_files(code: str, folder: Path, absent: list[str], size: list[int]) -> str:
    """The code with the text of plain files beside it in the place of their includes, each once."""
    seen: set[str] = set()

    def text_of(match: re.Match[str]) -> str:
        name = match[1]
        if name in _STANDARD or name.startswith("hqslib1"):
            return match[0]
        path = folder / name
        if Path(name).name != name:
            raise ValueError(f"unable to find {name!r}: included files are looked for beside it, by plain names")
        if not path.is_file() or path.is_symlink():
            absent.append(name)
            return " "
        size[0] += path.stat().st_size
        if name in seen or size[0] > MAX_INCLUDED:
            return " "
        seen.add(name)
        inner = _HEADER.sub(" ", _COMMENT.sub(" ", path.read_text("utf-8", errors="replace")))
        return " " + _INCLUDE.sub(text_of, inner) + " "

    return _INCLUDE.sub(text_of, code)


def _symbols(code: str) -> list[str]:
    """Names in the angles of gates, outside definitions, that are neither numbers nor functions; in their order."""
    outside = _BODY.sub(";", code)
    calls = [_NUMBER.sub(" ", call) for call in _CALL.findall(outside)]
    found = {word: None for call in calls for word in _WORD.findall(call)}
    return [word for word in found if word not in _FUNCTIONS]


def _as_version_3(code: str, symbols: list[str]) -> QuantumCircuit:
    code = _INCLUDE.sub(" ", _HEADER.sub(" ", code)).replace("^", "**")
    code = re.sub(r"\bln\s*\(", "log(", code)
    inputs = "".join(f"input float[64] {name};" for name in symbols)
    return qasm3.parse(f'OPENQASM 3.0; include "stdgates.inc"; {inputs} {code}')

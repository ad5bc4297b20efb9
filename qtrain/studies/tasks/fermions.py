"""OpenFermion's text of operators: qubit operators as they are, fermionic ones by Jordan and Wigner."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

Masks = tuple[int, int]  # (x, z): Π X^x Π Z^z, in this order
_TERM = re.compile(r"([^\[\]]*)\[([^\[\]]*)\]")
_PAULI, _LADDER = re.compile(r"([XYZ])(\d+)"), re.compile(r"(\d+)(\^?)")


def openfermion_operator(text: str, num_qubits: int | None = None) -> SparsePauliOp:
    """An operator of ``str(QubitOperator)`` or ``str(FermionOperator)``.

    Args:
        text: such as ``"(-0.81+0j) [] + (0.17+0j) [Z0] + (0.05+0j) [X0 X1]"`` or ``"-1.0 [0^ 1] + -1.0 [1^ 0]"``.
        num_qubits: None: as many as it names.

    Raises:
        QTrainError: text of another form, a qubit that is not there.

    Example:
        >>> openfermion_operator("0.5 [] + (0.25+0j) [Z0 X2]", 3).to_list()
        [('III', (0.5+0j)), ('XIZ', (0.25+0j))]
        >>> openfermion_operator("-1.0 [0^ 1] + -1.0 [1^ 0]").to_list()
        [('XX', (-0.5+0j)), ('YY', (-0.5+0j))]
    """
    terms = []
    for coefficient, factors in _TERM.findall(text):
        terms.append((_number(coefficient), factors.split()))
    if not terms or _TERM.sub("", text).strip(" +\n\t"):
        raise QTrainError(f"an OpenFermion operator should be terms such as '(0.17+0j) [Z0 X1]'. Got {_short(text)!r}.")
    found: dict[Masks, complex] = {}
    for value, factors in terms:
        for masks, c in _product(factors, value).items():
            found[masks] = found.get(masks, 0) + c
    widest = max(((x | z).bit_length() for x, z in found), default=1)
    n = max(1, widest) if num_qubits is None else num_qubits
    if widest > n:
        raise QTrainError(f"the operator should act on {n} qubits. Got qubit {widest - 1} in it.")
    return _operator(found, n)


def _number(text: str) -> complex:
    text = "".join(text.split()).removeprefix("+").replace("*", "")
    try:
        return complex({"": "1", "-": "-1"}.get(text, text))
    except ValueError:
        raise QTrainError(f"an OpenFermion operator should have numbers before its brackets. Got {text!r}.") from None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def _product(factors: Sequence[str], value: complex) -> dict[Masks, complex]:
    """``value`` times the product of factors such as "X3", "2^" (creates) or "2" (annihilates)."""
    total: dict[Masks, complex] = {(0, 0): value}
    for factor in factors:
        pauli, ladder = _PAULI.fullmatch(factor), _LADDER.fullmatch(factor)
        if pauli is not None:
            bit = 1 << int(pauli[2])
            one = {"X": {(bit, 0): 1 + 0j}, "Z": {(0, bit): 1 + 0j}, "Y": {(bit, bit): 1j}}[pauli[1]]  # Y = i X Z
        elif ladder is not None:
            bit, sign = 1 << int(ladder[1]), 1 if ladder[2] else -1
            one = {(bit, bit - 1): 0.5 + 0j, (bit, 2 * bit - 1): 0.5 * sign + 0j}  # ½ Z…Z (X ∓ iY)
        else:
            raise QTrainError(
                f"an OpenFermion operator should have factors such as Z0, 3^ or 3 in brackets. Got {factor!r}."
            )
        total = _multiplied(total, one)
    return total


def _multiplied(left: Mapping[Masks, complex], right: Mapping[Masks, complex]) -> dict[Masks, complex]:
    out: dict[Masks, complex] = {}
    for (x, z), a in left.items():
        for (u, v), b in right.items():
            key = (x ^ u, z ^ v)
            out[key] = out.get(key, 0) + (-a * b if (z & u).bit_count() & 1 else a * b)
    return out


def _operator(found: Mapping[Masks, complex], n: int) -> SparsePauliOp:
    from qiskit.quantum_info import SparsePauliOp

    largest = max(map(abs, found.values()), default=0.0)
    terms = []
    for (x, z), c in sorted(found.items()):
        if abs(c) <= 1e-15 * largest:
            continue  # what cancels, to rounding
        letters = ["IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in reversed(range(n))]
        terms.append(("".join(letters), c * (-1j) ** (x & z).bit_count()))
    return SparsePauliOp.from_list(terms or [("I" * n, 0.0)])

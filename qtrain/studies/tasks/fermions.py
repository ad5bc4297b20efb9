"""OpenFermion's text of operators: qubit operators as they are, fermionic ones by Jordan and Wigner."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtrain.chemistry.jordan_wigner import Operator, add, as_sparse, ladder, product
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

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
    found: Operator = {}
    for value, factors in terms:
        add(found, _of_factors(factors), value)
    widest = max(((x | z).bit_length() for x, z in found), default=1)
    n = max(1, widest) if num_qubits is None else num_qubits
    if widest > n:
        raise QTrainError(f"the operator should act on {n} qubits. Got qubit {widest - 1} in it.")
    largest = max(map(abs, found.values()), default=0.0)
    return as_sparse(found, n, smallest=1e-15 * largest)  # what cancels, to rounding


def _number(text: str) -> complex:
    text = "".join(text.split()).removeprefix("+").replace("*", "")
    try:
        return complex({"": "1", "-": "-1"}.get(text, text))
    except ValueError:
        raise QTrainError(f"an OpenFermion operator should have numbers before its brackets. Got {text!r}.") from None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def _of_factors(factors: Sequence[str]) -> Operator:
    """The product of factors such as "X3", "2^" (creates) or "2" (annihilates)."""
    total: Operator = {(0, 0): 1}
    for factor in factors:
        pauli, step = _PAULI.fullmatch(factor), _LADDER.fullmatch(factor)
        if pauli is not None:
            bit = 1 << int(pauli[2])
            letters: dict[str, Operator] = {"X": {(bit, 0): 1}, "Z": {(0, bit): 1}, "Y": {(bit, bit): 1j}}  # Y = i X Z
            one = letters[pauli[1]]
        elif step is not None:
            one = ladder(int(step[1]), creates=bool(step[2]))
        else:
            raise QTrainError(
                f"an OpenFermion operator should have factors such as Z0, 3^ or 3 in brackets. Got {factor!r}."
            )
        total = product(total, one)
    return total

"""Edits of what is measured: sums of local terms instead of products, the qubits that see the circuit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import lower
from qtrain.improvement.table import Candidate, Model
from qtrain.json_results import count
from qtrain.light_cones.light_cone import light_cone
from qtrain.qiskit_plugins.removal import remove_dead

NAMED = ("sum Z", "parity")  # short texts of what edits make
MOST_CONES = 64  # qubits that are looked at one by one


def observable_text(observable: SparsePauliOp, most: int = 24) -> str:
    """An observable in a sentence.

    Example:
        >>> observable_text(SparsePauliOp(["ZZZ"])), observable_text(SparsePauliOp("Z" * 40))
        ('ZZZ', 'the parity')
        >>> observable_text(SparsePauliOp.from_sparse_list([("ZZ", [0, 1], 1.0), ("X", [39], 0.5)], 40))
        'Z0 Z1 + 0.5*X39'
    """
    if len(observable) == 1 and len(observable.to_list()[0][0]) > 8 and set(observable.to_list()[0][0]) == {"Z"}:
        return "the parity"
    texts = []
    for label, value in observable.to_list():
        letters = [f"{letter}{q}" for q, letter in enumerate(reversed(label)) if letter != "I"]
        kinds = {text[0] for text in letters}
        if len(label) <= 4 or (len(label) <= 12 and "I" not in label):
            text = label
        elif len(letters) > 6 and len(kinds) == 1:
            text = f"{kinds.pop()} on {'all ' if len(letters) == len(label) else ''}{len(letters)} qubits"
            text = text.replace("on all", "on") if len(observable) == 1 else text
        else:
            text = " ".join(letters[:6]) + (" …" if len(letters) > 6 else "") or "I"
        factor = complex(value).real
        texts.append(text if factor == 1 else f"-{text}" if factor == -1 else f"{factor:g}*{text}")
    joined = " + ".join(texts[:3]).replace("+ -", "- ")
    if len(texts) == 1 or (len(texts) <= 3 and len(joined) <= most):
        return joined
    return f"the observable of {len(texts)} terms"


def busy_qubits(model: Model) -> list[int]:
    """Qubits that a gate with a free parameter touches, or that one of them reaches."""
    cone = np.zeros(model.num_qubits, bool)
    for item in model.circuit.data:
        places = [model.circuit.find_bit(q).index for q in item.qubits]
        if any(getattr(angle, "parameters", ()) for angle in item.params) or cone[places].any():
            cone[places] = item.operation.name != "barrier" or cone[places]
    return np.flatnonzero(cone).tolist()


def _sum(letters: dict[int, str], num_qubits: int) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_list([(p, [q], 1.0) for q, p in sorted(letters.items())], num_qubits)


def _letters(model: Model) -> list[tuple[int, str]]:
    """(qubit, letter) of all that the observable measures, each once."""
    found = set()
    for paulis, places, _ in model.observable.to_sparse_list():
        found |= set(zip(places, paulis))
    return sorted(found)


def local_sums(model: Model) -> Iterator[Candidate]:
    """A sum of single-qubit Paulis in place of products; and Z on every qubit that the circuit moves."""
    own, n = _letters(model), model.num_qubits
    weights = (model.observable.paulis.x | model.observable.paulis.z).sum(axis=1)
    asked = observable_text(model.observable)
    if weights.max(initial=0) > 1:
        terms = SparsePauliOp.from_sparse_list([(p, [q], 1.0) for q, p in own], n)
        kinds = sorted({p for _, p in own})
        where = "each qubit" if len({q for q, _ in own}) == n else f"each of its {len({q for q, _ in own})} qubits"
        which = f"{' and '.join(kinds)} on {where}"
        yield Candidate("local sum", f"measure the sum of {which} instead of {asked}", model.but(observable=terms))
    busy = busy_qubits(model)
    if len(busy) > 1:
        where = "each qubit" if len(busy) == n else f"each of the {len(busy)} qubits that its parameters reach"
        text = f"measure the sum of Z on {where} instead of {asked}"
        yield Candidate("sum of Z", text, model.but(observable=_sum(dict.fromkeys(busy, "Z"), n)))


def pair_sums(model: Model) -> Iterator[Candidate]:
    """Products of two Z on the pairs that gates couple, where a local observable sees no parameter: what a symmetry
    of circuit and start hides from single qubits is seen there."""
    weights = (model.observable.paulis.x | model.observable.paulis.z).sum(axis=1)
    if weights.max(initial=0) > 1:
        return
    places = [sorted(model.circuit.find_bit(q).index for q in item.qubits) for item in model.circuit.data]
    pairs = sorted({(two[0], two[1]) for two in places if len(two) == 2})
    if pairs and not remove_dead(model.circuit, model.observable, inputs=model.inputs)[0].num_parameters:
        terms = SparsePauliOp.from_sparse_list([("ZZ", list(pair), 1.0) for pair in pairs], model.num_qubits)
        text = f"measure the sum of ZZ on the {count(len(pairs), 'coupled pair')} instead of"
        yield Candidate("sum of ZZ", f"{text} {observable_text(model.observable)}", model.but(observable=terms))


def seeing(model: Model) -> Iterator[Candidate]:
    """For a local observable: the qubit whose Z sees most parameters, and the fewest qubits that see all of them."""
    weights = (model.observable.paulis.x | model.observable.paulis.z).sum(axis=1)
    busy = busy_qubits(model)
    if weights.max(initial=0) > 2 or len(busy) > MOST_CONES or len(busy) < 2:
        return
    program = lower(model.circuit, inputs=model.inputs, functions=True)
    seen = {
        q: light_cone(program, SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], model.num_qubits)).effective
        for q in busy
    }
    asked = observable_text(model.observable)
    best = max(busy, key=lambda q: int(seen[q].sum()))
    cover, chosen = np.zeros_like(seen[best]), {}
    while True:
        q = max(busy, key=lambda q: int((seen[q] & ~cover).sum()))
        if not (seen[q] & ~cover).any():
            break
        chosen[q], cover = "Z", cover | seen[q]
    named = " + ".join(f"Z{q}" for q in sorted(chosen)) if len(chosen) <= 6 else f"the sum of Z on {len(chosen)} qubits"
    text = f"measure {named} instead of {asked}: the fewest qubits that see all that can be seen"
    if chosen:
        yield Candidate("seeing qubits", text, model.but(observable=_sum(chosen, model.num_qubits)))
    text = f"measure Z{best} instead of {asked}: the qubit that sees most parameters"
    if len(chosen) > 1:
        yield Candidate("seeing qubit", text, model.but(observable=_sum({best: "Z"}, model.num_qubits)))


def full_text(observable: SparsePauliOp) -> str:
    """An observable as text that `qtrain.diagnose` reads back.

    Example:
        >>> full_text(SparsePauliOp.from_sparse_list([("ZZ", [0, 1], 1.0), ("X", [9], -0.5)], 10))
        'Z0 Z1 - 0.5*X9'
    """
    for name in NAMED:
        if as_observable(observable - as_observable(name, observable.num_qubits)).coeffs.any() == 0:
            return name
    parts: list[str] = []
    for letters, places, value in observable.to_sparse_list():
        factor = complex(value).real
        text = " ".join(f"{p}{q}" for p, q in sorted(zip(letters, places), key=lambda item: item[1])) or "I0"
        size = "" if abs(factor) == 1 else f"{abs(factor)!r}*"
        sign = "- " if factor < 0 else "+ "
        parts.append(f"{sign}{size}{text}" if parts else f"{sign.strip('+ ').strip()}{size}{text}")
    return " ".join(parts)

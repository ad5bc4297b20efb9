"""How the gradients of a model go on with the number of qubits, in a few words."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from qtrain.budget import Budget, clock
from qtrain.diagnosis.facts import trend_words
from qtrain.diagnosis.families import Family, observable_at
from qtrain.diagnosis.scaling import Scaling, scaling
from qtrain.errors import QTrainError
from qtrain.improvement.table import Model

WIDER = (16, 20, 24, 28, 32, 40, 48)  # sizes that are looked at where the first ones do not tell
FLAT = 0.8  # of the variance is left where n has doubled: called flat


class Tendency(NamedTuple):
    """A law and what a table says of it; see `qtrain.improvement.results.Tried`."""

    law: str
    words: str


def tendency(model: Model, family: Family, *, shots: int, budget: Budget, seed: int) -> Tendency | None:
    """Of a model whose circuit is a member of the family; None where its observable does not go on, or nothing is seen.

    Sizes are the usual ones; larger ones where these fit more than one law.
    """
    measured = observable_at(model.observable, model.num_qubits)
    if measured is None:
        return None
    began = clock()
    found: Scaling | None = None
    for sizes in (None, WIDER):
        left = budget.seconds - (clock() - began)
        if left <= 0.1 * budget.seconds:
            break
        try:
            found = scaling(
                family, measured, sizes, shots=shots, initialization=model.start, seed=seed,
                budget=replace(budget, seconds=left, resolution=1e-9),
            )  # fmt: skip
        except QTrainError:  # too few sizes have gradients that the budget resolves
            continue
        if found.law != "undecided":
            break
    return None if found is None else Tendency(*_words(found))


def _words(found: Scaling) -> tuple[str, str]:
    if found.law == "constant" or (found.law != "undecided" and found.rate_high <= 0):
        return "constant", "constant in n" if found.law == "constant" else "grows with n"
    if found.law == "exponential" or (found.law == "polynomial" and found.rate > 0):
        return found.law, trend_words(found)
    sizes, variance = found.sizes, found.variance
    half = min(range(len(sizes)), key=lambda k: abs(2 * sizes[k] - sizes[-1]))
    left = float(variance[-1] / variance[half])
    words = f"V({sizes[-1]}) = {left:#.2g} V({sizes[half]})"
    steady = min(variance[half:]) >= FLAT * variance[half]  # two sizes tell nothing where those between them differ
    return ("flat", f"about constant: {words}") if left >= FLAT and steady else ("undecided", f"not decided: {words}")

"""What the causes of a diagnosis mean: a table that ``qtrain explain`` prints."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from qtrain.diagnosis.facts import CAUSES
from qtrain.extensions import Table
from qtrain.views.page.glossary import TERMS, Term
from qtrain.views.tables import STYLES, name_value


@dataclass(frozen=True)
class Explanation:
    """One cause: what it means, how it is measured, what helps, where it is from; ``short``: one line of it."""

    short: str
    means: str
    measured: str
    helps: str
    source: str


EXPLANATIONS: Table[Explanation] = Table("cause")
for _name, _row in {
    "healthy": Explanation(
        "its gradient is large enough to be measured",
        "At angles drawn as you start, the partial derivative of the cost varies by more than your shots blur it, so "
        "that gradient descent has something to follow.",
        "V, the mean square of the derivative, against the threshold S / shots, with S the sum of the squared "
        "coefficients of the observable. V is exact or has a 95 % interval.",
        "Keep it. Whether it stays so with more qubits is another question: look at the trend.",
        "Parameter-shift gradients and shot noise; Pauli paths: 2302.04649, 2309.12681.",
    ),
    "dead": Explanation(
        "its gradient is zero for every angle: a proof, not a measurement",
        "The expectation value does not depend on it. Either no gate connects it with what is measured (outside the "
        "light cone), or it commutes with everything the observable becomes on the way back, or the input state is "
        "an eigenstate of what it turns (the input state cannot feel it).",
        "Backwards from the measurement and forwards from the input, in exact arithmetic on Pauli strings over GF(2); "
        "rounding plays no part.",
        "Remove it: the cost stays the same (qtrain improve --fix). Or measure more qubits, or rotate about another "
        "axis first.",
        "Light cones on the circuit's graph; affine spaces of Pauli strings.",
    ),
    "concentrated": Explanation(
        "the whole cost is flat: observable concentration",
        "Nearly everywhere the expectation value is close to its mean, closer than your shots resolve, and so no "
        "parameter can train. With a variance that falls exponentially in the number of qubits this is a barren "
        "plateau.",
        "The variance of the cost over random angles against S / shots. That it is a plateau is said only of a family, "
        "by the law of V over several widths (qtrain scaling).",
        "Measure a sum of local terms in place of a product over all qubits, entangle along a line, use fewer "
        "repetitions or tied angles, or start near a point where the cost is steep: qtrain improve tries these.",
        "McClean et al. 1803.11173; local costs: Cerezo et al. 2001.00550; Lie algebras: 2309.09342.",
    ),
    "lost": Explanation(
        "the change exists, but not where you measure: information lost",
        "The cost itself is not flat, but what this parameter changes leaves the qubits that are measured.",
        "The same parameter, watched by each single-qubit Pauli in place of the observable: one of them still varies "
        "by more than the shots resolve. The advice says which.",
        "Measure that qubit too, or bring the gate nearer to the measurement.",
        "Observable concentration and loss of sensitivity told apart: 2603.18479.",
    ),
    "scrambled": Explanation(
        "the change is spread over the whole register",
        "The cost itself is not flat, and no single qubit shows what this parameter does any more.",
        "As for lost information: watched by every single-qubit Pauli, none varies by more than the shots resolve.",
        "Put fewer entanglers between its gate and the measurement, or start with them undone (identity blocks).",
        "2603.18479.",
    ),
    "below": Explanation(
        "too small, for a cause that the budget did not resolve",
        "Its gradient is below what the shots resolve; whether it is lost or scrambled was not told in time.",
        "V against S / shots; the counterfactual with other observables did not finish, or does not apply.",
        "More seconds (--thorough) to learn the cause; more shots to resolve the gradient.",
        "–",
    ),
    "unknown": Explanation(
        "no method reached its gradient",
        "What is known are bounds on V, on both sides of the threshold.",
        "Every gradient method refused the circuit or ran out of its budget; the notes say why.",
        "More seconds (--thorough), fewer qubits, or fewer parameters that share angles.",
        "–",
    ),
}.items():
    EXPLANATIONS.add(_name, _row)


def explain_all() -> RenderableType:
    """One line per cause."""
    rows = [(name, row.short) for name, row in EXPLANATIONS.items()]
    return Group(Text("Why a parameter does not train", style="bold cyan"), name_value(rows))


def explain(word: str) -> RenderableType:
    """A cause in full, by its short word or as a report spells it; or a word of the figures.

    Raises:
        QTrainError: no cause of that name.

    Example:
        >>> explain("nonsense")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: cause should be one of 'healthy', 'dead', ...
    """
    term = _term(word)
    if term is not None:
        return Group(Text(term.word, style="bold"), Text(term.meaning))
    name = find(word)
    row = EXPLANATIONS[name]
    title = CAUSES.get(name, name)
    return Group(
        Text(title, style=f"bold {STYLES.get(name, '')}".strip()),
        name_value([
            ("means", row.means), ("measured by", row.measured), ("what helps", row.helps), ("source", row.source)
        ]),
    )  # fmt: skip


def find(word: str) -> str:
    """The short word of a cause, from any part of how a report spells it."""
    text = word.strip().lower()
    if text in EXPLANATIONS:
        return text
    for name, start in CAUSES.items():
        if text and (start.startswith(text) or text.startswith(start)):
            return name
    EXPLANATIONS[word]  # says which there are
    raise AssertionError(word)


def _term(word: str) -> Term | None:
    """A word of the pages' glossary that is no cause, by any of its names."""
    wanted = word.strip().lower()
    for key, term in TERMS.items():
        if key not in CAUSES and wanted in (key.lower(), term.word.lower(), *map(str.lower, term.also)):
            return term
    return None

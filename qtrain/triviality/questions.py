"""The table of questions that an audit answers, a row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qtrain.extensions import Table
from qtrain.triviality.contenders import CONTENDERS, Setting
from qtrain.triviality.intervals import Interval
from qtrain.triviality.results import Finding, Floor
from qtrain.triviality.trials import Trials

SIGNIFICANT = 0.05
AHEAD, LEVEL, OPEN = "ahead", "level", "open"


@dataclass(frozen=True, eq=False)
class Standing:
    """Models against others.

    Attributes:
        verdict: ``"ahead"``: one of the first is ahead of every second (at 95 %, of all firsts together);
            ``"level"``: no first is ahead of one of the second by more than the margin (each at 95 %, one-sided);
            ``"open"``: neither.
        first, second: the models that stand for them. gap: between these; where it is not level at 95 % for all of the
            firsts together.
    """

    verdict: str
    first: str
    second: str
    gap: Interval


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that questions are answered from."""

    setting: Setting
    trials: Trials
    floor: Floor | None
    margin: float

    def names(self, *groups: str) -> list[str]:
        """Models of these groups that ran, the best first."""
        found = [name for name in self.trials.correct if CONTENDERS[name].group in groups]
        return sorted(found, key=lambda name: -self.score(name).value)

    def score(self, name: str) -> Interval:
        """Balanced accuracy."""
        return self.trials.folds.of(self.trials.correct[name])

    def gap(self, first: str, second: str, *, level: float = 0.95) -> Interval:
        """Of the balanced accuracies."""
        return self.trials.folds.gap(self.trials.correct[first], self.trials.correct[second], level=level)

    def stand(self, first: Sequence[str], second: Sequence[str]) -> Standing | None:
        """None where there is nobody on one side."""
        if not first or not second:
            return None
        first, second = (sorted(side, key=lambda name: -self.score(name).value) for side in (first, second))
        level = 1 - SIGNIFICANT / len(first)
        for a in first:
            if all(self.gap(a, b, level=level).lower > 0 for b in second):
                return Standing(AHEAD, a, second[0], self.gap(a, second[0], level=level))
        for b in second:
            one_sided = 1 - 2 * SIGNIFICANT
            room = 1 - self.trials.folds.of(self.trials.correct[b], level=one_sided).lower  # nobody is ahead by more
            if all(min(room, self.gap(a, b, level=one_sided).upper) <= self.margin for a in first):
                return Standing(LEVEL, first[0], b, self.gap(first[0], b))
        return Standing(OPEN, first[0], second[0], self.gap(first[0], second[0], level=level))

    @property
    def learners(self) -> list[str]:
        """Models that are told from what knows nothing of the labels, the best first."""
        found = self.names(*(CONTENDERS[name].group for name in self.trials.correct))
        level = 1 - SIGNIFICANT / max(len(found), 1)
        chance = 1 / len(self.setting.data.classes)
        least = max(chance, self.floor.highest if self.floor else chance)
        folds, correct = self.trials.folds, self.trials.correct
        return [name for name in found if folds.of(correct[name], level=level).lower > least]

    @property
    def learned(self) -> bool:
        """Something is told from permuted labels."""
        return bool(self.learners) or (self.floor is not None and self.floor.p_value <= SIGNIFICANT)

    def called(self, name: str) -> str:
        """A model in a sentence."""
        model = f"the quantum model ({self.setting.model.name})"
        if name == "quantum model":
            return model
        if name.startswith("its "):
            return f"{name.removeprefix('its ')} of {model}"
        if name.startswith("the same"):
            return f"{model}{name.removeprefix('the same')}"
        return {"one-body": "one-body features", "two-body": "one- and two-body features"}.get(
            CONTENDERS[name].group, f"the {name}" if "kernel" in name else name
        )

    def figures(self, standing: Standing) -> str:
        """``0.97 [0.95, 0.99] for A against 0.96 for B (gap 0.01 [-0.02, 0.03])``, whoever is ahead first."""
        a, b, gap = standing.first, standing.second, standing.gap
        if standing.verdict != AHEAD:
            a, b, gap = b, a, Interval(-gap.value, -gap.upper, -gap.lower)
        return (
            f"{self.score(a)} for {self.called(a)} against {self.score(b).value:.2f} for {self.called(b)} (gap {gap})"
        )

    @property
    def twinned(self) -> list[str]:
        """Quantum models that were also tried without entanglement."""
        return [name for name in self.names("quantum") if CONTENDERS[name].without in self.trials.correct]


@dataclass(frozen=True)
class Question:
    """One row of the table.

    Attributes:
        name: what a finding is called. asks: in words. answer: evidence -> (verdict, sentence, what decided it).
        always: also where nothing is learned.
    """

    name: str
    asks: str
    answer: Callable[[Evidence], tuple[str, str, Standing | None]]
    always: bool = False


QUESTIONS: Table[Question] = Table("question")


def register_question(row: Question, *, replace: bool = False) -> Question:
    """Add a question to what every `qtrain.audit` answers from now on."""
    return QUESTIONS.add(row.name, row, replace=replace)


def answers(evidence: Evidence) -> tuple[Finding, ...]:
    """A finding for each question."""
    found = []
    for name, row in QUESTIONS.items():
        if not (evidence.learned or row.always):
            found.append(Finding(name, "no matter", "nothing is learned, so that nothing can be missed"))
            continue
        verdict, sentence, standing = row.answer(evidence)
        if standing is None:
            found.append(Finding(name, verdict, sentence))
        else:
            found.append(Finding(name, verdict, sentence, standing.first, standing.second, standing.gap))
    return tuple(found)


def low_body(evidence: Evidence) -> tuple[str, Standing | None]:
    """``"one-body"`` where they suffice, else ``"two-body"``, with how every other model stands to them."""
    others = evidence.names("classical", "quantum", "product")
    one = evidence.stand([*others, *evidence.names("two-body")], evidence.names("one-body"))
    if one is not None and one.verdict == LEVEL:
        return "one-body", one
    return "two-body", evidence.stand(others, evidence.names("one-body", "two-body"))


def _labels(evidence: Evidence) -> tuple[str, str, Standing | None]:
    floor, best = evidence.floor, evidence.learners
    size = len(evidence.setting.data.labels)
    if floor is None:
        seen = "there was no time for permutations"
    else:
        seen = (
            f"the best of three plain models scores {floor.observed:.2f}, on permuted labels {floor.mean:.2f} and at "
            f"most {floor.highest:.2f} (p = {floor.p_value:.2g}, {floor.permutations} permutations)"
        )
    if not evidence.learned:
        return "nothing learned", (
            f"no model tried tells the labels from permuted ones: noise, or a rule that none of them learns from "
            f"{size} samples; {seen}"
        ), None  # fmt: skip
    if best and (floor is None or floor.p_value > SIGNIFICANT):
        seen += f"; {evidence.called(best[0])} tells them: {evidence.score(best[0])}"
    return "learned", seen, None


def _low_body(evidence: Evidence) -> tuple[str, str, Standing | None]:
    kind, standing = low_body(evidence)
    if standing is None:
        return "not tried", "there was nothing to compare them with in the time", None
    kinds = "one-body features" if kind == "one-body" else "one- and two-body features"
    if standing.verdict == LEVEL:  # so is every other model: the quantum one is the one that is asked about
        first = next(iter(evidence.names("quantum")), standing.first)
        standing = Standing(LEVEL, first, standing.second, evidence.gap(first, standing.second))
        return "suffice", f"{kinds} suffice: {evidence.figures(standing)}", standing
    figures = evidence.figures(standing)
    if standing.verdict == AHEAD:
        return "do not suffice", f"{kinds} do not suffice: {figures}", standing
    return "not separated", f"{kinds} are not separated from the best of the others by these tests: {figures}", standing


def _told(
    evidence: Evidence, standing: Standing | None, untried: str, **told: tuple[str, str]
) -> tuple[str, str, Standing | None]:
    """The answer that stands in ``told`` under the verdict of the standing."""
    if standing is None:
        return "not tried", untried, None
    verdict, sentence = told[standing.verdict]
    return verdict, f"{sentence}: {evidence.figures(standing)}", standing


def _entanglers(evidence: Evidence) -> tuple[str, str, Standing | None]:
    return _told(
        evidence, evidence.stand(evidence.twinned, evidence.names("product")),
        "no model was tried with and without entanglement",
        ahead=("hurts", "removing entanglement hurts"),
        level=("does not hurt", "removing entanglement does not hurt"),
        open=("not separated", "these tests do not tell whether removing entanglement hurts"),
    )  # fmt: skip


def _surrogate(evidence: Evidence) -> tuple[str, str, Standing | None]:
    model = [name for name in evidence.names("quantum") if name == "quantum model"]
    return _told(
        evidence, evidence.stand(model, evidence.names("surrogate")), "no surrogate of the quantum model was tried",
        ahead=("falls behind", "these surrogates fall behind the quantum model"),
        level=("keeps up", "a classical surrogate keeps up with the quantum model"),
        open=("not separated", "surrogate and quantum model are not separated by these tests"),
    )  # fmt: skip


def _classical(evidence: Evidence) -> tuple[str, str, Standing | None]:
    standing = evidence.stand(evidence.names("quantum"), evidence.names("classical", "one-body", "two-body"))
    level = ("keep up", "a classical model keeps up")
    between = ("not separated", "classical and quantum models are not separated by these tests")
    if standing is not None and standing.gap.upper < 0:
        level = between = ("ahead", "a classical model is ahead of the quantum models tried")
    return _told(
        evidence, standing, "no quantum model was tried beside classical ones",
        ahead=("fall behind", "the classical models tried fall behind"), level=level, open=between,
    )  # fmt: skip


for _row in (
    Question("labels", "Is there anything to learn?", _labels, always=True),
    Question("low-body features", "Do one- and two-body features classify already?", _low_body),
    Question("entanglement", "Does removing the entanglers hurt?", _entanglers),
    Question("surrogate", "Does a classical surrogate of the quantum model keep up?", _surrogate),
    Question("classical models", "Do strong classical models keep up?", _classical),
):
    register_question(_row)


def overall(evidence: Evidence) -> tuple[str, str]:
    """The verdict, and the sentence that says it with its figures."""
    if not evidence.learned:
        return "nothing learned", _labels(evidence)[1].partition(";")[0]
    kind, low = low_body(evidence)
    rivals = evidence.names("classical", "one-body", "two-body", "surrogate")
    classical = evidence.stand(evidence.names("quantum"), rivals)
    entangled = evidence.stand(evidence.twinned, evidence.names("product"))
    hurts = entangled is not None and entangled.verdict == AHEAD  # of the quantum models tried
    needless = "no entangling model is needed for that" if hurts else "nothing here needs entanglement"
    if low is None or (classical is None and low.verdict != LEVEL):
        return "not decided", "no quantum model was tried beside classical ones"
    if low.verdict == LEVEL:
        _, sentence, _ = _low_body(evidence)
        return f"{kind} features suffice", f"{sentence}; {needless}"
    assert classical is not None
    if classical.verdict == AHEAD:
        figures = evidence.figures(classical)
        beaten = f"ahead of every classical model tried: {figures}; another one may do better"
        foremost = evidence.stand(evidence.twinned, [*rivals, *evidence.names("product")])
        if foremost is not None and foremost.verdict == AHEAD:
            return "entanglement helps", f"a model with entanglement is {beaten}"
        return "quantum model ahead", f"a quantum model is {beaten}; these tests do not show that it needs entanglement"
    if low.verdict == OPEN:
        return "low-body features not separated", _low_body(evidence)[1]
    figures = evidence.figures(classical)
    missed = "one- and two-body features do not suffice"
    if classical.verdict == LEVEL:
        return "classical models suffice", f"{missed}, but a classical model keeps up: {figures}; {needless}"
    return "classical models not separated", f"{missed}; classical and quantum models are not separated: {figures}"


def majority(labels: np.ndarray) -> float:
    """Accuracy of whoever always says the largest class."""
    return float(np.bincount(labels).max() / len(labels))

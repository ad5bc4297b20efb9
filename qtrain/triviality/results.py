"""What an audit found: a score for each model, a finding for each question."""

from __future__ import annotations

from dataclasses import dataclass, field

from qtrain.json_results import JsonResult, Shown, count
from qtrain.triviality.intervals import Interval


@dataclass(frozen=True)
class Score(JsonResult):
    """A model's score.

    Attributes:
        name: of the model. group: what it stands for: ``"one-body"``, ``"two-body"``, ``"classical"``, ``"surrogate"``,
            ``"product"`` (without entanglement) or ``"quantum"``.
        balanced: balanced accuracy, the mean of the classes' recalls; None where it was not tried.
        accuracy: share of samples that are classified rightly. seconds: of all its folds.
        skipped: why it was not tried; empty where it was.
    """

    name: str
    group: str
    balanced: Interval | None = None
    accuracy: Interval | None = None
    seconds: float = field(default=0.0, compare=False)
    skipped: str = ""


@dataclass(frozen=True)
class Finding(JsonResult):
    """The answer to one question.

    Attributes:
        question: such as ``"low-body features"``. verdict: in a word or two, such as ``"suffice"``.
        sentence: the answer with its figures.
        first, second: the models whose gap decides; empty where there is none. gap: balanced accuracy of the first
            minus that of the second, on the same folds, with its 95 % interval, which holds for all models that were
            compared together where one is said to be ahead, or nothing is separated.
    """

    question: str
    verdict: str
    sentence: str
    first: str = ""
    second: str = ""
    gap: Interval | None = None


@dataclass(frozen=True)
class Floor(JsonResult):
    """What the same procedure scores on permuted labels.

    Attributes:
        observed: the best balanced accuracy of three plain models (ridge on one-body features, on two-body features,
            and SVC) on the labels as they are; mean, highest: of that best over the permutations.
        p_value: (1 + permutations that reach ``observed``) / (1 + permutations).
    """

    observed: float
    mean: float
    highest: float
    p_value: float
    permutations: int


@dataclass(frozen=True, repr=False)
class Audit(Shown, JsonResult):
    """What `qtrain.audit` found about a data set.

    Attributes:
        data: its name. samples, features: how many; num_qubits: of quantum states, 0 for features. classes: samples of
            each.
        model: the quantum model that was tried.
        verdict: ``"nothing learned"``, ``"one-body features suffice"``, ``"two-body features suffice"``,
            ``"low-body features not separated"``, ``"classical models suffice"``, ``"classical models not separated"``,
            ``"quantum model ahead"``, ``"entanglement helps"`` or ``"not decided"``.
        summary: the verdict in one sentence with its figures.
        findings: an answer to each question. scores: of each model. floor: on permuted labels.
        majority: accuracy of the largest class alone; chance: balanced accuracy without knowledge.
        margin: a gap below it counts as none. folds, repeats: of the cross-validation.
        complete: everything was done that was asked for; False: the time was over before.
        notes: what was left out, and why. seed: of every random choice. seconds: wall time.
    """

    data: str
    samples: int
    features: int
    num_qubits: int
    classes: dict[str, int]
    model: str
    verdict: str
    summary: str
    findings: tuple[Finding, ...]
    scores: tuple[Score, ...]
    floor: Floor | None
    majority: float
    chance: float
    margin: float = 0.05
    folds: int = 5
    repeats: int = 1
    complete: bool = True
    notes: tuple[str, ...] = ()
    seed: int = 0
    seconds: float = field(default=0.0, compare=False)

    def score(self, name: str) -> Score:
        """The row of a model.

        Raises:
            KeyError: no such row.
        """
        found = {row.name: row for row in self.scores}
        return found[name]

    def finding(self, question: str) -> Finding:
        """The answer to a question.

        Raises:
            KeyError: no such question.
        """
        return {row.question: row for row in self.findings}[question]

    @property
    def sizes(self) -> str:
        """``150 samples, 4 features, 3 classes``."""
        wide = count(self.num_qubits, "qubit") if self.num_qubits else count(self.features, "feature")
        return f"{count(self.samples, 'sample')}, {wide}, {len(self.classes)} classes"

    def _brief(self) -> str:
        return f"{self.data}, {self.sizes}: {self.verdict}"

    def __str__(self) -> str:
        answers = [f"- {finding.question}: {finding.sentence}" for finding in self.findings]
        return "\n".join([f"{self.data} ({self.sizes}): {self.summary}", *answers])

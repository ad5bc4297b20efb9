"""Both halves of one question in a line: does it train, and does a classical computer get there without it?

Whatever is known to train is so far known to be simulable as well (arXiv 2312.09121). A missing certificate says that
none of the methods of one table is cheap enough; it is no statement about all methods.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qtrain.diagnosis.results import (
    AFFORDABLE,
    CLASSICAL,
    Certificate,
    Scaling,
    Simulability,
    Verdict,
    kind,
    trend_words,
)
from qtrain.json_results import JsonResult, Shown, count, number

LIMIT = math.log10(AFFORDABLE)


@dataclass(frozen=True, repr=False)
class Frontier(Shown, JsonResult):
    """Whether a circuit trains, and the classical shortcut around it.

    Attributes:
        trains: ``"yes"``, ``"in part"``, ``"no"`` or ``"not known"``: of the parameters that are not dead. how: the
            same in words, with shots, start and the trend over n.
        shortcut: method of the cheapest classical certificate; None where none was found, or looked for.
        log10_operations: that it takes for one value of the cost; NaN without. budget: log10 of the operations above
            which no certificate counts. error: of that method over uniform angles, 0 where exact.
        looked_at: methods that were tried and said something. untried: those that the seconds did not reach.
        text: all of it in one line.
    """

    trains: str
    how: str
    shortcut: str | None
    log10_operations: float
    error: float
    budget: float
    looked_at: tuple[str, ...]
    untried: tuple[str, ...]
    text: str

    def _brief(self) -> str:
        return f"trains: {self.text}"


def frontier(
    verdicts: Sequence[Verdict], found: Simulability | None, *, shots: int, initialization: str = "uniform",
    trend: Scaling | None = None,
) -> Frontier:  # fmt: skip
    """The line of a report, from what that holds.

    Args:
        verdicts: one for each parameter. found: certificates; None: not looked at. shots: per expectation value.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.diagnosis.diagnose import diagnose
        >>> report = diagnose(real_amplitudes(2, reps=1), "IZ")
        >>> report.frontier.how, report.frontier.shortcut
        ('yes, all 3 live parameters at 10,000 shots', 'near-Clifford')
        >>> frontier((), None, shots=100).text
        'no, there is no parameter; classical shortcut: not looked at'
    """
    word, how = _training(verdicts, shots, initialization, trend)
    best = cheapest(found.certificates) if found is not None else None
    rows = found.certificates if found is not None else ()
    looked_at, untried = tuple(row.check for row in rows), found.untried if found is not None else ()
    operations = math.log10(max(best.cost, 1.0)) if best is not None else math.nan
    return Frontier(
        word, how, best.check if best is not None else None, operations, best.error if best is not None else math.nan,
        LIMIT, looked_at, untried, f"{how}; classical shortcut: {_shortcut(found, best)}",
    )  # fmt: skip


def cheapest(rows: Sequence[Certificate]) -> Certificate | None:
    """The classical certificate that takes the fewest operations; None where none applies."""
    usable = [row for row in rows if row.applies and row.kind == CLASSICAL]
    return min(usable, key=lambda row: row.cost, default=None)


def _training(
    verdicts: Sequence[Verdict], shots: int, initialization: str, trend: Scaling | None
) -> tuple[str, str]:
    if not verdicts:
        return "no", "no, there is no parameter"
    kinds = [kind(verdict.cause) for verdict in verdicts]
    live, healthy = sum(word != "dead" for word in kinds), kinds.count("healthy")
    if not live:
        return "no", "no, the cost is the same at every angle"
    word = "yes" if healthy == live else "in part" if healthy else "not known" if "unknown" in kinds else "no"
    share = {
        "yes": f"all {live} live parameters" if live > 1 else "its live parameter",
        "in part": f"{healthy} of {live} live parameters",
        "no": f"none of {live} live parameters" if live > 1 else "not its live parameter",
        "not known": f"bounds alone on {count(kinds.count('unknown'), 'parameter')}",
    }[word]  # fmt: skip
    start = "" if initialization == "uniform" else f" from {initialization}"
    law = f", V {trend_words(trend)}" if trend is not None and trend.law != "undecided" else ""
    return word, f"{word}, {share} at {count(shots, 'shot')}{start}{law}"


def _shortcut(found: Simulability | None, best: Certificate | None) -> str:
    if found is None:
        return "not looked at"
    if best is None:
        text = f"no certificate below 10^{LIMIT:g} operations with these methods"
        measured = [row for row in found.certificates if row.applies]
        text += f" (with data measured once: {measured[0].check})" if measured else ""
        rest = "qtrain explain shortcut"
        return text + (f" ({len(found.untried)} of them not tried, as the budget had ended; {rest})" if found.untried
                       else f" ({rest})")  # fmt: skip
    error = f"error {number(best.error, 2)} on average over uniform angles" if best.error else "exact"
    return f"{best.check}: {best.detail}, 10^{math.log10(max(best.cost, 1.0)):.1f} operations, {error}"

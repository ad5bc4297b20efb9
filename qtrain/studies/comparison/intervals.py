"""How many times lower one method's losses are than another's, with a 95 % interval over paired runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qtrain.errors import QTrainError

SOLVED = 1e-6
TIE = 0.01


@dataclass(frozen=True)
class Ratio:
    """A rival's loss over the search's: geometric mean over the runs, and its 95 % interval.

    Attributes:
        verdict: "win" (the search's loss is lower), "loss" (the rival's is), or "tie".
    """

    ratio: float
    lower: float
    upper: float
    verdict: str

    def __str__(self) -> str:
        return f"{self.ratio:.3g} [{self.lower:.3g}, {self.upper:.3g}]"


def paired_ratio(
    rival: Sequence[float], search: Sequence[float], *, solved: float = SOLVED, tie: float = TIE, overlap: float = 0.0
) -> Ratio:
    """Student's interval for the mean of log(rival / search) over runs that share a seed.

    Args:
        rival, search: losses of the same runs, at least 2.
        solved: lower losses count as this one: below it nobody asks.
        tie: intervals that reach a ratio closer to 1 than this are ties. Methods without randomness give intervals of
            no width, which would tell 1.000001 from 1.
        overlap: samples judged on over samples trained on, where every run splits the same data anew: such runs are
            not independent, and the variance of the mean is s²·(1/k + overlap) (Nadeau and Bengio, Machine Learning 52,
            239, 2003). 0: independent runs.

    Raises:
        QTrainError: fewer than two runs, or not as many on both sides.

    Example:
        >>> str(paired_ratio([0.2, 0.3, 0.4], [0.1, 0.16, 0.19]))
        '1.99 [1.72, 2.3]'
        >>> paired_ratio([1e-9, 1e-8], [1e-12, 1e-7]).verdict
        'tie'
    """
    if len(rival) != len(search) or len(rival) < 2:
        raise QTrainError(
            f"rival and search should have the losses of the same runs, at least 2. Got {len(rival)} and {len(search)}."
        )
    from scipy.stats import t

    floored = np.log(np.maximum(np.array([rival, search], float), solved))
    logs = floored[0] - floored[1]
    half = t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) * math.sqrt(1 / len(logs) + overlap)
    centre, margin = float(logs.mean()), math.log1p(tie)
    verdict = "win" if centre - half > margin else "loss" if centre + half < -margin else "tie"
    return Ratio(math.exp(centre), math.exp(centre - half), math.exp(centre + half), verdict)

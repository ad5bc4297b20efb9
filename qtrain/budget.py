"""What a question about a circuit may cost."""

from __future__ import annotations

import math
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from qtrain.errors import QTrainError, shortened

QUICK = 5.0  # seconds of a diagnosis for which no budget is given


@dataclass(frozen=True)
class Budget:
    """What a criterion may spend; a budget that is hit gives a bound, never an exception.

    Args:
        seconds: wall-clock seconds of one call, of which each stage takes a share. What is compiled at the first call
            of its kind on a machine is not counted: tens of seconds at most, as there are only so many kernels.
        memory_bytes: largest working set a kernel may allocate.
        max_dimension: largest Lie algebra or module that closures follow.
        relative_error: asked-for relative standard error of the median live variance.
        max_samples: largest number of Pauli paths or parameter vectors.
        resolution: variances below this share of S need no value of their own, only a bound.
        max_operations: largest number of operations that values and gradients at many angles take together. As
            seconds it ends sampling and passes over long grids, but at the same place on every machine.
        max_planning: largest number of gates that whoever plans light cones and networks looks at: terms of the
            observable times gates. As ``max_operations``: the same on every machine, where seconds are not.
    """

    seconds: float = 30.0
    memory_bytes: int = 2 * 1024**3
    max_dimension: int = 4096
    relative_error: float = 0.05
    max_samples: int = 100_000_000
    resolution: float = 1e-5
    max_operations: float = math.inf
    max_planning: float = math.inf

    def __post_init__(self) -> None:
        for name in (
            "seconds",
            "memory_bytes",
            "max_dimension",
            "relative_error",
            "max_samples",
            "resolution",
            "max_operations",
            "max_planning",
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
                raise QTrainError(f"{name} should be a number. Got {value!r}.")
            if not value > 0:
                raise QTrainError(f"{name} should be positive. Got {value!r}.")


def as_budget(value: Any) -> Budget:
    """The budget itself, or the default one for None.

    Example:
        >>> as_budget(3)
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: budget should be a Budget, such as Budget(seconds=3). Got 3.
    """
    if value is not None and not isinstance(value, Budget):
        example = f"Budget(seconds={value!r})" if isinstance(value, (int, float)) else "Budget(seconds=5)"
        raise QTrainError(f"budget should be a Budget, such as {example}. Got {shortened(value)}.")
    return value or Budget()


def clock() -> float:
    """Seconds of a clock that stands still while the calling thread compiles, or waits for another that does.

    Example:
        >>> began = clock()
        >>> clock() >= began
        True
    """
    return time.monotonic() - (_compiling().seconds if "numba" in sys.modules else 0.0)


@cache
def _compiling() -> Any:
    """A listener to numba's lock, that adds up the time in which this thread asked for it or held it."""
    event = sys.modules["numba"].core.event  # never imported for this: only listened to where it is there

    class Compiling(event.Listener):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            self.threads = threading.local()

        @property
        def seconds(self) -> float:
            return float(getattr(self.threads, "seconds", 0.0))

        def on_start(self, event: Any) -> None:
            depth = getattr(self.threads, "depth", 0)
            if not depth:
                self.threads.since = time.monotonic()
            self.threads.depth = depth + 1

        def on_end(self, event: Any) -> None:
            self.threads.depth = getattr(self.threads, "depth", 1) - 1
            if self.threads.depth == 0:
                self.threads.seconds = self.seconds + time.monotonic() - self.threads.since

    listener = Compiling()
    event.register("numba:compiler_lock", listener)
    return listener

"""What a question about a circuit may cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qtrain.errors import QTrainError


@dataclass(frozen=True)
class Budget:
    """What a criterion may spend; a budget that is hit gives a bound, never an exception.

    Args:
        seconds: wall-clock seconds for one ``diagnose`` (a criterion takes its share).
        memory_bytes: largest working set a kernel may allocate.
        max_dimension: largest Lie algebra or module that closures follow.
        relative_error: asked-for relative standard error of the median live variance.
        max_samples: largest number of Pauli paths or parameter vectors.
        resolution: variances below this share of S need no value of their own, only a bound.
    """

    seconds: float = 30.0
    memory_bytes: int = 2 * 1024**3
    max_dimension: int = 4096
    relative_error: float = 0.05
    max_samples: int = 100_000_000
    resolution: float = 1e-5

    def __post_init__(self) -> None:
        for name in (
            "seconds",
            "memory_bytes",
            "max_dimension",
            "relative_error",
            "max_samples",
            "resolution",
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
                raise QTrainError(f"{name} should be a number. Got {value!r}.")
            if not value > 0:
                raise QTrainError(f"{name} should be positive. Got {value!r}.")

"""Frequencies of a cost in its weights: what their coefficients are whole multiples of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

LARGEST_DENOMINATOR = 64
TOLERANCE = 1e-12  # relative difference of a float from the fraction that it stands for


def common_divisor(numbers: Iterable[float | Fraction]) -> Fraction | None:
    """The largest number of which all are whole multiples; 0 where all are 0.

    Fractions count as they are, floats as fractions with denominators of at most 64; None where some float is none.

    Example:
        >>> common_divisor([0.5, -0.75]), common_divisor([1.0, 0.3333])
        (Fraction(1, 4), None)
    """
    found = Fraction(0)
    for number in numbers:
        if not math.isfinite(number):
            return None
        ratio = Fraction(number)
        if not isinstance(number, Fraction):
            ratio = ratio.limit_denominator(LARGEST_DENOMINATOR)
            if abs(float(ratio) - number) > TOLERANCE * abs(number):
                return None
        below = math.lcm(found.denominator, ratio.denominator)
        found = Fraction(math.gcd(int(found * below), int(ratio * below)), below)
    return found


def unit_frequency(coefficients: Iterable[float]) -> float | None:
    """As `common_divisor`, for coefficients of which the ratios alone are such fractions; None where all are 0.

    Example:
        >>> unit_frequency([0.2, -0.3]), unit_frequency([3.14159, 0.0])
        (0.1, 3.14159)
    """
    return _unit(tuple(float(c) for c in coefficients))


@lru_cache(maxsize=1024)  # thousands of parameters drive gates of one kind
def _unit(numbers: tuple[float, ...]) -> float | None:
    first = next((abs(c) for c in numbers if c), 0.0)
    divisor = common_divisor(c / first for c in numbers) if first else None
    return first * divisor.numerator / divisor.denominator if divisor else None

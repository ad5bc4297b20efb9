from fractions import Fraction
from math import gcd

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qtrain.circuits.frequencies import common_divisor, unit_frequency
from qtrain.circuits.initialization import Initialization

FRACTIONS = st.builds(Fraction, st.integers(-6, 6), st.integers(1, 8))


@given(st.lists(FRACTIONS, min_size=1, max_size=5), st.floats(0.01, 10))
def test_units_divide_all_numbers_and_no_larger_one_does(numbers, scale):
    unit = common_divisor(numbers)
    assert unit == common_divisor([float(number) for number in numbers])
    found = unit_frequency([scale * float(number) for number in numbers])
    if not any(numbers):
        assert unit == 0 and found is None
        return
    multiples = [number / unit for number in numbers]
    assert all(multiple.denominator == 1 for multiple in multiples)
    assert gcd(*(int(multiple) for multiple in multiples)) == 1
    assert np.isclose(found, scale * float(unit), rtol=1e-12)


def test_floats_that_stand_for_no_small_fractions():
    assert common_divisor([1.0, np.pi]) is None and common_divisor([np.nan]) is None
    assert unit_frequency([1.0, np.pi]) is None and unit_frequency([]) is None


@given(st.sampled_from(["gaussian", "small"]), st.floats(0.1, 2), st.floats(-5, 5))
def test_characteristic_functions_are_averages(kind, width, frequency):
    start = Initialization(kind, width)
    theta = width * np.linspace(-8, 8, 20001) if kind == "gaussian" else np.linspace(-width, width, 20001)
    density = np.exp(-((theta / width) ** 2) / 2) if kind == "gaussian" else np.ones(len(theta))
    wanted = np.trapezoid(density * np.cos(frequency * theta), theta) / np.trapezoid(density, theta)
    assert np.isclose(start.characteristic(np.array(frequency)), wanted, atol=1e-6)


def test_uniform_angles_know_frequency_zero_alone():
    assert Initialization("uniform").characteristic(np.array([0.0, 0.5, -2.0])).tolist() == [1, 0, 0]

"""Channels against the transfer matrices of Qiskit Aer's errors, and their places on a tape against the factors."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import PTM, Kraus, SuperOp
from qiskit_aer import noise as aer

from qtrain.circuits.noise import channels
from qtrain.circuits.noise.channels import Channel, from_transfer_matrix, tape_steps
from qtrain.kernels.opcodes import NOISE_1, NOISE_2, NOISE_LETTERS, NOISE_SHIFT

RATE = st.one_of(st.just(0.0), st.floats(1e-3, 0.49))  # Aer rounds off what is smaller


def same(mine: Channel, error) -> None:
    read = from_transfer_matrix(mine.gate, mine.qubits, PTM(SuperOp(error)).data)
    assert read is not None
    np.testing.assert_allclose(mine.factors, read.factors, atol=1e-12)
    np.testing.assert_allclose(mine.shifts or [0] * len(mine.qubits), read.shifts or [0] * len(mine.qubits), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(RATE, RATE, st.floats(0, 1))
def test_every_channel_is_the_one_of_aer(a, b, p):
    same(channels.depolarizing(0, (0,), a), aer.depolarizing_error(a, 1))
    same(channels.depolarizing(0, (0, 1), a), aer.depolarizing_error(a, 2))
    same(channels.amplitude_damping(0, 0, a, p), aer.amplitude_damping_error(a, p))
    same(channels.phase_damping(0, 0, a), aer.phase_damping_error(a))
    same(channels.pauli(0, 0, a / 3, b / 3, p / 3), aer.pauli_error(
        [("X", a / 3), ("Y", b / 3), ("Z", p / 3), ("I", 1 - (a + b + p) / 3)]))  # fmt: skip
    chances = {"XY": a / 3, "IZ": b / 3, "ZI": p / 3}
    same(channels.two_qubit_pauli(0, (0, 1), chances),
         aer.pauli_error([*chances.items(), ("II", 1 - sum(chances.values()))]))  # fmt: skip
    same(channels.relaxation(0, 0, 50.0, 20 + 79 * p, 3.0, a), aer.thermal_relaxation_error(50.0, 20 + 79 * p, 3.0, a))


@settings(max_examples=20, deadline=None)
@given(RATE, RATE, RATE)
def test_errors_of_two_qubits_are_factors_then_shifts(a, b, p):
    """Depolarising noise, then damping of both: what device models put behind a gate."""
    error = aer.depolarizing_error(p, 2).compose(
        aer.amplitude_damping_error(a).expand(aer.phase_amplitude_damping_error(b, a / 2))
    )
    matrix = PTM(SuperOp(error)).data
    found = from_transfer_matrix(0, (0, 1), matrix)
    assert found is not None
    # the same on Paulis one by one, in the Heisenberg picture: rows of the matrix are what a Pauli becomes
    qiskit = "IXYZ"
    for low, high in itertools.product(range(4), repeat=2):
        row = matrix[4 * high + low].real
        letters = ["IXZY".index(qiskit[low]), "IXZY".index(qiskit[high])]
        expected = np.zeros(16)
        images = [[(letter, 1.0)] + ([(0, shift)] if letter == 2 else [])
                  for letter, shift in zip(letters, found.shifts or (0, 0), strict=True)]  # fmt: skip
        for (one, c), (other, d) in itertools.product(*images):
            factor = np.array([1.0, *found.factors])[one + 4 * other]
            expected[4 * qiskit.index("IXZY"[other]) + qiskit.index("IXZY"[one])] += c * d * factor
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_what_turns_paulis_into_others_is_not_read():
    coherent = PTM(Kraus([np.array([[np.cos(0.1), -1j * np.sin(0.1)], [-1j * np.sin(0.1), np.cos(0.1)]])])).data
    assert from_transfer_matrix(0, (0,), coherent) is None


def applied(channel: Channel) -> np.ndarray:
    """Factors of all letters by the places of the tape, one after the other."""
    result = np.ones((4, 4))  # second letter, first letter
    q, t = channel.qubits[0], channel.qubits[-1]
    for op, first, second, code, rate in tape_steps(channel):
        for b, a in itertools.product(range(4), repeat=2):
            letter = {q: a} | ({t: b} if t != q else {})
            if op == NOISE_LETTERS:
                hit = letter[first] == code & 3 and letter[second] == code >> 2
            else:
                assert op in (NOISE_1, NOISE_2)
                hit = bool(letter[first] or letter[second])
            result[b, a] *= rate if hit else 1
    return result


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.floats(-1, 1), st.sampled_from([0.0, 1.0, 0.5])), min_size=15, max_size=15), st.booleans())
def test_the_places_of_a_tape_multiply_to_the_factors(factors, one):
    channel = Channel(0, (1,), tuple(factors[:3])) if one else Channel(0, (1, 4), tuple(factors))
    wanted = np.ones((4, 4))
    if one:
        wanted[:] = [1.0, *channel.factors]
    else:
        wanted = np.array([1.0, *factors]).reshape(4, 4)
    np.testing.assert_allclose(applied(channel), wanted, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.05, 1), min_size=7, max_size=7))
def test_products_take_few_places(values):
    """What devices have: depolarising noise times a channel of each qubit; never a rate above 1."""
    common, first, second = values[0], np.array([1, *values[1:4]]), np.array([1, *values[4:]])
    table = common * np.outer(second, first)
    table[0, 0] = 1
    channel = Channel(0, (0, 1), tuple(table.ravel()[1:]))
    steps = tape_steps(channel)
    assert len(steps) <= 7 and all(0 <= step[-1] <= 1 for step in steps)
    np.testing.assert_allclose(applied(channel), table, atol=1e-12)


def test_shifts_come_behind_the_factors():
    steps = tape_steps(channels.amplitude_damping(0, 3, 0.36))
    assert [step[0] for step in steps] == [NOISE_1, NOISE_LETTERS, NOISE_SHIFT]
    assert steps[-1][1:3] == (3, 3) and steps[-1][-1] == 0.36


def test_a_channel_on_fewer_qubits():
    channel = channels.depolarizing(2, (5, 7), 0.25)
    assert channel.on({7: 0}) == channels.depolarizing(2, (0,), 0.25)
    assert channel.on({5: 1, 7: 0}) == channels.depolarizing(2, (1, 0), 0.25)
    assert channel.on({1: 0}) is None
    table = channels.two_qubit_pauli(0, (0, 1), {"IX": 0.1, "ZI": 0.2})  # X on the first, Z on the second
    assert table.on({0: 0}).factors == pytest.approx(channels.pauli(0, 0, 0.1, 0, 0).factors)
    assert table.on({1: 0}).factors == pytest.approx(channels.pauli(0, 0, 0, 0, 0.2).factors)

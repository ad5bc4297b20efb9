"""Expectation values of Pauli strings on one or two qubits, of many states at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.shadows.data import Shadows

MOST_STRINGS = 5000  # on two qubits: of more qubits, pairs that are close in their order


def strings(num_qubits: int, order: int) -> list[tuple[int, int]]:
    """(x, z) masks of every Pauli string on exactly ``order`` qubits, as bits of basis states.

    Example:
        >>> strings(1, 1)
        [(1, 0), (1, 1), (0, 1)]
    """
    letters = {"X": (1, 0), "Y": (1, 1), "Z": (0, 1)}
    return [
        (sum(letters[p][0] << q for p, q in zip(word, place)), sum(letters[p][1] << q for p, q in zip(word, place)))
        for place in combinations(range(num_qubits), order)
        for word in product("XYZ", repeat=order)
    ]


def expectations(states: np.ndarray, masks: list[tuple[int, int]]) -> np.ndarray:
    """(samples, strings): the value of each string in each state.

    Args:
        states: (samples, 2**n) amplitudes; index bit q is qubit q. masks: (x, z) of the strings.

    Example:
        >>> bell = np.array([[1, 0, 0, 1]]) / np.sqrt(2)
        >>> expectations(bell, [(3, 0), (3, 3), (0, 3)]).round(12).tolist()
        [[1.0, -1.0, 1.0]]
    """
    index = np.arange(states.shape[1])
    found = np.empty((len(states), len(masks)))
    products: dict[int, np.ndarray] = {}  # strings with the same X part share this
    for k, (x, z) in enumerate(masks):
        if x not in products:
            products = {x: states.conj() * states[:, index ^ x]}
        signs = 1.0 - 2.0 * (np.bitwise_count(index & z) & 1)
        # P|b> = i^{#Y} (-1)^{z.b} |b + x>, so that <P> sums conj(psi[b + x]) of that; the roles of b and b + x swap.
        phase = (-1j) ** int(np.bitwise_count(x & z) % 4)
        found[:, k] = (phase * (products[x] @ signs)).real
    return found


def local_moments(states: np.ndarray, order: int) -> np.ndarray:
    """(samples, strings): of all strings on exactly ``order`` qubits."""
    n = states.shape[1].bit_length() - 1
    masks = strings(n, order)
    by_x = sorted(range(len(masks)), key=lambda k: masks[k][0])
    found = np.empty((len(states), len(masks)))
    found[:, by_x] = expectations(states, [masks[k] for k in by_x])
    return found


def from_shadows(source: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """(samples, strings) on one qubit and on two, estimated; None where the source holds no shadows.

    What no shot measured counts as 0. Of many qubits, pairs as far apart as 5000 strings allow.

    Raises:
        QTrainError: shadows of different widths, or together with something else.
    """
    if not isinstance(source, Sequence) or not any(isinstance(item, Shadows) for item in source):
        return None
    if not all(isinstance(item, Shadows) for item in source) or len({item.num_qubits for item in source}) > 1:
        raise QTrainError("X should hold shadows of as many qubits each, and nothing else. Got a mixture.")
    n = source[0].num_qubits
    reach = next((k for k in range(n - 1, 1, -1) if 9 * sum(n - d for d in range(1, k + 1)) <= MOST_STRINGS), 1)
    single = [_label(n, {q: letter}) for q in range(n) for letter in "XYZ"]
    pairs = [
        _label(n, {a: p, b: r})
        for a, b in combinations(range(n), 2)
        if b - a <= reach
        for p, r in product("XYZ", repeat=2)
    ]
    both = np.array([np.nan_to_num(item.expectations(single + pairs)[0]) for item in source])
    return both[:, : len(single)], both[:, len(single) :]


def _label(n: int, letters: dict[int, str]) -> str:
    return "".join(letters.get(q, "I") for q in range(n - 1, -1, -1))

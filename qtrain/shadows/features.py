"""Features of states for classical models: local Pauli expectations of their shadows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit.quantum_info import PauliList

from qtrain.errors import QTrainError, check_whole
from qtrain.shadows.data import Shadows, as_strings, check_listed
from qtrain.shadows.estimate import expectations


def local_paulis(num_qubits: int, *, max_weight: int = 2, window: int | None = None) -> PauliList:
    """Pauli strings on neighbours of a line: of at most ``max_weight`` letters, within ``window`` consecutive qubits.

    Args:
        window: None: as wide as the weight.

    Example:
        >>> local_paulis(3, max_weight=1).to_labels()
        ['IIX', 'IXI', 'XII', 'IIZ', 'IZI', 'ZII', 'IIY', 'IYI', 'YII']
        >>> len(local_paulis(1024))
        12279
    """
    check_whole("num_qubits", num_qubits)
    check_whole("max_weight", max_weight)
    width = max_weight if window is None else window
    check_whole("window", width)
    shapes = [
        (0, *rest)
        for weight in range(1, min(max_weight, width) + 1)
        for rest in itertools.combinations(range(1, width), weight - 1)
        if max((0, *rest)) < num_qubits
    ]
    kinds = [(shape, letters) for shape in shapes for letters in itertools.product((1, 2, 3), repeat=len(shape))]
    counts = [num_qubits - max(shape) for shape, _ in kinds]
    x, z = np.zeros((2, sum(counts), num_qubits), bool)
    first = 0
    for (shape, letters), count in zip(kinds, counts, strict=True):
        rows = first + np.arange(count)
        for offset, letter in zip(shape, letters, strict=True):
            x[rows, np.arange(count) + offset], z[rows, np.arange(count) + offset] = letter & 1, letter >> 1
        first += count
    return PauliList.from_symplectic(z, x)


def shadow_features(shadows: Sequence[Shadows], paulis: Any) -> np.ndarray:
    """(states, strings) expectations for a classical model; 0 where no shot of a state measured a string.

    Args:
        shadows: one for each state. paulis: such as those of :func:`local_paulis`.

    Raises:
        QTrainError: no list of shadows, or strings of another width.

    Example:
        >>> from qtrain import collect_shadows
        >>> states = [collect_shadows(state, shots=300) for state in ([1, 0], [0, 1])]
        >>> shadow_features(states, ["Z"]).tolist()
        [[1.0], [-1.0]]
    """
    check_listed(shadows)
    strings = as_strings(paulis, shadows[0].num_qubits)
    for k, one in enumerate(shadows):
        if one.num_qubits != strings.num_qubits:
            wanted = strings.num_qubits
            raise QTrainError(f"shadows should be of {wanted} qubits all. Got {one.num_qubits} in state {k}.")
    return np.array([np.nan_to_num(expectations(one._planes, strings)[0]) for one in shadows])

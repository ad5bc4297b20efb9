"""Chains with quantum phases: four models by which quantum convolutional networks are judged (2408.12739, eqs. 6-9).

All chains are open. A label is the phase of the infinite chain by its known diagram; points nearer to a boundary than
``margin`` are not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.errors import QTrainError, check_number, check_whole, shortened
from qtrain.extensions import Table
from qtrain.ground_states.ground_state import Symmetry

Terms = list[tuple[str, list[int], float]]
Point = Mapping[str, float]


@dataclass(frozen=True)
class PhaseModel:
    """A chain whose parameters carry it through several phases.

    Attributes:
        name, phases: of the model, and of its phases; a label is a place in ``phases``.
        ranges: of each parameter, where points are drawn. margin: of boundaries, in units of the parameters.
        symmetry: what ``qtrain.ground_state`` may keep. cell: sites after which couplings repeat.
        source: where the boundaries are from.
    """

    name: str
    phases: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]
    margin: float
    symmetry: Symmetry | None
    cell: int
    source: str
    terms: Callable[[int, Point], Terms]
    label: Callable[[Point], int | None]

    def hamiltonian(self, num_qubits: int, point: Point) -> SparsePauliOp:
        """The open chain at a point.

        Example:
            >>> phase_model("xxx").hamiltonian(3, {"ratio": 0.5}).to_list()[:2]
            [('IXX', (1+0j)), ('XXI', (0.5+0j))]
        """
        check_whole("num_qubits", num_qubits, least=2)
        self._check(point)
        terms = [term for term in self.terms(num_qubits, point) if term[2]]
        return SparsePauliOp.from_sparse_list(terms, num_qubits=num_qubits)

    def phase(self, point: Point) -> int | None:
        """The label of a point; None on a boundary."""
        self._check(point)
        return self.label(point)

    def draw(self, count: int, *, seed: int = 0) -> tuple[list[dict[str, float]], np.ndarray]:
        """Points (count), as many of each phase as possible, and their labels (count,), in random order.

        Example:
            >>> points, labels = phase_model("cluster").draw(8)
            >>> sorted(labels.tolist())
            [0, 0, 1, 1, 2, 2, 3, 3]
        """
        check_whole("count", count)
        check_whole("seed", seed, least=0)
        rng = np.random.default_rng(seed)
        found: list[list[dict[str, float]]] = [[] for _ in self.phases]
        wanted = [len(range(k, count, len(self.phases))) for k in range(len(self.phases))]
        while any(len(points) < most for points, most in zip(found, wanted)):
            point = {name: float(rng.uniform(*ends)) for name, ends in self.ranges.items()}
            label = self.label(point)
            if label is None or len(found[label]) >= wanted[label]:
                continue
            around = [point | {name: point[name] + s} for name in point for s in (-self.margin, self.margin)]
            if all(self.label(other) == label for other in around):
                found[label].append(point)
        points = [(point, label) for label, points in enumerate(found) for point in points]
        order = rng.permutation(len(points))
        return [points[k][0] for k in order], np.array([points[k][1] for k in order])

    def _check(self, point: Any) -> None:
        if not isinstance(point, Mapping) or set(point) != set(self.ranges):
            raise QTrainError(f"point should have {', '.join(self.ranges)}. Got {shortened(point)}.")
        for name, value in point.items():
            check_number(f"point[{name!r}]", value)


PHASE_MODELS: Table[PhaseModel] = Table("model")


def phase_model(name: str) -> PhaseModel:
    """A model by its name: ``"xxx"``, ``"haldane"``, ``"annni"`` or ``"cluster"``.

    Example:
        >>> model = phase_model("xxx")
        >>> model.phases, model.phase({"ratio": 0.5})
        (('trivial', 'topological'), 0)
    """
    return PHASE_MODELS[name]


def _neighbours(n: int, letters: str, factor: Callable[[int], float]) -> Terms:
    width = len(letters)
    return [(letters, list(range(q, q + width)), factor(q)) for q in range(n - width + 1)]


def _xxx(n: int, point: Point) -> Terms:
    return [term for p in "XYZ" for term in _neighbours(n, 2 * p, lambda q: point["ratio"] if q % 2 else 1.0)]


def _xxx_phase(point: Point) -> int | None:
    return None if point["ratio"] == 1 or point["ratio"] < 0 else int(point["ratio"] > 1)


def _haldane(n: int, point: Point) -> Terms:
    field, coupling = (
        _neighbours(n, "X", lambda q: -point["h1"]),
        _neighbours(n, "XX", lambda q: -point["h2"]),
    )
    return _neighbours(n, "ZXZ", lambda q: -1.0) + field + coupling


def _haldane_phase(point: Point) -> int | None:
    """Lines through the published transitions: (h1, h2) = (1, 0) is exact, at h1 = 0.5 they are 0.423 and −1.109.

    Below h1 = 0.1 the upper transition turns towards h2 = 1, which the line does not follow: no points are drawn there.
    """
    upper = 0.423 * (1 - point["h1"]) / 0.5
    lower = -1.0 - 0.109 * point["h1"] / 0.5
    if point["h2"] == upper or point["h2"] == lower:
        return None
    return 1 if point["h2"] > upper else 0 if point["h2"] > lower else 2


def _annni(n: int, point: Point) -> Terms:
    second = [("XX", [q, q + 2], point["kappa"]) for q in range(n - 2)]
    return _neighbours(n, "XX", lambda q: -1.0) + second + _neighbours(n, "Z", lambda q: -point["h"])


def _annni_phase(point: Point) -> int | None:
    kappa, h = point["kappa"], point["h"]
    if kappa < 0 or kappa == 0.5 or h < 0:
        return None
    if kappa < 0.5:
        ising = (
            1 - kappa
            if kappa < 1e-9
            else (1 - kappa) / kappa * (1 - np.sqrt((1 - 3 * kappa + 4 * kappa**2) / (1 - kappa)))
        )
        return 0 if h < ising else 1
    floating, antiphase = 1.05 * np.sqrt((kappa - 0.5) * (kappa - 0.1)), 1.05 * (kappa - 0.5)
    return 3 if h < antiphase else 2 if h < floating else 1


def _cluster(n: int, point: Point) -> Terms:
    field, pairs = _neighbours(n, "Z", lambda q: 1.0), _neighbours(n, "XX", lambda q: -point["j1"])
    return field + pairs + _neighbours(n, "XZX", lambda q: -point["j2"])


def _cluster_phase(point: Point) -> int | None:
    """Free fermions: the roots of 1 + j1 z + j2 z² within the unit circle are counted, as a winding number."""
    roots = np.abs(np.roots([point["j2"], point["j1"], 1.0]))
    if (np.abs(roots - 1) < 1e-9).any():
        return None
    inside = int((roots < 1).sum())
    return (3, 1 if point["j1"] > 0 else 2, 0)[inside]


for _row in (
    PhaseModel(
        "xxx", ("trivial", "topological"), {"ratio": (0.0, 2.0)}, 0.1, "magnetization", 2,
        "dimers on odd or even bonds: the transition is where they are equal", _xxx, _xxx_phase,
    ),
    PhaseModel(
        "haldane", ("symmetry-protected", "paramagnetic", "antiferromagnetic"), {"h1": (0.1, 1.6), "h2": (-1.6, 1.6)},
        0.1, None, 2, "lines through the transitions of 1810.03787: (1, 0) exact, (0.5, 0.423) and (0.5, -1.109)",
        _haldane, _haldane_phase,
    ),
    PhaseModel(
        "annni", ("ferromagnetic", "paramagnetic", "floating", "antiphase"), {"kappa": (0.0, 1.0), "h": (0.0, 2.0)},
        0.02, "parity", 4, "perturbation theory and DMRG fits: Suzuki et al. 2013; Beccaria et al. 2006, 2007",
        _annni, _annni_phase,
    ),
    PhaseModel(
        "cluster", ("Haldane", "ferromagnetic", "antiferromagnetic", "trivial"), {"j1": (-3.0, 3.0), "j2": (-3.0, 3.0)},
        0.1, "parity", 1, "free fermions: winding number, after Verresen, Moessner and Pollmann 2017",
        _cluster, _cluster_phase,
    ),
):  # fmt: skip
    PHASE_MODELS.add(_row.name, _row)

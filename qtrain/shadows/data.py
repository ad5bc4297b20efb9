"""Shadows of a state: which letter each shot measured on each qubit, and what it read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.quantum_info import PauliList, SparsePauliOp

from qtrain.circuits.observables import measured
from qtrain.errors import QTrainError, check_whole, shortened
from qtrain.files.writing import as_npz
from qtrain.json_results import Shown, count
from qtrain.shadows import estimate as estimates
from qtrain.shadows import store
from qtrain.shadows.estimate import ShadowEstimate, Terms
from qtrain.shadows.planes import Planes, Strings

X, Z, Y = 1, 2, 3


@dataclass(frozen=True, eq=False, repr=False)
class Shadows(Shown):
    """Randomised-Pauli classical shadows of one state (Huang, Kueng and Preskill, arXiv 2002.08953).

    Attributes:
        bases: (shots, n) uint8, the letter that was measured: 1 = X, 2 = Z, 3 = Y; column q is qubit q.
        outcomes: (shots, n) uint8: 0 for the eigenvalue +1, 1 for -1.
        repeats: so many consecutive shots share their bases, which are else drawn independently and uniformly.
        seeds: of the bases; shadows are added only if these differ, as else they would not be independent.
        state: a digest of what was measured, or ""; shadows of different states are not added.
        source: where they are from, for people.

    Example:
        >>> shadows = Shadows([[2, 2], [2, 1]], [[0, 0], [0, 1]])
        >>> shadows.estimate("IZ").value, len(shadows)
        (1.0, 2)
    """

    bases: np.ndarray
    outcomes: np.ndarray
    repeats: int = 1
    seeds: tuple[int, ...] = ()
    state: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        bases, outcomes = _table("bases", self.bases, (X, Z, Y)), _table("outcomes", self.outcomes, (0, 1))
        if bases.shape != outcomes.shape:
            raise QTrainError(
                f"outcomes should have the shape of bases, {bases.shape}. Got {outcomes.shape}."
            )
        check_whole("repeats", self.repeats)
        if len(bases) % self.repeats:
            raise QTrainError(f"repeats should divide the {len(bases)} shots. Got {self.repeats}.")
        groups = bases.reshape(-1, self.repeats, bases.shape[1])
        if (groups != groups[:, :1]).any():
            raise QTrainError(f"bases should be equal in groups of {self.repeats} consecutive shots. Got others.")
        if not isinstance(self.seeds, (tuple, list)):
            raise QTrainError(f"seeds should be a list of whole numbers. Got {shortened(self.seeds)}.")
        seeds = tuple(self.seeds)
        for seed in seeds:
            check_whole("seeds", seed, least=0)
        if not isinstance(self.state, str) or not isinstance(self.source, str):
            raise QTrainError("state and source should be text. Got something else.")
        for name, value in (("bases", bases), ("outcomes", outcomes), ("seeds", seeds)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.bases)

    def _brief(self) -> str:
        same = f", {self.repeats} for each choice of bases" if self.repeats > 1 else ""
        where = f"; {' '.join(self.source.split())[:100]}" if self.source else ""
        return f"{count(self.num_qubits, 'qubit')}, {count(len(self), 'shot')}{same}{where}"

    @property
    def num_qubits(self) -> int:
        return int(self.bases.shape[1])

    # ------------------------------------------------------------ estimates

    def estimate(
        self, observable: Any, *, method: str = "matched", confidence: float = 0.95, batches: int | None = None
    ) -> ShadowEstimate:
        """The expectation value of an observable, with an interval that holds for every state.

        Args:
            observable: SparsePauliOp or text, of n qubits.
            method: ``"matched"`` (each string's mean over the shots that measured it: the least variance), ``"mean"``
                or ``"median_of_means"`` (of the inverted channel, as in the paper).
            confidence: of the interval. batches: of a median of means; None: the narrowest interval.

        Raises:
            QTrainError: an observable of another width or none at all, no such method.

        Example:
            >>> shadows = Shadows([[2, 2]] * 100, [[0, 1]] * 100)
            >>> shadows.estimate("ZZ")
            <ShadowEstimate: -1 ± 0, in [-1, -0.9276] with 95 %, matched, 100 shots>
        """
        terms = as_terms(measured(observable, self.num_qubits))
        return estimates.estimate(
            self._planes, terms, repeats=self.repeats, method=method, confidence=confidence, batches=batches
        )

    def estimate_all(
        self, observables: Iterable[Any], *, confidence: float = 0.95, **options: Any
    ) -> list[ShadowEstimate]:
        """Several observables; all their intervals hold at once with probability ``confidence`` (a union bound)."""
        if isinstance(observables, (str, SparsePauliOp)) or not isinstance(observables, Iterable):
            raise QTrainError(f"observables should be a list of them. Got {shortened(observables)}.")
        several = list(observables)
        each = confidence
        if several and isinstance(confidence, float) and 0 < confidence < 1:
            each = 1 - (1 - confidence) / len(several)
        found = [self.estimate(observable, confidence=each, **options) for observable in several]
        return [dataclasses.replace(one, confidence=confidence) for one in found]

    def expectations(self, paulis: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each Pauli string by itself: thousands at once.

        Args:
            paulis: PauliList, SparsePauliOp (its strings, signs and coefficients aside), or labels.

        Returns:
            values: (strings,) means over the shots that measured each; NaN where none did.
            counts: (strings,) int64, how many shots did: the standard error is sqrt((1 - value²)/count).

        Example:
            >>> values, counts = Shadows([[2, 2], [2, 1]], [[0, 0], [0, 1]]).expectations(["IZ", "XI", "YI"])
            >>> values.tolist(), counts.tolist()
            ([1.0, -1.0, nan], [2, 1, 0])
        """
        return estimates.expectations(self._planes, as_strings(paulis, self.num_qubits))

    @cached_property
    def _planes(self) -> Planes:
        return Planes.of(self.bases, self.outcomes)

    # ------------------------------------------------------------ adding and keeping

    def __add__(self, other: Shadows) -> Shadows:
        """All shots of both: exactly what one longer acquisition gives."""
        return merge([self, other])

    def save(self, path: str | Path) -> None:
        """Write them to an .npz file, whole or not at all: three bits for each qubit and shot, and a digest.

        Raises:
            QTrainError: the file cannot be written.
        """
        about = {"repeats": self.repeats, "seeds": list(self.seeds), "state": self.state, "source": self.source}
        store.write(as_npz(path), self.bases, self.outcomes, about)

    @classmethod
    def load(cls, path: str | Path) -> Shadows:
        """Read what :meth:`save` wrote.

        Raises:
            QTrainError: one sentence about a file that is missing, of another kind, damaged, or altered.

        Example:
            >>> Shadows([[2, 1]], [[0, 1]]).save("data.npz")
            >>> Shadows.load("data.npz")
            <Shadows: 2 qubits, 1 shot>
        """
        bases, outcomes, about = store.read(as_npz(path))
        try:
            return cls(bases, outcomes, **about)
        except (TypeError, QTrainError) as error:
            raise QTrainError(f"path should be a sound file of shadows. Got {path}: {error}") from None


def merge(parts: Sequence[Shadows]) -> Shadows:
    """All shots of shadows of one state.

    Raises:
        QTrainError: of other widths, states or repeats, or with a seed in common.

    Example:
        >>> one, other = Shadows([[2, 1]], [[0, 1]], seeds=(1,)), Shadows([[3, 1]], [[0, 0]], seeds=(2,))
        >>> merge([one, other]).seeds, len(one + other)
        ((1, 2), 2)
    """
    check_listed(parts)
    for name, what in (("num_qubits", "qubits"), ("repeats", "shots for each choice of bases")):
        values = sorted({getattr(part, name) for part in parts})
        if len(values) > 1:
            raise QTrainError(f"shadows should have equally many {what} to be added. Got {values[0]} and {values[1]}.")
    states = sorted({part.state for part in parts if part.state})
    if len(states) > 1:
        raise QTrainError(f"shadows should be of one state to be added. Got {states[0]} and {states[1]}.")
    seeds = [seed for part in parts for seed in part.seeds]
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise QTrainError(f"shadows should have different seeds to be added. Got {twice} twice: take another seed.")
    sources = list(dict.fromkeys(part.source for part in parts if part.source))
    return Shadows(
        np.concatenate([part.bases for part in parts]), np.concatenate([part.outcomes for part in parts]),
        parts[0].repeats, tuple(seeds), states[0] if states else "", "; ".join(sources),
    )  # fmt: skip


def check_listed(shadows: Any) -> None:
    """Refuse what is no list of shadows, one at least."""
    listed = isinstance(shadows, (Sequence, np.ndarray)) and len(shadows)
    if not listed or not all(isinstance(one, Shadows) for one in shadows):
        raise QTrainError(f"shadows should be a list of Shadows, one for each state. Got {shortened(shadows)}.")


def as_terms(observable: SparsePauliOp) -> Terms:
    """An observable, as :func:`measured` returns it, by the supports of its terms."""
    x, z, c = observable.paulis.x, observable.paulis.z, observable.coeffs.real
    other = (x | z).any(axis=1)
    return Terms(Strings.of(x[other], z[other]), c[other], float(c[~other].sum()))


def as_strings(paulis: Any, num_qubits: int) -> Strings:
    """Pauli strings of this width by their supports; signs and coefficients are not looked at."""
    try:
        found = paulis.paulis if isinstance(paulis, SparsePauliOp) else PauliList(paulis)
    except Exception as error:  # Qiskit raises what it likes for what is no Pauli
        raise QTrainError(f"paulis should be Pauli strings. Got {shortened(paulis)}: {error}.") from None
    if found.num_qubits != num_qubits:
        raise QTrainError(f"paulis should act on {num_qubits} qubits, as the shadows do. Got {found.num_qubits}.")
    return Strings.of(found.x, found.z)


def _table(name: str, values: Any, allowed: tuple[int, ...]) -> np.ndarray:
    """(shots, n) uint8 of these values."""
    try:
        given = np.asarray(values)
        table = given.astype(np.uint8)
    except (TypeError, ValueError, OverflowError):
        raise QTrainError(f"{name} should be a table of {_listed(allowed)}. Got {shortened(values)}.") from None
    if table.ndim != 2 or not table.size:
        raise QTrainError(
            f"{name} should be a table (shots, qubits), with at least one of both. Got shape {table.shape}."
        )
    if given.dtype.kind not in "biu" or not np.array_equal(table, given) or not np.isin(table, allowed).all():
        raise QTrainError(f"{name} should hold {_listed(allowed)} alone. Got something else.")
    return table


def _listed(allowed: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, allowed[:-1]))} and {allowed[-1]}"

"""A matrix-product state with an orthogonality centre: gates of any span, truncation, undoing, reduced states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PAULI = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]], [[0, -1j], [1j, 0]]], complex)  # I X Z Y


class Chain:
    """Amplitudes as a product of matrices, one tensor (left, 2, right) for each site.

    Sites left of ``centre`` are isometries to the right, sites right of it to the left, so that what a truncation
    drops is orthogonal to what it keeps, and its weight is the squared norm that is lost.

    Attributes:
        most: largest bond. cutoff: weight of the norm that each truncation may drop below that.
        lost: weight that was dropped so far, relative to the norm.
        touched: lowest and highest site that has changed since it was last asked for.
    """

    def __init__(self, tensors: Sequence[np.ndarray], most: int, cutoff: float) -> None:
        self.tensors = list(tensors)
        self.most, self.cutoff = most, cutoff
        self.centre, self.lost = 0, 0.0
        self.touched = (len(self.tensors), -1)
        self.journal: list[tuple[int, np.ndarray | None]] | None = None  # None: nothing is to be undone

    @classmethod
    def zeros(cls, sites: int, most: int, cutoff: float) -> Chain:
        """|0...0>."""
        return cls([np.array([1.0, 0.0], complex).reshape(1, 2, 1)] * sites, most, cutoff)

    @property
    def bond(self) -> int:
        """The largest."""
        return max(tensor.shape[2] for tensor in self.tensors)

    def ask_touched(self) -> tuple[int, int]:
        """The sites that have changed since the last call; (sites, -1): none."""
        found, self.touched = self.touched, (len(self.tensors), -1)
        return found

    def _put(self, site: int, tensor: np.ndarray) -> None:
        if self.journal is not None:
            self.journal.append((site, self.tensors[site]))
        self.tensors[site] = tensor
        self.touched = (min(self.touched[0], site), max(self.touched[1], site))

    def mark(self) -> None:
        """A point that :meth:`undo` goes back to."""
        assert self.journal is not None
        self.journal.append((self.centre, None))

    def undo(self) -> None:
        """Back to the last mark, exactly."""
        assert self.journal is not None
        while True:
            site, tensor = self.journal.pop()
            if tensor is None:
                self.centre = site
                return
            self.tensors[site] = tensor
            self.touched = (min(self.touched[0], site), max(self.touched[1], site))

    def move(self, site: int) -> None:
        """The centre to a site; the state stays."""
        while self.centre < site:
            here = self.tensors[self.centre]
            rest = self._right_step(self.centre, here.reshape(-1, here.shape[2]))
            self._put(self.centre + 1, np.tensordot(rest, self.tensors[self.centre + 1], 1))
            self.centre += 1
        while self.centre > site:
            here = self.tensors[self.centre]
            q, r = np.linalg.qr(here.reshape(here.shape[0], -1).T)
            self._put(self.centre, q.T.reshape(-1, 2, here.shape[2]))
            self._put(self.centre - 1, np.tensordot(self.tensors[self.centre - 1], r.T, 1))
            self.centre -= 1

    def _right_step(self, site: int, matrix: np.ndarray) -> np.ndarray:
        """The isometry of a site; what is left of ``matrix`` (left · 2, columns)."""
        q, r = np.linalg.qr(matrix)
        self._put(site, q.reshape(-1, 2, q.shape[1]))
        return r

    def turn(self, site: int, matrix: np.ndarray) -> None:
        """A unitary matrix (2, 2) on one site."""
        here = self.tensors[site]
        self._put(site, np.matmul(matrix, here))

    def apply(self, first: int, factors: Sequence[np.ndarray]) -> None:
        """Σ_b of products of factors (b, 2, 2), one for each site from ``first`` on; truncated.

        The sum is to be unitary: what is dropped is counted on a state whose norm it keeps.
        """
        last = first + len(factors) - 1
        self.move(min(max(self.centre, first), first))
        rest: np.ndarray | None = None
        for site in range(first, last):
            here, factor = self.tensors[site], factors[site - first]
            if rest is None:
                grown = np.matmul(factor[:, None], here[None])  # (b, left, 2, right)
                grown = grown.transpose(1, 2, 3, 0)
            else:  # rest: (rows, right, b)
                joined = np.tensordot(rest, here, ([1], [0]))  # (rows, b, 2, right)
                grown = np.matmul(factor[None], joined).transpose(0, 2, 3, 1)
            rows, _, right, terms = grown.shape
            rest = self._right_step(site, grown.reshape(rows * 2, right * terms)).reshape(-1, right, terms)
        assert rest is not None
        joined = np.tensordot(rest, self.tensors[last], ([1], [0]))  # (rows, b, 2, right)
        self._put(last, np.matmul(factors[-1][None], joined).sum(axis=1))
        self.centre = last
        self.shrink(first)

    def shrink(self, site: int) -> None:
        """The centre to a site on its left, bonds on the way truncated."""
        while self.centre > site:
            here = self.tensors[self.centre]
            left, _, right = here.shape
            matrix = here.reshape(left, 2 * right)
            weights, vectors = np.linalg.eigh(matrix.conj().T @ matrix)
            kept = self._kept(weights, min(left, 2 * right))
            basis = vectors[:, len(weights) - kept :]
            self._put(self.centre, basis.conj().T.reshape(kept, 2, right))
            self._put(self.centre - 1, np.tensordot(self.tensors[self.centre - 1], matrix @ basis, 1))
            self.centre -= 1

    def _kept(self, weights: np.ndarray, rank: int) -> int:
        """How many of the ascending weights stay."""
        total = float(weights.sum())
        dropped = np.cumsum(np.clip(weights, 0.0, None))
        least = len(weights) - min(rank, self.most)
        gone = max(least, int(np.searchsorted(dropped, self.cutoff * total, side="right")))
        gone = min(gone, len(weights) - 1)
        if gone and total > 0 and gone > len(weights) - rank:
            self.lost += float(dropped[gone - 1]) / total
        return len(weights) - gone

    def norm(self) -> float:
        """Of the state."""
        return float(np.linalg.norm(self.tensors[self.centre]))

    def reduced(self, sites: Sequence[int]) -> np.ndarray:
        """(2^k, 2^k) density matrix of some sites, ascending; the first one is the most significant bit."""
        low, high = min(sites), max(sites)
        self.move(min(max(self.centre, low), high))
        left = low if low < self.centre else self.centre  # isometries outside [low, high] contract to one
        env = np.eye(self.tensors[left].shape[0], dtype=complex)[None, :, None, :]  # (open, ket, open, bra)
        for site in range(left, high + 1):
            here = self.tensors[site]
            ket = np.tensordot(env, here, ([1], [0]))  # (open, open', bra, 2, right)
            if site in sites:
                both = np.tensordot(ket, here.conj(), ([2], [0]))  # (open, open', 2, right, 2, right')
                a, b, _, r, _, rr = both.shape
                env = both.transpose(0, 2, 3, 1, 4, 5).reshape(2 * a, r, 2 * b, rr)
            else:
                both = np.tensordot(ket, here.conj(), ([2, 3], [0, 1]))  # (open, open', right, right')
                env = both.transpose(0, 2, 1, 3)
        found = np.trace(env, axis1=1, axis2=3)
        return np.asarray(found / np.trace(found).real)


class Overlap:
    """<left| P |right> of two chains that change site by site: partial contractions are kept while they hold."""

    def __init__(self, bra: Chain, ket: Chain) -> None:
        self.bra, self.ket = bra, ket
        n = len(ket.tensors)
        one = np.ones((1, 1), complex)
        self.before: list[np.ndarray] = [one] * n  # of all sites left of this one: (bra, ket)
        self.behind: list[np.ndarray] = [one] * n
        self.low, self.high = 0, n - 1  # ``before`` holds up to low, ``behind`` from high on

    def refresh(self) -> None:
        """Forget what has changed."""
        for chain in (self.bra, self.ket):
            first, last = chain.ask_touched()
            if last >= 0:
                self.low, self.high = min(self.low, first), max(self.high, last)

    def of(self, sites: Sequence[int], letters: Sequence[int]) -> complex:
        """Of a Pauli string: letters 1 X, 2 Z, 3 Y on some sites, ascending."""
        self.refresh()
        first, last = sites[0], sites[-1]
        while self.low < first:
            self.before[self.low + 1] = self._step(self.before[self.low], self.low, None)
            self.low += 1
        while self.high > last:
            bra, ket = self.bra.tensors[self.high], self.ket.tensors[self.high]
            joined = np.tensordot(ket, self.behind[self.high], ([2], [1]))  # (ket, 2, bra')
            self.behind[self.high - 1] = np.tensordot(bra.conj(), joined, ([1, 2], [1, 2]))
            self.high -= 1
        env, at = self.before[first], dict(zip(sites, letters, strict=True))
        for site in range(first, last + 1):
            env = self._step(env, site, at.get(site))
        return complex((env * self.behind[last]).sum())

    def _step(self, env: np.ndarray, site: int, letter: int | None) -> np.ndarray:
        bra, ket = self.bra.tensors[site], self.ket.tensors[site]
        if letter is not None:
            ket = np.matmul(PAULI[letter], ket)
        joined = np.tensordot(env, ket, ([1], [0]))  # (bra, 2, ket')
        return np.tensordot(bra.conj(), joined, ([0, 1], [0, 1]))

"""The cost by a matrix-product state of bounded bond, and its gradient by the adjoint method on two of them.

The state goes forwards, each truncation noted; then (O - f) |state>, as a matrix product of its own, goes back gate by
gate while the state is undone exactly, and every rotation exp(-i t P/2) has the derivative Im <back| P |state>.
Where no bond is cut both are exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from qiskit.quantum_info import SparsePauliOp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import reverse_cuthill_mckee
from threadpoolctl import threadpool_limits

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.kernels.opcodes import CX, CZ, ROTATION, SDG, SWAP, SX, SXDG, H, S, X, Y, Z
from qtrain.simulators.evaluators import Evaluator
from qtrain.simulators.statevector import check_weights
from qtrain.simulators.truncated.chain import PAULI, Chain, Overlap

MOST_CHANNELS = 96  # terms of the observable across one cut
CUTOFF = 1e-15  # of the norm, that a truncation may drop below the largest bond

_ROOT = np.sqrt(0.5)
_ONE = {
    H: _ROOT * np.array([[1, 1], [1, -1]], complex), S: np.diag([1, 1j]), SDG: np.diag([1, -1j]),
    X: PAULI[1], Y: PAULI[3], Z: PAULI[2], SX: 0.5 * np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]),
    SXDG: 0.5 * np.array([[1 - 1j, 1 + 1j], [1 + 1j, 1 - 1j]]),
}  # fmt: skip
_HALVES = np.array([np.diag([1, 0]), np.diag([0, 1])], complex)
_TWO = {
    CX: (_HALVES, PAULI[[0, 1]]), CZ: (_HALVES, PAULI[[0, 2]]), SWAP: (0.5 * PAULI, PAULI),
}  # fmt: skip


@dataclass(frozen=True)
class _Op:
    """One operation on sites of the chain, ascending. ``letters``: of a rotation, for each site; ``code``: else."""

    index: int
    sites: tuple[int, ...]
    letters: tuple[int, ...]
    code: int
    flipped: bool = False

    def on(self, chain: Chain, angle: float, *, inverse: bool = False) -> bool:
        """Apply it; whether it changes anything."""
        if self.code == ROTATION:
            if angle == 0.0:
                return False
            cos, sin = np.cos(angle / 2), np.sin(angle / 2) * (1 if inverse else -1)
            own = [PAULI[letter] for letter in self.letters]
            if len(own) == 1:
                chain.turn(self.sites[0], cos * PAULI[0] + 1j * sin * own[0])
                return True
            factors = [np.stack([PAULI[0], p]) for p in own]
            factors[0] = factors[0] * np.array([cos, 1j * sin])[:, None, None]
        elif self.code in _ONE:
            matrix = _ONE[self.code]
            chain.turn(self.sites[0], matrix.conj().T if inverse else matrix)
            return True
        else:  # CX, CZ and SWAP are their own inverses
            factors = list(_TWO[self.code])[:: -1 if self.flipped else 1]
        chain.apply(self.sites[0], _spread(self.sites, factors))
        return True


def _spread(sites: tuple[int, ...], factors: list[np.ndarray]) -> list[np.ndarray]:
    """Factors for every site from the first to the last, the identity between."""
    between = np.broadcast_to(PAULI[0], (len(factors[0]), 2, 2))
    at = dict(zip(sites, factors, strict=True))
    return [at.get(site, between) for site in range(sites[0], sites[-1] + 1)]


@dataclass(frozen=True, eq=False)
class MatrixProduct(Evaluator):
    """The cost by a matrix-product state.

    Attributes:
        program: inputs bound, no angle map. bond: largest. cutoff: of the norm, dropped below it by each truncation.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.program import lower
        >>> found = MatrixProduct(lower(real_amplitudes(2, reps=1)), SparsePauliOp("IZ"), 4)
        >>> round(found.value([0.5, 0.0, 0.0, 0.0]), 6)  # cos 0.5
        0.877583
    """

    program: PauliProgram
    observable: SparsePauliOp
    bond: int
    cutoff: float = CUTOFF

    @property
    def num_weights(self) -> int:
        return self.program.num_weights

    @cached_property
    def place(self) -> np.ndarray:
        """(n,) the site of each qubit: an order in which few gates reach far."""
        n, pairs = self.program.num_qubits, set[tuple[int, int]]()
        start, support = self.program.start, self.program.support
        for i, code in enumerate(self.program.opcode.tolist()):
            if code == ROTATION:
                qubits = support[start[i] : start[i + 1]].tolist()
                pairs.update(zip(qubits, qubits[1:], strict=False))
            elif code in _TWO:
                pairs.add(tuple(sorted(self.program.qubits[i].tolist())))  # type: ignore[arg-type]
        if all(b == a + 1 for a, b in pairs):
            return np.arange(n)
        a, b = np.array(sorted(pairs)).T
        graph = coo_array((np.ones(len(a)), (a, b)), shape=(n, n)).tocsr()
        place = np.empty(n, np.int64)
        place[reverse_cuthill_mckee((graph + graph.T).tocsr(), symmetric_mode=True)] = np.arange(n)
        return place

    @cached_property
    def _ops(self) -> list[_Op]:
        """In an order that gives the same circuit and runs to and fro along the chain."""
        ops: list[_Op] = []
        program = self.program
        for i, code in enumerate(program.opcode.tolist()):
            if code == ROTATION:
                span = slice(program.start[i], program.start[i + 1])
                sites, letters = self.place[program.support[span]], program.letters[span]
                order = np.argsort(sites)
                if len(order):
                    ops.append(_Op(i, tuple(sites[order].tolist()), tuple(letters[order].tolist()), code))
            else:
                sites = self.place[[q for q in program.qubits[i].tolist() if q >= 0]]
                ops.append(_Op(i, tuple(sorted(sites.tolist())), (), code, bool(sites[0] > sites[-1])))
        return _swept(ops, program.num_qubits)

    @cached_property
    def _channels(self) -> list[np.ndarray]:
        """The observable as a product of tensors (left, right, 2, 2), one for each site."""
        found = channels(self.observable, self.place)
        if isinstance(found, str):
            raise QTrainError(f"observable should be one that a matrix product takes. Got one where {found}.")
        return found

    def state(self, point: np.ndarray, *, undoable: bool = False) -> Chain:
        """At one point (weights,)."""
        angles = self.program.angles(np.asarray(point, float)[None])[0]
        chain = Chain.zeros(self.program.num_qubits, self.bond, self.cutoff)
        chain.journal = [] if undoable else None
        for op in self._ops:
            if undoable:
                chain.mark()
            op.on(chain, float(angles[op.index]))
        return chain

    def expectation(self, chain: Chain) -> float:
        """Of the observable, in a state."""
        env = np.ones((1, 1, 1), complex)  # (channel, bra, ket)
        for here, step in zip(chain.tensors, self._channels, strict=True):
            joined = np.tensordot(env, here, ([2], [0]))  # (channel, bra, 2, ket')
            turned = np.tensordot(step, joined, ([0, 3], [0, 2]))  # (channel', 2, bra, ket')
            env = np.tensordot(turned, here.conj(), ([1, 2], [1, 0])).transpose(0, 2, 1)
        return float(env[0, 0, 0].real) / chain.norm() ** 2

    def local_states(self, point: np.ndarray) -> tuple[float, Callable[[Sequence[int]], np.ndarray]]:
        """The cost at a point, and what gives the state there on some qubits (k,).

        That is a density matrix (2^k, 2^k), the first of the qubits its most significant bit.
        """
        with threadpool_limits(1):
            chain = self.state(point)
            value = self.expectation(chain)

        def reduced(qubits: Sequence[int]) -> np.ndarray:
            sites, k = self.place[list(qubits)], len(qubits)
            order = np.argsort(np.argsort(sites)).tolist()
            found = chain.reduced(sorted(sites.tolist())).reshape((2,) * (2 * k))
            return np.asarray(found.transpose([*order, *(k + at for at in order)]).reshape(2**k, 2**k))

        return value, reduced

    def costs(self, weights: np.ndarray) -> np.ndarray:
        with threadpool_limits(1):  # matrices are small: threads would only wait for each other
            return np.array([self.expectation(self.state(p)) for p in check_weights(self.num_weights, weights)])

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with threadpool_limits(1):
            found = [self._at(point) for point in check_weights(self.num_weights, weights)]
        return np.array([f for f, _ in found]), np.array([g for _, g in found]).reshape(len(found), -1)

    def _at(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        angles = self.program.angles(point[None])[0]
        ket = self.state(point, undoable=True)
        value = self.expectation(ket)
        bra = self._image(ket, value)
        overlap, slopes = Overlap(bra, ket), np.zeros(self.num_weights)
        norm = ket.norm() ** 2
        for op in reversed(self._ops):
            parameter = self.program.parameter[op.index]
            if op.code == ROTATION and parameter >= 0:
                slope = overlap.of(op.sites, op.letters).imag / norm
                slopes[parameter] += self.program.coefficient[op.index] * slope
            ket.undo()
            op.on(bra, float(angles[op.index]), inverse=True)
        return value, slopes

    def _image(self, ket: Chain, value: float) -> Chain:
        """(O - value) |ket>, truncated."""
        steps = list(self._channels)
        steps[0] = steps[0].copy()
        steps[0][0, -1] -= value * PAULI[0]
        tensors = []
        for here, step in zip(ket.tensors, steps, strict=True):
            both = np.tensordot(step, here, ([3], [1]))  # (a, b, 2, left, right)
            a, b, _, left, right = both.shape
            tensors.append(both.transpose(0, 3, 2, 1, 4).reshape(a * left, 2, b * right))
        image = Chain(tensors, self.bond, self.cutoff)
        image.move(len(tensors) - 1)
        image.shrink(0)
        return image


def channels(observable: SparsePauliOp, place: np.ndarray) -> list[np.ndarray] | str:
    """A sum of Pauli terms as a product of tensors (left, right, 2, 2), one for each site; a clause: too many.

    Channels: what has not begun, a term each that crosses the cut, what has ended.
    """
    x, z, c = unpack_terms(observable)
    n = len(place)
    crossing: list[dict[int, int]] = [{} for _ in range(n)]  # of the cut behind a site: term -> channel
    own: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    constant = 0.0
    span = np.zeros((len(x), 2), np.int64)
    for a in range(len(x)):
        qubits = np.flatnonzero(x[a] | z[a])
        if not len(qubits):
            constant += float(c[a])
            continue
        sites = np.sort(place[qubits])
        span[a] = sites[0], sites[-1]
        for q in qubits:
            own[place[q]].append((a, int(x[a, q] + 2 * z[a, q])))
        for site in range(sites[0], sites[-1]):
            crossing[site][a] = 1 + len(crossing[site])
    if max(map(len, crossing)) > MOST_CHANNELS:
        return f"{max(map(len, crossing))} terms of the observable cross one cut, above {MOST_CHANNELS}"
    found = []
    for site in range(n):
        left = 2 + len(crossing[site - 1]) if site else 1
        right = 2 + len(crossing[site]) if site < n - 1 else 1
        step = np.zeros((left, right, 2, 2), complex)
        if site < n - 1:
            step[0, 0] = PAULI[0]
        if site:
            step[-1, -1] = PAULI[0]
        letters = dict(own[site])
        for a in {*letters, *(crossing[site - 1] if site else {}), *crossing[site]}:
            begin = 0 if span[a, 0] == site else crossing[site - 1][a]
            end = right - 1 if span[a, 1] == site else crossing[site][a]
            factor = float(c[a]) if span[a, 0] == site else 1.0
            step[begin, end] += factor * PAULI[letters.get(a, 0)]
        found.append(step)
    found[0][0, -1] += constant * PAULI[0]
    return found


def _swept(ops: list[_Op], sites: int) -> list[_Op]:
    """The same circuit, of operations that can come next the nearest in the direction of the sweep."""
    queues: list[list[int]] = [[] for _ in range(sites)]
    for k, op in enumerate(ops):
        for site in op.sites:
            queues[site].append(k)
    head = [0] * sites
    waiting = [len(op.sites) for op in ops]
    ready: set[int] = set()

    def arrive(site: int) -> None:
        if head[site] < len(queues[site]):
            k = queues[site][head[site]]
            waiting[k] -= 1
            if not waiting[k]:
                ready.add(k)

    for site in range(sites):
        arrive(site)
    found, at, direction = [], 0, 1
    while ready:
        ahead = [k for k in ready if direction * (ops[k].sites[0] - at) >= 0]
        if not ahead:
            direction = -direction
            continue
        k = min(ahead, key=lambda k: (abs(ops[k].sites[0] - at), k))
        ready.remove(k)
        found.append(ops[k])
        at = ops[k].sites[0]
        for site in ops[k].sites:
            head[site] += 1
            arrive(site)
    return found

"""Whether grown gates keep a device's limits: asked of the transpiler only where a count does not settle it."""

from __future__ import annotations

from collections.abc import Sequence

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate, count_parameters
from qtrain.studies.comparison.rivals import Contest, within

MOST_OF_A_PAIR = 3  # CZ or CX that any unitary on two qubits takes
MERGES = 2  # optimization level from which the transpiler makes one block of what is on a pair
OF_A_ROTATION = 2
SLACK = 3  # two-qubit gates or layers that the transpiler may save against the count


class DeviceLimit:
    """The limits of a contest's spec on two-qubit depth, two-qubit gates and parameters."""

    def __init__(self, contest: Contest) -> None:
        self.contest = contest
        self._counts: dict[str, float] = {}
        self._known: dict[tuple[Gate, ...], bool] = {}

    def fits(self, gates: Sequence[Gate]) -> bool:
        """Whether the device takes these gates; not asked where a count is far above the limits."""
        setup = self.contest.setup
        given = setup.spec.device
        merges = given is not None and given.optimization_level >= MERGES
        bound = upper_bound(gates, setup.device.edges) if merges else None
        if bound is not None and within(setup.spec, bound):
            return True
        far = {name: value - SLACK for name, value in ladders(gates).items()}
        if not within(setup.spec, far | {"parameters": float(count_parameters(gates))}):
            return False
        key = tuple(gates)
        if key not in self._known:  # growths from one reference begin alike
            self._known[key] = self.contest.fits(self._architecture(gates))
        return self._known[key]

    def _architecture(self, gates: Sequence[Gate]) -> Architecture:
        return Architecture((), grown=tuple(gates), num_qubits=self.contest.setup.spec.qubits)

    def gates(self, architecture: Architecture) -> float:
        """Two-qubit gates on the device."""
        key = architecture.content_id
        if key not in self._counts:
            self._counts[key] = self.contest.cost(architecture)["two_qubit_gates"]
        return self._counts[key]


def upper_bound(gates: Sequence[Gate], edges: Sequence[Sequence[int]] | None) -> dict[str, float] | None:
    """Two-qubit depth and gates that surely suffice; None where a gate is on more or on uncoupled qubits.

    Gates on the same pair, none on its qubits between them, are one block of at most three.

    Example:
        >>> pair = Gate("rzz", (0, 1), (0,)), Gate("rx", (0,), (1,)), Gate("rxx", (1, 0), (2,))
        >>> upper_bound(pair, [(0, 1)]), upper_bound(pair, [(0, 2)])
        ({'two_qubit_depth': 3.0, 'two_qubit_gates': 3.0, 'parameters': 3.0}, None)
    """
    coupled = None if edges is None else {frozenset(pair) for pair in edges}
    pairs = [frozenset(gate.qubits) for gate in gates if len(gate.qubits) > 1]
    if any(len(pair) > 2 or (coupled is not None and pair not in coupled) for pair in pairs):
        return None
    return ladders(gates) | {"parameters": float(count_parameters(gates))}


def ladders(gates: Sequence[Gate]) -> dict[str, float]:
    """Two-qubit depth and gates where every pair is coupled and wide Pauli rotations are ladders of CX.

    Example:
        >>> ladders([Gate("rxyz", (0, 1, 2), (0,)), Gate("rzz", (2, 3), (1,))])
        {'two_qubit_depth': 6.0, 'two_qubit_gates': 6.0}
    """
    depth: dict[int, int] = {}
    last: dict[int, tuple[frozenset[int], int, int]] = {}  # by qubit: its block's pair, gates, and depth before it
    total = 0
    for gate in gates:
        if len(gate.qubits) == 1:
            continue
        pair = frozenset(gate.qubits)
        a, b = gate.qubits[0], gate.qubits[-1]
        before = last.get(a)
        if len(pair) == 2 and before is not None and before[0] == pair and last.get(b) == before:
            size, since = min(MOST_OF_A_PAIR, before[1] + OF_A_ROTATION), before[2]
            total += size - before[1]
        else:
            size, since = OF_A_ROTATION * (len(pair) - 1), max(depth.get(q, 0) for q in pair)
            total += size
        for q in pair:
            last[q], depth[q] = (pair, size, since), since + size
    return {"two_qubit_depth": float(max(depth.values(), default=0)), "two_qubit_gates": float(total)}

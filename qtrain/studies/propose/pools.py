"""The table of pools: families of layers with a common structure.

What a pool's layers conserve decides the algebra they generate, and with it what they can train.
"""

from __future__ import annotations

from dataclasses import dataclass

from qtrain.architecture.blocks import ROTATIONS
from qtrain.extensions import Table

Rotations = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Pool:
    """Choices of a family of layers; None: the space's own.

    ``orders``: of a layer's two-qubit gates: "forward", "reverse" (last edge first), "flip" (control and target
    exchanged), "reverse_flip". A staircase that runs towards the measured qubit lets it see the others.
    ``pooling``: whether an edge's first qubit is left out of the rest. ``parts``: whether a layer may be on part of the
    qubits or edges, where the space has such choices.
    """

    rotations: Rotations
    entanglers: tuple[str, ...]
    sharing: tuple[str, ...] = ("independent",)
    topologies: tuple[str, ...] | None = None
    initial: tuple[str, ...] | None = None
    final_rotations: Rotations | None = None
    orders: tuple[str, ...] = ("forward",)
    pooling: tuple[bool, ...] = (False,)
    parts: bool = True

    @property
    def free_rotations(self) -> tuple[str, ...]:
        """The first of its rotations with a free angle."""
        return next((group for group in self.rotations if any(ROTATIONS[r] for r in group)), ("ry",))


_FREE = ("independent", "translation", "shared")
_BOTH_WAYS = ("forward", "reverse")
ONE_LAYER = (("ry",), ("rx",), ("ry", "rz"), ("rx", "rz"))

POOLS: Table[Pool] = Table("pool")
register_pool = POOLS.add

_BUILT_IN = {
    # no symmetry
    "hardware_efficient": Pool(ONE_LAYER, ("cx", "cz"), orders=("forward", "reverse", "flip", "reverse_flip")),
    # the terms of spin Hamiltonians as generators
    "hamiltonian": Pool((("rx",), ("rz",), ("ry",), ("rx", "rz")), ("rzz", "rxx", "ryy", "rzx"), _FREE),
    # commutes with X⊗…⊗X; |+…+> is in one sector
    "z2": Pool(
        (("rx",), ()), ("rzz", "rxx", "ryy", "none"), _FREE, initial=("h",), final_rotations=((), ("rx",)),
        orders=_BOTH_WAYS,
    ),
    # conserves the number of excitations
    "u1": Pool(
        (("rz",), ()), ("xx_plus_yy", "fsim", "xxz", "none"), _FREE, initial=("neel", "singlets"),
        final_rotations=((), ("rz",)), orders=_BOTH_WAYS,
    ),
    # conserves the total spin
    "su2": Pool(((),), ("heisenberg",), _FREE, initial=("singlets",), final_rotations=((),), orders=_BOTH_WAYS),
    # commutes with every permutation of the qubits
    "permutation": Pool(
        (("rx",), ("ry",), ("rx", "rz")), ("rzz",), ("shared",), ("complete",), ("none", "h"), final_rotations=((),),
        parts=False,
    ),
    # matchgates: algebra within so(2n)
    "free_fermion": Pool(
        (("rz",),), ("rxx", "ryy", "xx_plus_yy"), _FREE, ("line", "even", "odd", "brickwork"),
        final_rotations=((), ("rz",)),
    ),
    # convolutions, then a measurement of what is left: ends on qubit 0
    "qcnn": Pool(
        (("ry",), ("ry", "rz")), ("conv", "su4", "cz", "ryy"), ("independent", "shared"), ("tree", "brickwork"),
        initial=("none",),
    ),
    # rotations that another qubit controls: the better half of Sim's templates (1905.10876)
    "controlled": Pool(
        (*ONE_LAYER, ()), ("crx", "crz", "cry", "cp"), orders=("forward", "reverse", "flip", "reverse_flip")
    ),
    # layers behind which qubits are left out, as in a QCNN (1810.03787)
    "pooling": Pool(
        (("ry",), ("ry", "rz"), ()), ("conv", "pool", "crx", "su4"), ("independent", "shared"),
        ("even", "halves", "brickwork", "tree"), orders=("forward", "flip"), pooling=(False, True),
    ),
}  # fmt: skip
MIXED = "mixed"
"""Stands for all pools that a spec names beside it (alone: for all there are); each layer is of one of them."""

for _name, _pool in _BUILT_IN.items():
    register_pool(_name, _pool)

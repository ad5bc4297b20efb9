"""The usual ansätze as architectures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.generators import from_generators as from_generators
from qtrain.architecture.layer import Layer, one_of
from qtrain.architecture.topology import Edges, check_edges
from qtrain.errors import QTrainError

# Qiskit's entanglement -> (topology, reverse)
ENTANGLEMENT = {
    "full": ("complete", False), "linear": ("line", False), "reverse_linear": ("line", True),
    "pairwise": ("brickwork", False), "circular": ("ring", False), "sca": ("sca", False),
}  # fmt: skip


def _n_local(
    rotations: Sequence[str], entangler: str, entanglement: str | Iterable[Sequence[int]], reps: int, final: bool
) -> Architecture:
    pairs: Edges | None = None
    if isinstance(entanglement, str):
        if entanglement not in ENTANGLEMENT:
            raise QTrainError(f"entanglement should be one of {', '.join(ENTANGLEMENT)}. Got {entanglement!r}.")
        topology, reverse = ENTANGLEMENT[entanglement]
    else:
        topology, reverse, pairs = "edges", False, check_edges(list(entanglement))
    layer = Layer(tuple(rotations), entangler, topology, reverse=reverse)
    return Architecture((layer,), reps, final_rotations=tuple(rotations) if final else (), edges=pairs)


def n_local(
    rotations: Sequence[str] = ("ry",),
    entangler: str = "cz",
    *,
    entanglement: str | Iterable[Sequence[int]] = "reverse_linear",
    reps: int = 3,
    skip_final_rotation_layer: bool = False,
) -> Architecture:
    """Qiskit's ``n_local`` for every width: a column of rotations, an entangler on every pair, a last column.

    Example:
        >>> n_local(("ry",), "cz", entanglement="full", reps=2).circuit(4).count_ops()["cz"]
        12
    """
    return _n_local(rotations, entangler, entanglement, reps, not skip_final_rotation_layer)


def efficient_su2(
    *,
    rotations: Sequence[str] = ("ry", "rz"),
    entanglement: str | Iterable[Sequence[int]] = "reverse_linear",
    reps: int = 3,
    skip_final_rotation_layer: bool = False,
) -> Architecture:
    """Qiskit's ``efficient_su2`` for every width.

    Args:
        rotations: one-qubit gates. entanglement: Qiskit's name, or pairs of qubits (then of one width).
        reps: repetitions. skip_final_rotation_layer: as in Qiskit.

    Example:
        >>> efficient_su2(reps=2).circuit(4).num_parameters
        24
    """
    return _n_local(rotations, "cx", entanglement, reps, not skip_final_rotation_layer)


def real_amplitudes(
    *,
    entanglement: str | Iterable[Sequence[int]] = "reverse_linear",
    reps: int = 3,
    skip_final_rotation_layer: bool = False,
) -> Architecture:
    """Qiskit's ``real_amplitudes`` for every width: RY and CX.

    Example:
        >>> real_amplitudes(reps=1).num_parameters(3)
        6
    """
    return _n_local(("ry",), "cx", entanglement, reps, not skip_final_rotation_layer)


def excitation_preserving(
    *,
    mode: str = "iswap",
    entanglement: str | Iterable[Sequence[int]] = "full",
    reps: int = 3,
    skip_final_rotation_layer: bool = False,
    initial: str = "none",
) -> Architecture:
    """Qiskit's ``excitation_preserving``; its angle t in an XX+YY block is 2t here. ``initial="neel"`` fills half.

    Example:
        >>> print(excitation_preserving(entanglement="linear", reps=2, initial="neel"))
        neel · [rz xx_plus_yy (line)] × 2 · rz
    """
    if mode not in ("iswap", "fsim"):
        raise QTrainError(f'mode should be "iswap" or "fsim". Got {mode!r}.')
    block = "xx_plus_yy" if mode == "iswap" else "fsim"
    plain = _n_local(("rz",), block, entanglement, reps, not skip_final_rotation_layer)
    return Architecture(plain.layers, reps, initial, plain.final_rotations, plain.edges)


def hva_tfim(*, topology: str = "line", reps: int | str = 1, sharing: str = "shared") -> Architecture:
    """Hamiltonian variational ansatz of the transverse-field Ising model: |+…+⟩, then RZZ on bonds and RX on sites.

    ``sharing="independent"`` frees every angle (1909.05820 for the model, 2008.02941 for its gradients).

    Example:
        >>> hva_tfim(reps=4).num_parameters(100)
        8
    """
    bonds = Layer((), "rzz", topology, sharing=sharing)
    return Architecture((bonds, Layer(("rx",), sharing=sharing)), reps, "h")


def hva_xxz(*, topology: str = "brickwork", reps: int | str = 1, sharing: str = "shared") -> Architecture:
    """Hamiltonian variational ansatz of the XXZ chain: singlets, then exp(−i(a(XX+YY) + bZZ)/2) on the bonds.

    The bonds between the singlets come first: on a singlet itself the block is only a phase (2008.02941).

    Example:
        >>> hva_xxz(reps=3).num_parameters(6)
        6
    """
    return Architecture((Layer((), "xxz", topology, sharing=sharing, reverse=True),), reps, "singlets")


def qaoa(
    *, topology: str = "ring", edges: Iterable[Sequence[int]] | None = None, reps: int = 1, multi_angle: bool = False
) -> Architecture:
    """QAOA for MaxCut with equal weights (1411.4028): |+…+⟩, then RZZ on the graph and RX on the nodes.

    Args:
        topology: a named graph; ``edges``: the graph's own edges instead (then of one width).
        reps: layers. multi_angle: an angle of its own for every gate (2109.11455).

    Example:
        >>> qaoa(edges=[(0, 1), (1, 2), (0, 2)], reps=2).circuit().num_parameters
        4
    """
    sharing = "independent" if multi_angle else "shared"
    pairs = None if edges is None else check_edges(list(edges))
    cost = Layer((), "rzz", topology if pairs is None else "edges", sharing=sharing)
    return Architecture((cost, Layer(("rx",), sharing=sharing)), reps, "h", edges=pairs)


def brickwork(
    *, rotations: Sequence[str] = ("ry", "rz"), entangler: str = "cz", reps: int | str = "log"
) -> Architecture:
    """Alternating layers: rotations, even bonds, rotations, odd bonds.

    Example:
        >>> brickwork(reps=2).circuit(4).depth()
        12
    """
    return Architecture((Layer(tuple(rotations), entangler, "even"), Layer(tuple(rotations), entangler, "odd")), reps)


def qcnn(
    *, convolution: str = "conv", pooling: str = "pool", sharing: str = "independent", output: str = "last"
) -> Architecture:
    """Quantum convolutional network (1810.03787): convolution on a brickwork ring, pooling into one half.

    The convolution and pooling blocks are those of Qiskit's tutorial; half the qubits are left after each of the
    ⌈log₂ n⌉ rounds, at the end the ``"last"`` qubit or the ``"first"``.

    Example:
        >>> qcnn().output_qubits(8), qcnn(output="first").output_qubits(8)
        ((7,), (0,))
    """
    one_of("output", output, ("last", "first"))
    layers = (
        Layer((), convolution, "brickwork_ring", sharing=sharing),
        Layer((), pooling, "halves", sharing=sharing, flip=output == "first", pool=True),
    )
    return Architecture(layers, "log")


def tree(*, block: str = "su4", sharing: str = "independent") -> Architecture:
    """Tree tensor network of two-qubit blocks: pairs, then pairs of the survivors; its root is the last qubit.

    Example:
        >>> tree().num_parameters(8) == 7 * 15
        True
    """
    return Architecture((Layer((), block, "even", sharing=sharing, pool=True),), "log")


def mera(
    *, block: str = "su4", sharing: str = "independent", upwards: bool = False, tree: bool = False
) -> Architecture:
    """Multiscale entanglement renormalisation (quant-ph/0610099), root at qubit 0: it prepares a state downwards.

    Args:
        upwards: from the leaves to the root, as a classifier (1804.03680). tree: without the disentanglers, a tree
            tensor network.

    Example:
        >>> mera().num_parameters(8) // 15, mera(tree=True).num_parameters(8) // 15
        (11, 7)
    """
    return Architecture((Layer((), block, "tree" if tree else "mera", sharing=sharing, reverse=not upwards),))


_XZ, _YZ = ("rx", "rz"), ("ry", "rz")


def _climb(entangler: str) -> Layer:
    """RX, RZ, then the gate from the last qubit up: (n-1 → n-2), …, (1 → 0)."""
    return Layer(_XZ, entangler, "line", reverse=True, flip=True)


def _pairs(rotations: tuple[str, ...], entangler: str, *, inner: bool) -> tuple[Layer, ...]:
    odd = Layer(rotations, entangler, "odd", flip=True, qubits="inner" if inner else "all")
    return Layer(rotations, entangler, "even", flip=True), odd


def _two_rings(entangler: str) -> tuple[Layer, ...]:
    return (Layer(("ry",), entangler, "cascade"), Layer(("ry",), entangler, "cascade_back"))


_SIM: dict[int, tuple[Layer, ...]] = {
    1: (Layer(_XZ),),
    2: (_climb("cx"),),
    3: (_climb("crz"),),
    4: (_climb("crx"),),
    5: (Layer(_XZ, "crz", "complete_directed"), Layer(_XZ)),
    6: (Layer(_XZ, "crx", "complete_directed"), Layer(_XZ)),
    7: _pairs(_XZ, "crz", inner=False),
    8: _pairs(_XZ, "crx", inner=False),
    9: (Layer(("h",), "cz", "line", reverse=True, flip=True), Layer(("rx",))),
    10: (Layer(("ry",), "cz", "ring"),),
    11: _pairs(_YZ, "cx", inner=True),
    12: _pairs(_YZ, "cz", inner=True),
    13: _two_rings("crz"),
    14: _two_rings("crx"),
    15: _two_rings("cx"),
    16: (Layer(_XZ, "crz", "brickwork", flip=True),),
    17: (Layer(_XZ, "crx", "brickwork", flip=True),),
    18: (Layer(_XZ, "crz", "cascade"),),
    19: (Layer(_XZ, "crx", "cascade"),),
}


def sim_template(number: int, *, reps: int = 1) -> Architecture:
    """Template circuit 1 to 19 of Sim, Johnson and Aspuru-Guzik (1905.10876), figure 2, for every width.

    The paper draws four qubits; at other widths the second rings of 13 to 15 join neighbours as the drawing does
    (the paper's formula takes every third qubit). Template 10 ends with a column of RY, once.

    Args:
        number: 1 to 19. reps: the paper's L.

    Example:
        >>> sim_template(6).num_parameters(4), sim_template(11).num_parameters(4)
        (28, 12)
    """
    if number not in _SIM:
        raise QTrainError(f"number should be 1 to 19. Got {number!r}.")
    return Architecture(_SIM[number], reps, final_rotations=("ry",) if number == 10 else ())

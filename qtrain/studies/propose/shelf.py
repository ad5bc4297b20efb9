"""The shelf: what one would try without a search, by families; what a search may begin with and has to beat."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtrain.architecture import catalogue
from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.hva import hva, units_of
from qtrain.architecture.layer import Layer
from qtrain.architecture.topology import Edges
from qtrain.growth.mean_field import determinants
from qtrain.growth.pools import OPERATOR_POOLS, Setting
from qtrain.growth.symmetries import find_symmetries

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.studies.spec.tables import ConstraintSpec

Build = Callable[[int], Architecture]

LEAD = 8
"""A family's next repetition comes behind this many later families' first ones."""
MOST_TERMS = 16
"""Terms for each qubit: a Hamiltonian of more has no variational ansatz of its own on the shelf."""
_COMMUTING = frozenset({"cz", "cp", "rzz", "rxx", "ryy", "rx", "ry", "rz", "p"})  # with their own kind, and symmetric


class Template(NamedTuple):
    """An architecture of the shelf, and the family that it is a repetition of."""

    family: str
    architecture: Architecture


def shelf(
    num_qubits: int, *, hamiltonian: SparsePauliOp | None = None, edges: Edges | None = None,
    repetitions: Iterable[int | str] = (1, 2, 3), uploads: Sequence[int] = (1,),
) -> tuple[Template, ...]:  # fmt: skip
    """Every usual ansatz at these repetitions; the promising families and their shallow members first.

    Of circuits that are equal but for the order of commuting gates the first one stands.

    Args:
        hamiltonian: of a ground state: its own variational ansätze, from states that fit its symmetry. None: for data.
        edges: a device's couplings: the hardware-efficient ansätze on them as well.
        repetitions: whole numbers, "log" or "linear".
        uploads: how often data are encoded; more than once with up to two repetitions, as families of their own.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> found = shelf(4, hamiltonian=SparsePauliOp(["IIZZ", "IZZI", "ZZII", "IIIX", "IIXI", "IXII", "XIII"]))
        >>> found[0].family, found[1].family, len({t.family for t in found}) > 40
        ('HVA, independent', 'HVA', True)
    """
    counts = sorted({_depth(r, num_qubits) for r in repetitions})
    families = list(_families(hamiltonian, edges))
    found: list[tuple[int, Template]] = []
    for rank, (family, build) in enumerate(families):
        members = [build(reps) for reps in counts]
        for place, architecture in enumerate(dict.fromkeys(members)):
            found.append((rank + LEAD * place, Template(family, architecture)))
            for again in sorted(set(uploads) - {1}) if hamiltonian is None and counts[place] <= 2 else ():
                twice = Template(f"{family}, re-uploaded", dataclasses.replace(architecture, uploads=again))
                found.append((rank + LEAD * (place + 1), twice))
    distinct: dict[object, Template] = {}
    for _, template in sorted(found, key=lambda item: item[0]):
        architecture = template.architecture
        key = (_unordered(architecture.gates(num_qubits)), architecture.uploads)
        first = distinct.setdefault(key, template)
        if architecture.layers and not first.architecture.layers:  # layers are a family for every width
            distinct[key] = Template(first.family, architecture)
    return tuple(distinct.values())


def _depth(repetitions: int | str, n: int) -> int:
    return Architecture((Layer(("ry",)),), repetitions).depth(n)


def _families(hamiltonian: SparsePauliOp | None, edges: Edges | None) -> Iterator[tuple[str, Build]]:
    """(name, repetitions → architecture), the promising first."""
    ground = hamiltonian is not None
    if hamiltonian is not None:
        yield from _of_hamiltonian(hamiltonian)
    yield "brickwork", lambda reps: catalogue.brickwork(reps=reps)
    local = {
        "efficient_su2": catalogue.efficient_su2, "real_amplitudes": catalogue.real_amplitudes,
        "two_local": catalogue.n_local,
    }  # fmt: skip
    patterns: dict[str, str | Edges] = {} if edges is None else {"device": edges}
    patterns |= {name: name for name in ("pairwise", "reverse_linear")}
    patterns |= {name: name for name in catalogue.ENTANGLEMENT}
    by_pattern = [
        (f"{name}, {pattern}", partial(_local, build, pairs))
        for pattern, pairs in patterns.items()
        for name, build in local.items()
    ]
    usual = by_pattern[: len(local) * (2 + (edges is not None))]
    yield from usual
    for sharing in ("independent", "shared"):
        word = "" if sharing == "shared" else ", independent"
        yield f"Ising layers{word}", partial(_layered, catalogue.hva_tfim, sharing)
        yield f"XXZ layers{word}", partial(_layered, catalogue.hva_xxz, sharing)
    for name, block in (("", "su4"), (" of three angles", "conv")):
        yield f"tree tensor network{name}", _once(catalogue.mera(block=block, upwards=not ground, tree=True))
        yield f"MERA{name}", _once(catalogue.mera(block=block, upwards=not ground))
    for sharing in () if ground else ("independent", "shared"):
        yield f"QCNN, {sharing}", _once(catalogue.qcnn(sharing=sharing, output="first"))
    for number in range(1, 20):
        yield f"Sim {number}", partial(_sim, number)
    yield from by_pattern[len(usual) :]
    for mode, pattern in itertools.product(("iswap", "fsim"), catalogue.ENTANGLEMENT):
        for initial in ("neel",) if ground else ("none",):
            yield f"excitation preserving {mode}, {pattern}", partial(_preserving, mode, pattern, initial)


def _of_hamiltonian(hamiltonian: SparsePauliOp) -> Iterator[tuple[str, Build]]:
    """Ansätze of its own terms, from the states that its symmetry lets one start from."""
    units = units_of(hamiltonian)
    number = find_symmetries(hamiltonian).number
    lowest = _lowest(hamiltonian) if number else ()
    conserving = number and any(u.hops for u in units)
    if sum(len(u.terms) for u in units) <= MOST_TERMS * hamiltonian.num_qubits:
        starts = _charged(hamiltonian, lowest) if conserving else {"": ("h", _plus(hamiltonian), False)}
        name = "HVA" if hamiltonian.paulis.x.any() else "QAOA"
        for sharing in ("independent", "shared"):
            word = "" if sharing == "shared" else ", independent"
            for start, (initial, reference, reverse) in starts.items():
                label = f"ma-QAOA{start}" if name == "QAOA" and word else f"{name}{start}{word}"
                yield label, partial(_variational, hamiltonian, sharing, initial, reference, reverse)
    if number and any(len(u.terms) > 2 for u in units):
        excited = _cluster(hamiltonian, lowest)
        if excited:
            yield "UCCSD", partial(_repeated, excited, hamiltonian.num_qubits)
    if conserving:
        for mode in ("fsim", "iswap"):
            yield f"excitation preserving {mode}, pairwise", partial(_preserving, mode, "pairwise", "neel")


def _lowest(hamiltonian: SparsePauliOp) -> tuple[int, ...]:
    """Qubits that are 1 in the lowest determinant."""
    best = min(determinants(hamiltonian), key=lambda state: state.energy)
    return tuple(q for q, bit in enumerate(best.bits) if bit)


def _charged(hamiltonian: SparsePauliOp, lowest: tuple[int, ...]) -> dict[str, tuple[str, tuple[Gate, ...], bool]]:
    """Name: (initial, reference, reverse) of states with a definite number of excitations."""
    n = hamiltonian.num_qubits
    found: dict[str, tuple[str, tuple[Gate, ...], bool]] = {" from Néel": ("neel", (), False)}
    if n % 2 == 0:
        found[" from singlets"] = ("singlets", (), True)
    neel = tuple(range(1, n, 2))
    if lowest and energy_of(hamiltonian, lowest) < energy_of(hamiltonian, neel) - 1e-9:
        found[" from the lowest determinant"] = ("none", tuple(Gate("x", (q,)) for q in lowest), False)
    return found


def _plus(hamiltonian: SparsePauliOp) -> tuple[Gate, ...]:
    """|+⟩ on every qubit, |−⟩ where the field along X is positive; none where |+…+⟩ it is."""
    x, z = hamiltonian.paulis.x, hamiltonian.paulis.z
    alone = (x.sum(axis=1) == 1) & ~z.any(axis=1)
    against = {int(x[row].argmax()) for row in np.flatnonzero(alone) if hamiltonian.coeffs[row].real > 0}
    signs = [Gate("x", (q,)) for q in sorted(against)]
    return (*signs, *(Gate("h", (q,)) for q in range(hamiltonian.num_qubits))) if signs else ()


def _cluster(hamiltonian: SparsePauliOp, lowest: tuple[int, ...]) -> tuple[tuple[Gate, ...], ...]:
    """Excitations out of the lowest determinant that the Hamiltonian couples it to, doubles first (1701.02691)."""
    n = hamiltonian.num_qubits
    occupied = set(lowest)
    coupled = {frozenset(np.flatnonzero(row).tolist()) for row in hamiltonian.paulis.x}
    doubles, singles = list[tuple[Gate, ...]](), list[tuple[Gate, ...]]()
    for item in OPERATOR_POOLS["excitations"](Setting(n, None, hamiltonian)) if n <= 16 else ():
        first = item.gates[0]
        flips = [q for q, letter in zip(first.qubits, first.name[1:], strict=True) if letter != "z"]
        half = len(flips) // 2
        parts = {frozenset(flips[:half]) <= occupied, frozenset(flips[half:]) <= occupied}
        if parts == {True, False} and len(occupied & set(flips)) == half and frozenset(flips) in coupled:
            (doubles if half == 2 else singles).append(item.gates)
    reference = tuple(Gate("x", (q,)) for q in sorted(occupied))
    return (reference, *doubles, *singles) if doubles or singles else ()


def _repeated(parts: Sequence[tuple[Gate, ...]], num_qubits: int, reps: int) -> Architecture:
    """A reference, then excitations, each with an angle of its own in every repetition."""
    reference, *excitations = parts
    grown = [gate.renumbered(number.__add__) for number, gates in enumerate(excitations * reps) for gate in gates]
    return Architecture((), grown=(*reference, *grown), num_qubits=num_qubits)


def _variational(
    hamiltonian: SparsePauliOp, sharing: str, initial: str, reference: tuple[Gate, ...], reverse: bool, reps: int
) -> Architecture:
    return hva(hamiltonian, reps=reps, sharing=sharing, initial=initial, reference=reference, reverse=reverse)


def _local(build: Callable[..., Architecture], entanglement: str | Edges, reps: int) -> Architecture:
    return build(entanglement=entanglement, reps=reps)


def _layered(build: Callable[..., Architecture], sharing: str, reps: int) -> Architecture:
    return build(sharing=sharing, reps=reps)


def _sim(number: int, reps: int) -> Architecture:
    return catalogue.sim_template(number, reps=reps)


def _preserving(mode: str, entanglement: str, initial: str, reps: int) -> Architecture:
    return catalogue.excitation_preserving(mode=mode, entanglement=entanglement, initial=initial, reps=reps)


def _once(architecture: Architecture) -> Build:
    return lambda reps: architecture


def _unordered(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """The gates with each run of commuting ones sorted, their parameters numbered anew: equal for equal circuits."""
    numbers: dict[int, int] = {}
    found: list[Gate] = []
    for name, run in itertools.groupby(gates, key=lambda gate: gate.name):
        items = list(run)
        if name in _COMMUTING:
            items = sorted((dataclasses.replace(g, qubits=tuple(sorted(g.qubits))) for g in items),
                           key=lambda g: (g.qubits, len(g.angles)))  # fmt: skip
        found += [g.renumbered(lambda index: numbers.setdefault(index, len(numbers))) for g in items]
    return tuple(found)


def breaks(architecture: Architecture, num_qubits: int, limits: ConstraintSpec) -> str | None:
    """The limit that an architecture plainly breaks, told without a compilation; None where it may keep them all.

    Counted are pairs of qubits in turns: gates on one pair behind each other may become a single one on the device.
    """
    gates = architecture.gates(num_qubits)
    last: dict[int, tuple[int, ...]] = {}
    at: dict[int, int] = {}
    total = 0
    for gate in gates:
        pair = tuple(sorted(gate.qubits))
        if len(pair) < 2 or all(last.get(q) == pair for q in pair):
            continue
        blocks = len(pair) - 1  # a rotation of k qubits needs at least k - 1 two-qubit gates
        total += blocks
        for q in pair:
            last[q], at[q] = pair, at.get(q, 0) + 1
    rounds, depth = architecture.uploads, max(at.values(), default=0)
    found: Mapping[str, int] = {
        "max_parameters": architecture.num_parameters(num_qubits) * rounds,
        "max_two_qubit_depth": depth and (depth - 1) * rounds + 1,  # rounds may meet in one block
        "max_two_qubit_gates": total if rounds == 1 else (total - num_qubits // 2) * rounds,
    }  # fmt: skip
    return next((k for k, v in found.items() if (limit := getattr(limits, k)) is not None and v > limit), None)


def energy_of(hamiltonian: SparsePauliOp, ones: Sequence[int]) -> float:
    """Energy of the basis state whose qubits ``ones`` are 1.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> energy_of(SparsePauliOp(["ZZ", "IZ", "XX"], [1.0, 0.1, 5.0]), (0,))
        -1.1
    """
    diagonal = ~hamiltonian.paulis.x.any(axis=1)
    odd = hamiltonian.paulis.z[diagonal][:, list(ones)].sum(axis=1) % 2
    return float((1.0 - 2.0 * odd) @ hamiltonian.coeffs[diagonal].real)

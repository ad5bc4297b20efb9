"""The ansätze that have a name: Qiskit's library and qtrain's catalogue, as rows of the table of families."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from qiskit import QuantumCircuit

from qtrain.architecture import catalogue
from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import BLOCKS, ROTATIONS
from qtrain.diagnosis.families.clues import Clues
from qtrain.diagnosis.families.family import Family, FamilyRow, register_family
from qtrain.errors import QTrainError

Options = Mapping[str, Any]
Grid = Callable[[Clues], Iterable[Options]]

ENTANGLEMENT = ("linear", "reverse_linear", "full", "circular", "pairwise", "sca")
GRAPHS = ("line", "ring", "complete", "star", "grid", "heavy_hex", "brickwork", "brickwork_ring", "tree")


def times(reps: int, word: str = "repetition") -> str:
    """``1 repetition``, ``3 repetitions``."""
    return f"{reps} {word}{'' if reps == 1 else 's'}"


def title(name: str, options: Options, defaults: Options) -> str:
    """A family's name with what its options are, in few words.

    Example:
        >>> title("real_amplitudes", {"entanglement": "full", "reps": 2}, {"reps": 3})
        'real_amplitudes, full, 2 repetitions'
    """
    words = [name]
    for key, value in options.items():
        if key == "reps":
            words.append(times(value) if isinstance(value, int) else "as many repetitions as qubits")
        elif key == "skip_final_rotation_layer":
            words += ["no final rotations"] if value else []
        elif isinstance(value, bool):
            words += [key.replace("_", " ")] if value else []
        elif key in ("entanglement", "topology", "mode") or value != defaults.get(key):
            words.append(" ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))
    return ", ".join(words)


def members(
    name: str, build: Callable[..., QuantumCircuit], options: Options, clues: Clues, defaults: Options
) -> Iterator[Family]:
    """The member with these options whose repetitions fit the circuit, if there is one."""
    try:
        reps = clues.repetitions(lambda reps: build(clues.num_qubits, **options, reps=reps))
    except Exception:  # no such member at this width
        return
    if reps is None:
        return

    def fixed(n: int) -> QuantumCircuit:
        return build(n, **options, reps=reps)

    def deeper(n: int) -> QuantumCircuit:
        return build(n, **options, reps=n)

    remark, growing = "", None
    if reps == clues.num_qubits:
        remark = f"its {times(reps)} may grow with the qubits; read as a fixed depth"
        growing = Family(title(name, {**options, "reps": "n"}, defaults), deeper)
    yield Family(title(name, {**options, "reps": reps}, defaults), fixed, remark, growing)


def _row(name: str, build: Callable[..., QuantumCircuit], grid: Grid, options: Options, summary: str) -> None:
    def propose(clues: Clues) -> Iterator[Family]:
        for chosen in grid(clues):
            yield from members(name, build, chosen, clues, options)

    register_family(FamilyRow(name, propose, build, options, summary))


def _product(**choices: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


# ------------------------------------------------------------------ Qiskit's library


def _qiskit(name: str) -> Callable[..., QuantumCircuit]:
    def build(n: int, **options: Any) -> QuantumCircuit:
        from qiskit.circuit import library

        return getattr(library, name)(n, **options)

    return build


def _n_local_options(clues: Clues) -> Iterator[dict[str, Any]]:
    return _product(entanglement=ENTANGLEMENT, skip_final_rotation_layer=(False, True))


def _real_amplitudes(clues: Clues) -> Iterable[Options]:
    return _n_local_options(clues) if (clues.first_column, clues.entangler) == (("ry",), "cx") else ()


def _efficient_su2(clues: Clues) -> Iterable[Options]:
    gates = clues.first_column
    if clues.entangler != "cx" or not gates or not all(gate in ROTATIONS for gate in gates):
        return ()
    own = {} if gates == ("ry", "rz") else {"su2_gates": list(gates)}
    return ({**own, **rest} for rest in _n_local_options(clues))


def _excitation_preserving(clues: Clues) -> Iterable[Options]:
    if clues.first_column != ("rz",):
        return ()
    return ({"mode": mode, **rest} for mode in ("iswap", "fsim") for rest in _n_local_options(clues))


def _n_local(clues: Clues) -> Iterable[Options]:
    if not clues.first_column or clues.entangler is None:
        return ()
    own = {"rotation_blocks": list(clues.first_column), "entanglement_blocks": clues.entangler}
    return ({**own, **rest} for rest in _n_local_options(clues))


_DEFAULTS = {"entanglement": "reverse_linear", "reps": 3, "skip_final_rotation_layer": False}
_row("real_amplitudes", _qiskit("real_amplitudes"), _real_amplitudes, _DEFAULTS, "RY and CX")
_row("efficient_su2", _qiskit("efficient_su2"), _efficient_su2, {"su2_gates": ["ry", "rz"], **_DEFAULTS},
     "RY, RZ (or su2_gates) and CX")  # fmt: skip
_row("excitation_preserving", _qiskit("excitation_preserving"), _excitation_preserving,
     {"mode": "iswap", **_DEFAULTS, "entanglement": "full"}, "RZ and hops XX + YY")  # fmt: skip
_row("n_local", _qiskit("n_local"), _n_local,
     {"rotation_blocks": ["ry"], "entanglement_blocks": "cz", **_DEFAULTS},
     "any rotations and any entangler")  # fmt: skip


# ------------------------------------------------------------------ qtrain's catalogue


def _catalogue(make: Callable[..., Architecture]) -> Callable[..., QuantumCircuit]:
    def build(n: int, **options: Any) -> QuantumCircuit:
        if options.get("reps") == "n":
            options["reps"] = n
        return make(**options).circuit(n)

    return build


def _starts(*gates: str) -> Callable[[Clues], bool]:
    return lambda clues: clues.first_column[: len(gates)] == gates


def _if(fits: Callable[[Clues], bool], **choices: Sequence[Any]) -> Grid:
    return lambda clues: _product(**choices) if fits(clues) else ()


_SHARING = ("shared", "independent", "translation")
_row("hva_tfim", _catalogue(catalogue.hva_tfim),
     _if(_starts("h"), topology=GRAPHS, sharing=_SHARING),
     {"topology": "line", "reps": 1, "sharing": "shared"},
     "Hamiltonian variational ansatz of the Ising model; QAOA")  # fmt: skip
_row("hva_xxz", _catalogue(catalogue.hva_xxz),
     _if(_starts("x", "h"), topology=GRAPHS, sharing=_SHARING),
     {"topology": "brickwork", "reps": 1, "sharing": "shared"},
     "Hamiltonian variational ansatz of the XXZ chain")  # fmt: skip
_row("qaoa", _catalogue(catalogue.qaoa), lambda clues: (),  # the same circuits as hva_tfim
     {"topology": "ring", "reps": 1, "multi_angle": False}, "QAOA for MaxCut on a named graph")  # fmt: skip


def _brickwork(clues: Clues) -> Iterable[Options]:
    if clues.entangler not in BLOCKS or not clues.first_column:
        return ()
    column = clues.first_column
    return ({"rotations": column[:length], "entangler": clues.entangler} for length in range(1, len(column) + 1))


_row("brickwork", _catalogue(catalogue.brickwork), _brickwork,
     {"rotations": ["ry", "rz"], "entangler": "cz", "reps": "log"},
     "rotations, even bonds, rotations, odd bonds")  # fmt: skip


def _by_depth(name: str, make: Callable[..., Architecture], choices: Mapping[str, Sequence[Any]], options: Options,
              summary: str) -> None:  # fmt: skip
    """A family whose depth follows from its width."""

    def build(n: int, **chosen: Any) -> QuantumCircuit:
        return make(**chosen).circuit(n)

    def propose(clues: Clues) -> Iterator[Family]:
        for chosen in _product(**choices):
            try:
                count = make(**chosen).num_parameters(clues.num_qubits)
            except QTrainError:
                continue
            if count == len(clues.program.parameters):
                yield Family(title(name, chosen, options), partial(build, **chosen))

    register_family(FamilyRow(name, propose, build, options, summary))


_by_depth("qcnn", catalogue.qcnn, {"sharing": _SHARING, "output": ("last", "first")},
          {"sharing": "independent", "output": "last"}, "convolution and pooling, log n rounds")  # fmt: skip
_by_depth("tree", catalogue.tree, {"block": tuple(BLOCKS)[4:-1], "sharing": _SHARING},
          {"block": "su4", "sharing": "independent"}, "tree tensor network")  # fmt: skip
_by_depth("mera", catalogue.mera,
          {"block": tuple(BLOCKS)[4:-1], "sharing": _SHARING, "upwards": (False, True), "tree": (False, True)},
          {"block": "su4", "sharing": "independent", "upwards": False, "tree": False},
          "multiscale entanglement renormalisation")  # fmt: skip


def _sim(number: int) -> None:
    def build(n: int, *, reps: int | str = 1) -> QuantumCircuit:
        return catalogue.sim_template(number, reps=n if reps == "n" else int(reps)).circuit(n)

    _row(f"sim_{number}", build, _if(_starts(*_FIRST[number])), {"reps": 1},
         f"template {number} of Sim, Johnson and Aspuru-Guzik (1905.10876)")  # fmt: skip


_FIRST = dict.fromkeys(range(1, 20), ("rx", "rz")) | dict.fromkeys((10, 13, 14, 15), ("ry",))
_FIRST |= {9: ("h",), 11: ("ry", "rz"), 12: ("ry", "rz")}
for _number in _FIRST:
    _sim(_number)

"""A corpus of parameterised circuits: what libraries, papers and benchmark suites hold, each with what is measured.

Every circuit is built here from gates or by Qiskit's library: no file of anyone is copied. ``CASES`` maps a name to a
function of the number of qubits; `pose` gives the arguments of ``qtrain.diagnose``.
"""

from __future__ import annotations

import itertools
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit import library as lib
from qiskit.quantum_info import SparsePauliOp

from qtrain import catalogue

SIZES = (4, 12, 30, 60, 100)
ENTANGLEMENTS = ("full", "linear", "reverse_linear", "pairwise", "circular", "sca")
POINTS = 8  # data points of a circuit with inputs


@dataclass(frozen=True)
class Case:
    """One family: ``build(n)`` gives (circuit, observable) or (circuit, observable, inputs); its widths."""

    name: str
    build: Callable[[int], tuple[Any, ...]]
    sizes: tuple[int, ...] = SIZES
    qpy: bool = False


def pose(case: Case, n: int) -> tuple[Any, SparsePauliOp, dict[str, Any]]:
    """Circuit (or the path of its QPY file), observable, and the options for its data."""
    circuit, observable, *rest = case.build(n)
    options: dict[str, Any] = {}
    if rest:
        options = {"inputs": list(rest[0]), "data": _rng(case.name, n).uniform(-1, 1, (POINTS, len(rest[0])))}
    if case.qpy:
        path = Path(tempfile.mkdtemp()) / "circuit.qpy"
        with path.open("wb") as file:
            qpy.dump(circuit, file)
        circuit = path
    return circuit, observable, options


def _rng(*key: Any) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


# Observables ------------------------------------------------------------------------------------


def pauli_sum(n: int, terms: Sequence[tuple[str, Sequence[int], float]]) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_list([(a, list(q), c) for a, q, c in terms], n)


def local(n: int) -> SparsePauliOp:
    return pauli_sum(n, [("Z", (n // 2,), 1.0)])


def total(n: int) -> SparsePauliOp:
    return pauli_sum(n, [("Z", (q,), 1.0) for q in range(n)])


def parity(n: int) -> SparsePauliOp:
    return SparsePauliOp("Z" * n)


def last(n: int) -> SparsePauliOp:
    return pauli_sum(n, [("Z", (n - 1,), 1.0)])


def tfim(n: int) -> SparsePauliOp:
    return pauli_sum(n, [("ZZ", (q, (q + 1) % n), -1.0) for q in range(n)] + [("X", (q,), -0.7) for q in range(n)])


def xxz(n: int, delta: float = 0.5) -> SparsePauliOp:
    pairs = [(q, q + 1) for q in range(n - 1)]
    return pauli_sum(n, [(p, e, c) for e in pairs for p, c in (("XX", 1.0), ("YY", 1.0), ("ZZ", delta))])


def heisenberg(n: int) -> SparsePauliOp:
    return xxz(n, 1.0)


OBSERVABLES = {"Z": local, "sum": total, "parity": parity, "tfim": tfim}

# Graphs and QAOA --------------------------------------------------------------------------------

Edges = list[tuple[int, int]]


def regular(n: int, degree: int = 3) -> Edges:
    """A random regular graph, by pairing stubs until no edge is double."""
    rng = _rng("regular", n, degree)
    while True:
        stubs = rng.permutation(np.repeat(np.arange(n), degree)).reshape(-1, 2)
        edges = {(int(min(e)), int(max(e))) for e in stubs}
        if len(edges) == len(stubs) and all(a != b for a, b in edges):
            return sorted(edges)


def ring(n: int) -> Edges:
    return [(q, (q + 1) % n) for q in range(n)]


def erdos_renyi(n: int) -> Edges:
    """Mean degree 4, at least one edge."""
    rng = _rng("erdos", n)
    return [e for e in itertools.combinations(range(n), 2) if rng.random() < 4 / n] or [(0, 1)]


def complete(n: int) -> Edges:
    return list(itertools.combinations(range(n), 2))


GRAPHS = {"3-regular": regular, "ring": ring, "erdos-renyi": erdos_renyi, "complete": complete}


def maxcut(n: int, edges: Edges, weights: Sequence[float]) -> SparsePauliOp:
    return pauli_sum(n, [("ZZ", e, w / 2) for e, w in zip(edges, weights, strict=True)])


def qaoa(n: int, graph: str, p: int, *, weighted: bool) -> tuple[QuantumCircuit, SparsePauliOp]:
    edges = GRAPHS[graph](n)
    weights = _rng("weights", n, graph).uniform(0.1, 1, len(edges)) if weighted else np.ones(len(edges))
    beta, gamma = ParameterVector("b", p), ParameterVector("g", p)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(p):
        for (a, b), w in zip(edges, weights, strict=True):
            circuit.rzz(gamma[layer] * float(w), a, b)
        circuit.rx(2 * beta[layer], range(n))
    return circuit, maxcut(n, edges, weights)


# Hamiltonians' own circuits ------------------------------------------------------------------------


def hva_tfim(n: int, reps: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    t = ParameterVector("t", 2 * reps)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for k in range(reps):
        for q in range(n):
            circuit.rzz(t[2 * k], q, (q + 1) % n)
        circuit.rx(t[2 * k + 1], range(n))
    return circuit, tfim(n)


def hva_xxz(n: int, reps: int, *, own: int, observable: Callable[[int], SparsePauliOp]) -> tuple[Any, ...]:
    """``own`` parameters a brick: 1 for Heisenberg, 2 for XXZ; even bonds, then odd ones; from singlets."""
    t = iter(ParameterVector("t", 2 * own * reps))
    circuit = QuantumCircuit(n)
    for q in range(0, n, 2):
        circuit.x([q, q + 1])
        circuit.h(q)
        circuit.cx(q, q + 1)
    for _ in range(reps):
        for first in (1, 0):
            a = next(t)
            b = next(t) if own > 1 else a
            for q in range(first, n - 1, 2):
                circuit.rxx(a, q, q + 1)
                circuit.ryy(a, q, q + 1)
                circuit.rzz(b, q, q + 1)
    return circuit, observable(n)


def trotter_ising(n: int, steps: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    """One coupling and one field at all times, as in circuits that simulate dynamics."""
    j, h = Parameter("j"), Parameter("h")
    circuit = QuantumCircuit(n)
    for _ in range(steps):
        circuit.rx(0.2 * h, range(n))
        for first in (0, 1):
            for q in range(first, n - 1, 2):
                circuit.cx(q, q + 1)
                circuit.rz(0.2 * j, q + 1)
                circuit.cx(q, q + 1)
    return circuit, total(n)


# Chemistry by Jordan-Wigner strings ------------------------------------------------------------------

_SINGLE = (("XY", 0.5), ("YX", -0.5))
_DOUBLE = (
    ("XXXY", 1), ("XXYX", 1), ("XYXX", -1), ("YXXX", -1), ("YYYX", -1), ("YYXY", -1), ("YXYY", 1), ("XYYY", 1),
)  # fmt: skip


def excite(circuit: QuantumCircuit, angle: Any, places: Sequence[int]) -> None:
    """A fermionic single (2 places) or double (4 places) excitation: its commuting strings, one angle."""
    p = sorted(places)
    between = [q for a, b in zip(p[::2], p[1::2], strict=True) for q in range(a + 1, b)]
    table = _SINGLE if len(p) == 2 else tuple((s, c / 8) for s, c in _DOUBLE)
    terms = [(s + "Z" * len(between), p + between, c) for s, c in table]
    circuit.append(lib.PauliEvolutionGate(pauli_sum(circuit.num_qubits, terms), time=angle), circuit.qubits)


def hubbard(n: int) -> SparsePauliOp:
    """Hopping in both spin species (first half up, second half down), and repulsion on every site."""
    m = n // 2
    hop = [(p, (s + q, s + q + 1), -0.5) for s in (0, m) for q in range(m - 1) for p in ("XX", "YY")]
    return pauli_sum(n, hop + [("ZZ", (q, q + m), 0.5) for q in range(m)])


def uccsd(n: int, filled: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    m = n // 2
    singles = [(s + i, s + a) for s in (0, m) for i in range(filled) for a in range(filled, m)]
    doubles = [(i, a, b, c) for i, a in singles if i < m for b, c in singles if b >= m]
    doubles += [
        (s + i, s + j, s + a, s + b) for s in (0, m) for i, j in itertools.combinations(range(filled), 2)
        for a, b in itertools.combinations(range(filled, m), 2)
    ]  # fmt: skip
    t = ParameterVector("t", len(singles) + len(doubles))
    circuit = QuantumCircuit(n)
    circuit.x([s + i for s in (0, m) for i in range(filled)])
    for angle, places in zip(t, singles + doubles, strict=True):
        excite(circuit, angle, places)
    return circuit, hubbard(n)


def k_upccgsd(n: int, k: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    """Pairs move together, and spins of both species share the angles of their singles."""
    m = n // 2
    pairs = list(itertools.combinations(range(m), 2))
    t = iter(ParameterVector("t", 2 * k * len(pairs)))
    circuit = QuantumCircuit(n)
    circuit.x([s + i for s in (0, m) for i in range(max(1, m // 4))])
    for _ in range(k):
        for a, b in pairs:
            excite(circuit, next(t), (a, b, m + a, m + b))
        for a, b in pairs:
            angle = next(t)
            excite(circuit, angle, (a, b))
            excite(circuit, angle, (m + a, m + b))
    return circuit, hubbard(n)


def adapt(n: int, length: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    """Excitations in the order in which a greedy choice might have taken them."""
    rng, t = _rng("adapt", n), ParameterVector("t", length)
    circuit = QuantumCircuit(n)
    circuit.x(range(0, n, 2))
    for k in range(length):
        excite(circuit, t[k], rng.choice(n, 2 if k % 3 else 4, replace=False).tolist())
    return circuit, hubbard(n)


def qubit_adapt(n: int, length: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    """Single strings with an odd number of Y, far apart."""
    rng, t = _rng("qubit adapt", n), ParameterVector("t", length)
    circuit = QuantumCircuit(n)
    circuit.x(range(0, n, 2))
    for k in range(length):
        places = rng.choice(n, 4, replace=False).tolist()
        word = "".join(rng.permutation(list("YXXX")).tolist())
        circuit.append(lib.PauliEvolutionGate(SparsePauliOp(word), time=t[k]), places)
    return circuit, hubbard(n)


def givens(n: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    """Hartree-Fock basis rotations: bricks of XX + YY."""
    bricks = [q for layer in range(min(n, 8)) for q in range(layer % 2, n - 1, 2)]
    t = ParameterVector("t", len(bricks))
    circuit = QuantumCircuit(n)
    circuit.x(range(n // 2))
    for angle, q in zip(t, bricks, strict=True):
        circuit.append(lib.XXPlusYYGate(angle), [q, q + 1])
    return circuit, xxz(n)


# Learning -------------------------------------------------------------------------------------------


def behind(feature_map: QuantumCircuit, observable: Callable[[int], SparsePauliOp], reps: int = 2) -> tuple[Any, ...]:
    n = feature_map.num_qubits
    circuit = feature_map.compose(lib.real_amplitudes(n, reps=reps, entanglement="reverse_linear"))
    return circuit, observable(n), list(feature_map.parameters)


def upload_again(n: int, times: int) -> tuple[Any, ...]:
    x, w = ParameterVector("x", n), iter(ParameterVector("w", 2 * n * times))
    circuit = QuantumCircuit(n)
    for _ in range(times):
        for q in range(n):
            circuit.rx(x[q], q)
            circuit.rz(next(w), q)
            circuit.ry(next(w), q)
        for q in range(n - 1):
            circuit.cz(q, q + 1)
    return circuit, local(n), list(x)


def qcnn(n: int, *, shared: bool) -> tuple[QuantumCircuit, SparsePauliOp]:
    """Convolutions on neighbours, pooling by controlled rotations, half of the qubits left each time."""
    circuit, alive, fresh = QuantumCircuit(n), list(range(n)), (Parameter(f"t{k:05d}") for k in itertools.count())
    while len(alive) > 1:
        pairs = [*zip(alive[::2], alive[1::2], strict=False), *zip(alive[1::2], alive[2::2], strict=False)]
        common = [next(fresh) for _ in range(6)]
        for a, b in pairs:
            t = common if shared else [next(fresh) for _ in range(6)]
            circuit.ry(t[0], a)
            circuit.ry(t[1], b)
            circuit.rxx(t[2], a, b)
            circuit.ryy(t[3], a, b)
            circuit.rzz(t[4], a, b)
            circuit.rx(t[5], b)
        common = [next(fresh) for _ in range(2)]
        for a, b in zip(alive[::2], alive[1::2], strict=False):
            t = common if shared else [next(fresh) for _ in range(2)]
            circuit.crz(t[0], a, b)
            circuit.crx(t[1], a, b)
        alive = alive[1::2] + (alive[-1:] if len(alive) % 2 else [])
    return circuit, pauli_sum(n, [("Z", (alive[0],), 1.0)])


def iqp(n: int, *, pairs: Edges) -> tuple[QuantumCircuit, SparsePauliOp]:
    t = ParameterVector("t", n + len(pairs))
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for q in range(n):
        circuit.rz(t[q], q)
    for k, e in enumerate(pairs):
        circuit.rzz(t[n + k], *e)
    circuit.h(range(n))
    return circuit, local(n)


def controlled_phases(n: int, reps: int, pairs: Edges) -> tuple[QuantumCircuit, SparsePauliOp]:
    t = iter(ParameterVector("t", reps * (n + len(pairs))))
    circuit = QuantumCircuit(n)
    for _ in range(reps):
        for q in range(n):
            circuit.ry(next(t), q)
        for e in pairs:
            circuit.cp(next(t), *e)
    circuit.h(range(n))
    return circuit, local(n)


def dnn(n: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    """A network of data angles and weights with fixed quarter turns between, after QASMBench's kind."""
    x, w = ParameterVector("x", n), iter(ParameterVector("w", 6 * n))
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(x[q], q)
    for _ in range(2):
        for q in range(n):
            circuit.rz(next(w), q)
            circuit.sx(q)
            circuit.rz(next(w), q)
            circuit.rzz(next(w), q, (q + 1) % n)
    return circuit, last(n), list(x)


def magic(n: int) -> tuple[QuantumCircuit, SparsePauliOp]:
    """Weights behind T gates and fixed rotations."""
    w = iter(ParameterVector("w", 2 * n))
    circuit = QuantumCircuit(n)
    for _ in range(2):
        circuit.t(range(n))
        circuit.rx(0.3, range(n))
        for q in range(n):
            circuit.ry(next(w), q)
        for q in range(n - 1):
            circuit.cx(q, q + 1)
    return circuit, local(n)


# The table ------------------------------------------------------------------------------------------

CASES: dict[str, Case] = {}


def case(name: str, build: Callable[[int], tuple[Any, ...]], sizes: tuple[int, ...] = SIZES, qpy: bool = False) -> None:
    CASES[name] = Case(name, build, sizes, qpy)


def _qiskit_library() -> None:
    observables = itertools.cycle(OBSERVABLES.items())
    for kind in ("real_amplitudes", "efficient_su2", "excitation_preserving"):
        for entanglement in ENTANGLEMENTS:
            word, seen = next(observables)
            build = getattr(lib, kind)
            case(f"{kind} {entanglement} {word}",
                 lambda n, b=build, e=entanglement, o=seen: (b(n, entanglement=e, reps=2), o(n)))  # fmt: skip
    case("excitation_preserving fsim linear", lambda n: (
        QuantumCircuit(n).compose(_half_filled(n)).compose(lib.excitation_preserving(n, "fsim", "linear", reps=2)), xxz(n)
    ))  # fmt: skip
    for gate in ("cz", "crx", "crz", "rzz", "cp", "iswap"):
        case(f"n_local ry {gate} linear", lambda n, g=gate: (lib.n_local(n, "ry", g, "linear", reps=2), local(n)))
    case("pauli_two_design", lambda n: (lib.pauli_two_design(n, reps=4, seed=7), _two_z(n)))
    case("qaoa_ansatz 3-regular", lambda n: (
        lib.qaoa_ansatz(maxcut(n, regular(n), np.ones(3 * n // 2)), reps=2), maxcut(n, regular(n), np.ones(3 * n // 2))
    ))  # fmt: skip
    case("evolved_operator_ansatz", lambda n: (
        lib.evolved_operator_ansatz([tfim(n), total(n), xxz(n)], reps=2), tfim(n)))  # fmt: skip
    case("hamiltonian_variational_ansatz", lambda n: (lib.hamiltonian_variational_ansatz(tfim(n), reps=2), tfim(n)))
    case("z_feature_map + weights", lambda n: behind(lib.z_feature_map(n, reps=1), local))
    case("zz_feature_map + weights", lambda n: behind(lib.zz_feature_map(n, reps=2, entanglement="linear"), local))
    case("zz_feature_map full + weights", lambda n: behind(lib.zz_feature_map(n, reps=1), parity))
    case("pauli_feature_map + weights", lambda n: behind(
        lib.pauli_feature_map(n, reps=1, paulis=["Z", "XY"], entanglement="linear"), total))  # fmt: skip
    case("upload again", lambda n: upload_again(n, 2))


def _half_filled(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    circuit.x(range(0, n, 2))
    return circuit


def _two_z(n: int) -> SparsePauliOp:
    return pauli_sum(n, [("ZZ", (n // 2 - 1, n // 2), 1.0)])


def _physics() -> None:
    for number in range(1, 20):
        word, seen = list(OBSERVABLES.items())[number % 3]
        case(f"sim {number} {word}", lambda n, k=number, o=seen: (catalogue.sim_template(k).circuit(n), o(n)))
    for graph in GRAPHS:
        for p in range(1, 9):
            case(f"qaoa {graph} p={p}", lambda n, g=graph, p=p: qaoa(n, g, p, weighted=False))
        for p in (1, 3):
            case(f"qaoa weighted {graph} p={p}", lambda n, g=graph, p=p: qaoa(n, g, p, weighted=True))
    for reps in (1, 4):
        case(f"hva tfim {reps}", lambda n, r=reps: hva_tfim(n, r))
        case(f"hva xxz {reps}", lambda n, r=reps: hva_xxz(n, r, own=2, observable=xxz))
        case(f"hva heisenberg {reps}", lambda n, r=reps: hva_xxz(n, r, own=1, observable=heisenberg))
    case("ising trotter", lambda n: trotter_ising(n, 3))
    case("uccsd 2 electrons", lambda n: uccsd(n, 1), qpy=True)
    case("uccsd 4 electrons", lambda n: uccsd(n, 2), (8, 12, 16), qpy=True)
    case("k-upccgsd", lambda n: k_upccgsd(n, 1), (4, 12, 30, 60), qpy=True)
    case("adapt 12", lambda n: adapt(n, 12))
    case("qubit adapt 12", lambda n: qubit_adapt(n, 12))
    case("givens", givens)


def _learning_and_benchmarks() -> None:
    case("qcnn shared", lambda n: qcnn(n, shared=True))
    case("qcnn independent", lambda n: qcnn(n, shared=False))
    case("iqp complete", lambda n: iqp(n, pairs=complete(n)))
    case("iqp ring", lambda n: iqp(n, pairs=ring(n)))
    case("controlled phases ring", lambda n: controlled_phases(n, 2, ring(n)))
    case("controlled phases complete", lambda n: controlled_phases(n, 1, complete(n)))
    case("vqe_real_amp", lambda n: (lib.real_amplitudes(n, entanglement="full", reps=3), tfim(n)))
    case("vqe_su2", lambda n: (lib.efficient_su2(n, entanglement="full", reps=3), tfim(n)))
    case("vqe_two_local", lambda n: (lib.n_local(n, "ry", "cz", "full", reps=3), tfim(n)))
    case("qnn", lambda n: behind(lib.z_feature_map(n, reps=2), parity, reps=1))
    case("dnn", dnn)
    case("weights behind T gates", magic)
    case("vqe heavy", lambda n: (lib.efficient_su2(n, entanglement="pairwise", reps=4), heisenberg(n)))


_qiskit_library()
_physics()
_learning_and_benchmarks()

"""Every fixed gate on random Paulis, through every kernel that walks a tape, against Stim."""

from __future__ import annotations

import numpy as np
import stim
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.interference import walk_terms
from qtrain.circuits.pauli_tape import Tape, build_tape
from qtrain.circuits.program import PauliProgram, lower
from qtrain.kernels import clifford, pair_paths, pauli_paths, reachability, truncation
from qtrain.kernels.bits import WORDS, popcount
from qtrain.kernels.paulis import pack_bits, unpack_bits

SINGLE = {"h": "H", "s": "S", "sdg": "S_DAG", "x": "X", "y": "Y", "z": "Z", "sx": "SQRT_X", "sxdg": "SQRT_X_DAG"}
DOUBLE = {"cx": "CX", "cz": "CZ", "swap": "SWAP"}
NAMED = {"rx": "X", "ry": "Y", "rz": "Z", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "rzx": "ZX"}
SEEDS = st.integers(0, 2**32 - 1)


def random_fixed(rng: np.random.Generator, n: int, gates: int) -> tuple[PauliProgram, list[stim.Circuit]]:
    """A random circuit of fixed gates alone, and each op of its program as a Stim circuit, in time order."""
    circuit, bound = QuantumCircuit(n), {}
    for k in range(gates):
        kind = rng.integers(4)
        places = [int(q) for q in rng.permutation(n)]
        angle = int(rng.integers(-6, 7)) * np.pi / 2
        if kind == 0:
            getattr(circuit, rng.choice(list(SINGLE)))(places[0])
        elif kind == 1:
            getattr(circuit, rng.choice(list(DOUBLE)))(*places[:2])
        elif kind == 2:
            name = str(rng.choice(list(NAMED)))
            if rng.random() < 0.5:  # a weight that is bound later stays a rotation, of one qubit too
                weight = Parameter(f"w{k:03d}")
                bound[weight.name], angle = angle, weight
            getattr(circuit, name)(angle, *places[: len(NAMED[name])])
        else:
            label = "".join(rng.choice(list("XYZ"), rng.integers(1, min(n, 4) + 1)))
            circuit.append(PauliEvolutionGate(SparsePauliOp(label), time=angle / 2), places[: len(label)])
    program = lower(circuit)
    program = program.bind_weights({i: bound[name] for i, name in enumerate(program.weights)})
    return program, [as_stim(program, i) for i in range(len(program))]


def as_stim(program: PauliProgram, i: int) -> stim.Circuit:
    gate = stim.Circuit()
    gate.append("I", range(program.num_qubits))
    if program.opcode[i]:
        names = ["", *list(SINGLE.values())[:6], "SQRT_X", "SQRT_X_DAG", *DOUBLE.values()]
        gate.append(names[program.opcode[i]], [int(q) for q in program.qubits[i] if q >= 0])
    else:
        own = slice(program.start[i], program.start[i + 1])
        target = stim.PauliString(program.num_qubits)
        for q, letter in zip(program.support[own], program.letters[own], strict=True):
            target[int(q)] = "IXZY"[letter]
        for _ in range(round(program.offset[i] / (np.pi / 2)) % 4):
            gate.append("SPP", stim.target_combined_paulis(target))
    return gate


def random_paulis(rng: np.random.Generator, n: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    x, z = rng.integers(0, 2, (2, count, n)).astype(np.uint8)
    return np.ascontiguousarray(x), np.ascontiguousarray(z)


def pauli(x: np.ndarray, z: np.ndarray) -> stim.PauliString:
    return stim.PauliString.from_numpy(xs=x.astype(bool), zs=z.astype(bool))


def bits(string: stim.PauliString) -> tuple[list[int], list[int], int]:
    x, z = string.to_numpy()
    return x.astype(int).tolist(), z.astype(int).tolist(), int(string.sign.real)


def pulled(gates: list[stim.Circuit], string: stim.PauliString) -> list[stim.PauliString]:
    """Q -> C^dagger Q C through the gates from the last to the first: the string after each of them."""
    out = []
    for gate in gates[::-1]:
        string = string.before(gate)
        out.append(string)
    return out


def setting(seed: int, paulis: int = 3) -> tuple:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    program, gates = random_fixed(rng, n, int(rng.integers(1, 12)))
    return rng, n, program, gates, build_tape(program), *random_paulis(rng, n, paulis)


def ends(gates: list[stim.Circuit], x: np.ndarray, z: np.ndarray) -> list[tuple[list[int], list[int], int]]:
    return [bits([pauli(a, b), *pulled(gates, pauli(a, b))][-1]) for a, b in zip(x, z, strict=True)]


@given(SEEDS)
def test_terms_with_their_signs(seed):
    _, _, _, gates, tape, x, z = setting(seed, 70)  # more than one word
    x_end, z_end, sign, _ = walk_terms(tape, x, z)
    assert list(zip(x_end.tolist(), z_end.tolist(), sign.tolist(), strict=True)) == ends(gates, x, z)


@given(SEEDS)
def test_lanes_of_one_byte(seed):
    _, n, _, gates, tape, x, z = setting(seed, 9)
    px, pz = x.T.copy(), z.T.copy()
    sign, plus, anti = np.zeros(9, np.uint8), np.zeros(9, np.uint8), np.zeros((1, 9), np.uint8)
    for i in range(len(tape)):
        clifford.conjugate_lanes(tape.steps, i, px, pz, sign, anti, plus)
    found = zip(px.T.tolist(), pz.T.tolist(), (1 - 2 * sign.astype(int)).tolist(), strict=True)
    assert list(found) == ends(gates, x, z)


@given(SEEDS)
def test_paths_without_signs(seed):
    rng, n, _, gates, tape, x, z = setting(seed, 64 * WORDS)
    px, pz = pack_bits(x.T), pack_bits(z.T)
    lanes = [np.zeros(WORDS, np.uint64) for _ in range(2)]
    pauli_paths.walk(tape.steps, px, pz, np.zeros((1, WORDS), np.uint64), *lanes)
    some = rng.choice(len(x), 5)
    found_x, found_z = unpack_bits(px, len(x)).T, unpack_bits(pz, len(x)).T
    for a, (end_x, end_z, _) in zip(some, ends(gates, x[some], z[some]), strict=True):
        assert (found_x[a].astype(int).tolist(), found_z[a].astype(int).tolist()) == (end_x, end_z)


@given(SEEDS)
def test_frames(seed):
    _, n, program, gates, *_ = setting(seed)
    whole = sum(gates, stim.Circuit())
    whole.append("I", range(n))
    for table, letter in ((program.frame(), "Z"), (program.frame_x(), "X")):
        for q in range(n):
            string = stim.PauliString(n)
            string[q] = letter
            x, z, sign = bits(string.after(whole))
            assert (unpack_bits(table.x, n)[q].tolist(), unpack_bits(table.z, n)[q].tolist()) == (x, z)
            assert table.signs[q] == sign


@given(SEEDS)
def test_generators_pulled_to_the_input(seed):
    _, n, program, gates, *_ = setting(seed)
    ops = np.flatnonzero(program.opcode == 0)
    slot = np.full(len(program), -1)
    slot[ops] = np.arange(len(ops))
    x, z, phase, *_ = clifford.compose(
        n, program.opcode, program.qubits, program.start, program.support, program.letters,
        np.maximum(program.turns, 0), slot, len(ops), False,
    )  # fmt: skip
    for k, i in enumerate(ops):
        string = stim.PauliString(program.pauli(i)[::-1].replace("I", "_"))
        end_x, end_z, sign = bits([string, *pulled(gates[:i], string)][-1])
        assert unpack_bits(x, n)[k].tolist() == end_x and unpack_bits(z, n)[k].tolist() == end_z
        letters_y = int(np.sum(np.array(end_x) & np.array(end_z)))
        assert (phase[k] - letters_y) % 4 == (0 if sign > 0 else 2)


@given(SEEDS)
def test_weights_on_the_way(seed):
    _, n, _, gates, tape, x, z = setting(seed)
    bounds = np.arange(len(x) + 1)
    largest, hit = np.zeros(len(x), np.int64), np.zeros(len(x), np.bool_)
    truncation.path_weights(
        tape.steps, x, z, bounds, bounds[:-1], bounds, 0, np.full(tape.num_rows, 0.5), largest,
        np.zeros(len(x), np.int64), np.zeros(len(x), np.int64), hit, np.zeros(0), np.zeros(0, np.int64),
    )  # fmt: skip
    for a in range(len(x)):
        way = [pauli(x[a], z[a]), *pulled(gates, pauli(x[a], z[a]))]
        assert largest[a] == max(string.weight for string in way)
        assert hit[a] == (not way[-1].to_numpy()[0].any())


@given(SEEDS)
def test_ops_that_change_something(seed):
    """One Pauli from the measurement, the stabilisers of |0...0> from the input."""
    _, n, _, gates, tape, x, z = setting(seed)

    def kept(rows_x, rows_z, forward):
        planes = [np.pad(pack_bits(b.T), ((0, 0), (0, 1))) for b in (rows_x, rows_z)]
        out = np.zeros(len(tape), np.bool_)
        reachability.meets(tape.steps, forward, *planes, len(rows_x), np.zeros(1, np.bool_), out)
        return out.tolist()

    way = [pauli(x[0], z[0]), *pulled(gates, pauli(x[0], z[0]))]
    assert kept(x[:1], z[:1], False) == [a != b for a, b in zip(way[:-1], way[1:], strict=True)]
    strings, changed = [pauli(np.zeros(n), row) for row in np.eye(n)], []
    for gate in gates:
        changed.append(any(s != s.after(gate) for s in strings))
        strings = [s.after(gate) for s in strings]
    assert kept(np.zeros((n, n), np.uint8), np.eye(n, dtype=np.uint8), True) == changed[::-1]


@given(SEEDS)
def test_means_of_terms_that_stay(seed):
    rng, n, _, gates, tape, x, z = setting(seed)
    bloch, mean = rng.normal(size=(n, 3)), np.zeros(1)
    expected = 0.0
    for end_x, end_z, sign in ends(gates, x, z):
        letters = np.array(end_x) + 2 * np.array(end_z)
        expected += sign * np.prod([bloch[q, v - 1] for q, v in enumerate(letters) if v])
    pair_paths.mean_gradients(tape.steps, np.zeros(0), x, z, np.ones(len(x)), bloch, mean, np.zeros(0))
    assert np.isclose(mean[0], expected, rtol=1e-12, atol=1e-12)


@given(SEEDS)
def test_signs_of_branches(seed):
    """i P Q where P and Q anticommute, for a rotation about P: Stim multiplies them."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    (px,), (pz,) = random_paulis(rng, n, 1)
    px[0] |= 1 - (px | pz).any()
    places = np.flatnonzero(px | pz)
    circuit = QuantumCircuit(n)
    label = "".join("IXZY"[px[q] + 2 * pz[q]] for q in places[::-1])
    circuit.append(PauliEvolutionGate(SparsePauliOp(label), time=Parameter("a")), places.tolist())
    tape: Tape = build_tape(lower(circuit))
    x, z = random_paulis(rng, n, 12)
    anti, plus = np.zeros((1, 12), np.uint8), np.zeros(12, np.uint8)
    clifford.meet_lanes(tape.steps, 0, x.T.copy(), z.T.copy(), anti, plus)
    generator = pauli(px, pz)
    for k in range(12):
        other = pauli(x[k], z[k])
        assert anti[0, k] == (not generator.commutes(other))
        if anti[0, k]:
            assert plus[k] == ((1j * (generator * other)).sign == 1)


def test_images_of_letters_cover_every_gate():
    """The derived table, gate by gate, letter by letter."""
    for op, name in enumerate(["", *list(SINGLE.values())[:6], "SQRT_X", "SQRT_X_DAG", *DOUBLE.values()]):
        if not op:
            continue
        gate = stim.Circuit(f"I 0 1\n{name} 0 1" if op >= 9 else f"I 0 1\n{name} 0")
        for a in range(4):
            for b in range(4):
                string = stim.PauliString("_XZY"[a] + "_XZY"[b]).before(gate)
                assert clifford.IMAGES[op, a, b].tolist() == ["IXZY".index("IXYZ"[string[q]]) for q in range(2)]


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=8))
def test_counts_of_bits(words):
    from numba import njit

    count = njit(lambda word: popcount(word))
    assert [count(np.uint64(word)) for word in words] == [word.bit_count() for word in words]

"""Lie algebras: tables of theorems, brute force on random sets, the observable's module."""

import math

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import SparsePauliOp

from qtrain.errors import QTrainError
from qtrain.kernels.paulis import pack_labels
from qtrain.lie.classification import algebra_name, classify, total_dimension
from qtrain.lie.dla import dla
from qtrain.lie.result import DLAResult
from qtrain.lie.symmetrize import symmetrize


def place(n, **letters):
    """Label with letters at qubits: place(3, q0="X")."""
    return "".join(letters.get(f"q{q}", "I") for q in reversed(range(n)))


def bonds(n, letters, ring=False):
    return [
        place(n, **{f"q{i}": letters[0], f"q{(i + 1) % n}": letters[1]}) for i in range(n if ring else n - 1)
    ]


def sites(n, letter):
    return [place(n, **{f"q{i}": letter}) for i in range(n)]


def total(labels):
    return SparsePauliOp(labels)


def frame_circuit(n, repetitions, entangler, ring=False):
    circuit, count = QuantumCircuit(n), 0
    for _ in range(repetitions):
        for q in range(n):
            circuit.ry(Parameter(f"t{count:04d}"), q)
            count += 1
        for q in range(n if ring else n - 1):
            getattr(circuit, entangler)(q, (q + 1) % n)
    return circuit


STRINGS = [
    *[(f"tfim {n}", bonds(n, "ZZ") + sites(n, "X"), n * (2 * n - 1), f"so({2 * n})") for n in (3, 4, 6, 20)],
    *[(f"tfim + Z {n}", bonds(n, "ZZ") + sites(n, "X") + [place(n, q0="Z")], n * (2 * n + 1), f"so({2 * n + 1})") for n in (3, 5)],
    *[(f"tfim ring {n}", bonds(n, "ZZ", True) + sites(n, "X"), 2 * n * (2 * n - 1), f"2 so({2 * n})") for n in (4, 5, 8)],
    *[(f"xx yy {n}", bonds(n, "XX") + bonds(n, "YY"), n * (n - 1), f"2 so({n})") for n in (5, 6, 9)],
    ("heisenberg 5", bonds(5, "XX") + bonds(5, "YY") + bonds(5, "ZZ"), 4**4 - 1, "su(16)"),
    ("heisenberg 6", bonds(6, "XX") + bonds(6, "YY") + bonds(6, "ZZ"), 4 * (4**4 - 1), "4 su(16)"),
    *[(f"universal {n}", bonds(n, "ZZ") + sites(n, "X") + sites(n, "Z"), 4**n - 1, f"su({2**n})") for n in (3, 5, 10)],
]  # fmt: skip


@pytest.mark.parametrize(("name", "labels", "dimension", "algebra"), STRINGS, ids=[row[0] for row in STRINGS])
def test_strings(name, labels, dimension, algebra):
    result = dla(labels)
    assert (result.dimension, result.complete, result.algebra) == (dimension, True, algebra)
    assert both_ways(labels) == (dimension, algebra)


def both_ways(labels):
    """Dimension and name by the kernel for few labels (more take the general way at once), and by the general way."""
    labels = list(dict.fromkeys(labels))
    parts, _ = classify(*pack_labels(labels), len(labels[0]))
    general = total_dimension(parts), algebra_name(parts)
    result = dla(labels)
    assert (result.dimension, result.algebra) == general, labels
    return general


@pytest.mark.parametrize("n", [4, 5, 6])
def test_multi_angle_qaoa_on_the_complete_graph(n):
    pairs = [place(n, **{f"q{i}": "Z", f"q{j}": "Z"}) for i in range(n) for j in range(i)]
    assert dla(pairs + sites(n, "X")).dimension == 2 * (4 ** (n - 1) - 1)


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_fixed_cliffords_decide(n):
    """RY with CZ or CX: the fixed layer decides the algebra."""
    deep = 4 * n
    assert dla(frame_circuit(n, deep, "cz")).dimension == n * (n + 1)
    if n > 3:
        ring = n * (2 * n - 1) if n % 2 else 2 * n * (n - 1)
        assert dla(frame_circuit(n, deep, "cz", ring=True)).dimension == ring
    assert dla(frame_circuit(n, deep, "cx")).dimension == 2 ** (n - 1) * (2**n - 1)


def test_n_1000_is_quick_and_right():
    n = 1000
    assert dla(bonds(n, "ZZ") + sites(n, "X")).dimension == n * (2 * n - 1)
    assert dla(bonds(n, "ZZ") + sites(n, "X") + sites(n, "Z")).dimension == 4**n - 1


SUMS = [
    *[(f"hva open {n}", [total(bonds(n, "ZZ")), total(sites(n, "X"))], n * n) for n in (2, 4, 7)],
    *[(f"hva ring {n}", [total(bonds(n, "ZZ", True)), total(sites(n, "X"))], 3 * n - 1) for n in (3, 6, 9, 12)],
    *[(f"permutations {n}", [total(sites(n, "X")), total(sites(n, "Y")),
        total([place(n, **{f"q{i}": "Z", f"q{j}": "Z"}) for i in range(n) for j in range(i)])],
       math.comb(n + 3, 3) - n // 2) for n in (3, 5, 8)],
    *[(f"xxz {n}", [total(bonds(n, "XX") + bonds(n, "YY")), total(bonds(n, "ZZ"))], d) for n, d in ((2, 2), (3, 4), (4, 19), (5, 62))],
    ("u(n) 4", [total([a, b]) for a, b in zip(bonds(4, "XX"), bonds(4, "YY"), strict=True)] + sites(4, "Z"), 16),
]  # fmt: skip


@pytest.mark.parametrize(("name", "generators", "dimension"), SUMS, ids=[row[0] for row in SUMS])
def test_sums(name, generators, dimension):
    result = dla([SparsePauliOp(g) if isinstance(g, str) else g for g in generators])
    assert (result.dimension, result.complete) == (dimension, True)


@pytest.mark.parametrize("n", [3, 5])
def test_shared_parameters_of_a_circuit_are_sums(n):
    circuit, theta = QuantumCircuit(n), ParameterVector("t", 6)
    for layer in range(3):
        for i in range(n - 1):
            circuit.rzz(theta[2 * layer], i, i + 1)
        for i in range(n):
            circuit.rx(theta[2 * layer + 1], i)
    assert dla(circuit).dimension == n * n


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9))
def test_random_strings_against_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    labels = ["".join(rng.choice(list("IXYZ"), n, p=[0.4, 0.2, 0.2, 0.2])) for _ in range(rng.integers(1, 9))]
    labels = [label for label in dict.fromkeys(labels) if set(label) != {"I"}] or ["X" * n]
    assert both_ways(labels)[0] == len(reference.pauli_lie_closure(labels))


def test_a_fixed_sweep_against_brute_force():
    rng = np.random.default_rng(7)
    for _ in range(2000):
        n = int(rng.integers(2, 5))
        labels = ["".join(rng.choice(list("IXYZ"), n)) for _ in range(rng.integers(2, 7))]
        labels = [label for label in dict.fromkeys(labels) if set(label) != {"I"}] or ["Z" * n]
        assert dla(labels).dimension == len(reference.pauli_lie_closure(labels)), labels


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9))
def test_both_classifications_agree_beyond_brute_force(seed):
    """Sparse strings make free fermions and many components, dense ones the large algebras; up to one word of each."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(3, 65)), int(rng.integers(1, 65))
    idle = rng.choice([0.25, 0.8, 0.95])
    letters = rng.choice(list("IXYZ"), (m, n), p=[idle, *[(1 - idle) / 3] * 3])
    both_ways(["".join(row) for row in letters])


@pytest.mark.parametrize("n", [9, 20, 32])
def test_one_word_of_labels_and_one_more(n):
    open_chain = bonds(n, "ZZ") + sites(n, "X")  # at n = 32 63 labels
    assert both_ways(open_chain) == (n * (2 * n - 1), f"so({2 * n})")
    assert both_ways([*open_chain, place(n, q0="Z")]) == (n * (2 * n + 1), f"so({2 * n + 1})")
    assert both_ways([*open_chain, place(n, q0="Z"), place(n, q0="Y")])[0] == n * (2 * n + 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_random_sums_against_dense_brackets(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    generators = []
    for _ in range(rng.integers(1, 4)):
        labels = ["".join(rng.choice(list("IXYZ"), n)) for _ in range(rng.integers(1, 4))]
        item = SparsePauliOp(labels, rng.choice([1.0, -1.0, 2.0, 0.5], len(labels))).simplify()
        if np.abs(item.coeffs).max() > 0 and any(set(label) != {"I"} for label in labels):
            generators.append(item)
    generators = generators or [SparsePauliOp("Z" * n)]
    assert dla(generators).dimension == reference.lie_closure_dimension(generators)


def test_a_budget_gives_a_lower_bound():
    n = 6
    result = dla(
        [total(bonds(n, "XX") + bonds(n, "YY")), total(bonds(n, "ZZ") + sites(n, "X"))],
        max_dimension=20,
    )
    assert (result.dimension, result.complete) == (20, False)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_the_module_against_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    labels = ["".join(rng.choice(list("IXYZ"), n)) for _ in range(rng.integers(1, 6))]
    labels = [label for label in labels if set(label) != {"I"}] or ["X" * n]
    start = "".join(rng.choice(list("XYZ"), n))
    assert dla(labels, observable=start).module_dimension == len(reference.module([start], labels))


@pytest.mark.parametrize("n", [4, 6])
def test_deep_ry_cz_line(n):
    """Small algebra, flat middle: E f^2 = 1 / C(n + 1, q + 1)."""
    circuit = frame_circuit(n, 4 * n, "cz")
    for q in range(n):
        result = dla(circuit, observable=place(n, **{f"q{q}": "Z"}))
        assert result.deep_cost_second_moment == pytest.approx(1 / math.comb(n + 1, q + 1))
        assert result.preconditions


@pytest.mark.parametrize(("start", "label", "expected"), [
    ("plus", "IIIIIX", 1 / 11), ("zero", "IIIIIZ", 1 / 12), ("plus", "IIIIXX", 1 / 33), ("zero", "IIIIZZ", 5 / 66),
])  # fmt: skip
def test_deep_ising(start, label, expected):
    n, count = 6, 0
    circuit = QuantumCircuit(n)
    if start == "plus":
        circuit.h(range(n))
    for _ in range(2):
        for i in range(n - 1):
            circuit.rzz(Parameter(f"a{count:03d}"), i, i + 1)
            count += 1
        for i in range(n):
            circuit.rx(Parameter(f"a{count:03d}"), i)
            count += 1
    result = dla(circuit, observable=label)
    assert result.deep_cost_second_moment == pytest.approx(expected)
    assert np.all(result.deep_variance <= expected + 1e-12)


def test_json_round_trip():
    result = dla(frame_circuit(3, 5, "cz"), observable="IIZ")
    assert DLAResult.from_json(result.to_json()).to_json() == result.to_json()


@pytest.mark.parametrize(
    ("generators", "sentence"),
    [
        ([], "at least one generator"),
        (["XX", "X"], "one number of qubits"),
        (["XA"], "letters I, X, Y, Z"),
        (["XÄ"], "letters I, X, Y, Z"),
        (["XX", "XY", "Zi"], "letters I, X, Y, Z.*place 2"),
        ([""], "letters I, X, Y, Z"),
        (["XX", ""], "letters I, X, Y, Z"),
        (["X" * 65, "Z"], "one number of qubits"),
        ([SparsePauliOp("X", [1j])], "Hermitian"),
        ("XX", "a list of Pauli labels"),
        (3, "a list of Pauli labels"),
        ([3], "Pauli labels or SparsePauliOps"),
    ],
)
def test_wrong_generators(generators, sentence):
    with pytest.raises(QTrainError, match=sentence):
        dla(generators)


def test_fixed_rotations_at_the_input_are_no_matter():
    """They prepare a state; the algebra is that of what follows, and no deep limit of |0...0> is claimed."""
    body = frame_circuit(4, 3, "cz")
    prepared = QuantumCircuit(4)
    for q in range(4):
        prepared.ry(np.pi / 4, q)
    prepared.rzz(0.3, 0, 1)
    result = dla(prepared.compose(body), observable="IIIZ")
    alone = dla(body, observable="IIIZ")
    assert (result.dimension, result.algebra) == (alone.dimension, alone.algebra)
    assert result.module_dimension == alone.module_dimension
    assert alone.deep_variance is not None
    assert result.deep_variance is None
    commuting = QuantumCircuit(2)
    commuting.rz(Parameter("a"), 0)
    commuting.t(0)  # behind the weight, but it commutes with it
    commuting.rx(Parameter("b"), 1)
    assert dla(commuting).dimension == 2


def test_a_fixed_t_gate_is_named():
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    circuit.t(0)
    with pytest.raises(QTrainError, match="gate 1"):
        dla(circuit)


def test_symmetrize_by_projection():
    n = 3
    flip = SparsePauliOp("XXX").to_matrix()
    for group, unitaries in {
        "Z2": [np.eye(8), flip],
        "cyclic": None,
        "permutation": None,
    }.items():
        result = symmetrize(["IZZ", "IIX", "IIZ", "IXY"], group)
        assert result
        for item in result:
            matrix = item.to_matrix()
            if unitaries is not None:
                assert np.allclose(flip @ matrix, matrix @ flip)
            else:
                labels = dict(item.to_list())
                for label, c in labels.items():
                    assert labels[label[1:] + label[:1]] == pytest.approx(c)
    number = sum(SparsePauliOp(place(n, **{f"q{q}": "Z"})).to_matrix() for q in range(n))
    for item in symmetrize(["IXX", "IXY", "XYZ", "IIX", "ZZI"], "U1"):
        assert np.allclose(item.to_matrix() @ number, number @ item.to_matrix())
    assert [g.to_list() for g in symmetrize(["IX", "XI"], "permutation")] == [[("IX", 0.5), ("XI", 0.5)]]
    assert [g.paulis.to_labels() for g in symmetrize(["XI", "ZZ"], ["XX"])] == [["XI"], ["ZZ"]]


@pytest.mark.parametrize(
    ("generators", "group", "sentence"),
    [([], "Z2", "at least one"), (["X"], "SU5", "group should be one of"), (["XX"], ["XI", "ZI"], "commute"), (["XX"], ["X"], "on 2 qubits")],
)  # fmt: skip
def test_symmetrize_refuses(generators, group, sentence):
    with pytest.raises(QTrainError, match=sentence):
        symmetrize(generators, group)


def chain(n, *, ring):
    bonds = [[q, (q + 1) % n] for q in range(n if ring else n - 1)]
    return [SparsePauliOp.from_sparse_list([("ZZ", b, 1.0) for b in bonds], n),
            SparsePauliOp.from_sparse_list([("X", [q], 1.0) for q in range(n)], n)]  # fmt: skip


def equivariant(n):
    """Generators that commute with every permutation of the qubits."""
    pairs = [("ZZ", [a, b], 1.0) for a in range(n) for b in range(a)]
    singles = [SparsePauliOp.from_sparse_list([(letter, [q], 1.0) for q in range(n)], n) for letter in "XY"]
    return [*singles, SparsePauliOp.from_sparse_list(pairs, n)]


@pytest.mark.parametrize("n", [3, 4, 5, 6, 9])
def test_sums_are_named(n):
    assert dla(chain(n, ring=True)).algebra == f"{n - 1} su(2) + 2 u(1)"
    assert dla(chain(n, ring=False)).algebra == f"su({n}) + u(1)"  # u(n)
    # spins j = n/2, n/2 - 1, ...: a block of su(2j + 1) for each, with one common u(1)
    blocks = [f"su({k})" for k in range(n + 1, 1, -2)]
    found = dla(equivariant(n)).algebra
    assert found == (" + ".join([*blocks, "u(1)"]) if n < 9 else None)  # dimension 216: beyond the naming


def test_a_ring_of_60_is_quick():
    """Orbits under translations and reflection: a second in Python would show a slow canonical form."""
    result = dla([total(bonds(60, "ZZ", True)), total(sites(60, "X"))])
    assert (result.dimension, result.algebra) == (3 * 60 - 1, "59 su(2) + 2 u(1)")
    assert "translations of the qubits and their reflection" in result.method


def test_named_sums_have_their_dimension():
    size = {"su": lambda k: k * k - 1, "so": lambda k: k * (k - 1) // 2, "sp": lambda k: k * (2 * k + 1), "u": lambda k: k * k}
    for generators in (chain(5, ring=True), equivariant(6), [SparsePauliOp(["XXI", "IXX"], [1.0, 0.5]), SparsePauliOp("ZIZ")]):
        found = dla(generators)
        total = 0
        for part in found.algebra.split(" + "):
            count, _, name = part.rpartition(" ")
            kind, _, k = name.rstrip(")").partition("(")
            total += int(count or 1) * size[kind](int(k))
        assert total == found.dimension


def test_names_survive_a_change_of_basis():
    """Conjugation by Cliffords changes the strings, not the algebra."""
    circuit = QuantumCircuit(4)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.s(1)
    circuit.cx(2, 3)
    circuit.cx(1, 2)
    moved = [SparsePauliOp(g.paulis.evolve(circuit, frame="s"), g.coeffs) for g in chain(4, ring=True)]
    assert dla(moved).algebra == "3 su(2) + 2 u(1)"

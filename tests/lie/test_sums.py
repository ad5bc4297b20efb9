"""Sums of Pauli strings with any weights: dimension, name and module against exact fractions, and what they refuse."""

import itertools
import math
import re

import networkx as nx
import numpy as np
import pytest
import rational_lie
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from shared_angles import qaoa

from qtrain.budget import Budget
from qtrain.circuits.problem import pose
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.kernels import lie_closure as kernel
from qtrain.lie import closure, sums
from qtrain.lie.dla import algebra, dla
from qtrain.lie.sums import circuit_sums, whole


def operator(terms):
    return SparsePauliOp(list(terms), list(terms.values()))


@st.composite
def weighted(draw, num_qubits, most=3):
    """label -> weight: normal, over twelve decades, or from a handful of values that recur."""
    text = st.text("IXYZ", min_size=num_qubits, max_size=num_qubits)
    labels = draw(st.lists(text, min_size=1, max_size=most, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = {
        "normal": rng.normal(size=len(labels)),
        "decades": rng.normal(size=len(labels)) * 10.0 ** rng.uniform(-12, 0, len(labels)),
        "recurring": rng.choice([1.0, -1.0, 0.1, 0.3, -1 / 3, 1e-12], len(labels)),
    }[draw(st.sampled_from(["normal", "decades", "recurring"]))]
    return dict(zip(labels, weights.tolist(), strict=True))


@st.composite
def cases(draw):
    n = draw(st.integers(1, 3))
    small = n < 3
    generators = draw(st.lists(weighted(n, most=3 if small else 2), min_size=1, max_size=3 if small else 2))
    return n, generators, draw(weighted(n))


def facts(name):
    """(dimension, dimension of the centre, rank) of an algebra by its name."""
    total = np.zeros(3, int)
    for part in name.split(" + "):
        count, kind, size = re.fullmatch(r"(?:(\d+) )?([a-z]+)(?:\((\d+)\))?\d?", part).groups()
        k = int(size or 0)
        one = {
            "u": (1, 1, 1), "su": (k * k - 1, 0, k - 1), "so": (k * (k - 1) // 2, 0, k // 2),
            "sp": (k * (2 * k + 1), 0, k), "g": (14, 0, 2),
        }[kind]  # fmt: skip
        total += int(count or 1) * np.array(one)
    return tuple(total.tolist())


@settings(max_examples=40, deadline=None)
@given(cases())
def test_any_weights_against_fractions(case):
    n, generators, observable = case
    exact = [rational_lie.rational(terms) for terms in generators]
    found = dla([operator(terms) for terms in generators], observable=operator(observable))
    expected = rational_lie.invariants(exact)
    assert (found.dimension, found.complete) == (expected[0], True)
    assert found.algebra is None or facts(found.algebra) == expected
    seed = {p: c for p, c in observable.items() if p != "I" * n and c != 0}
    if seed and any(len(terms) > 1 for terms in exact):
        module = len(rational_lie.closure(exact, [rational_lie.rational(seed)]))
        assert (found.module_dimension, found.module_complete) == (module, True)


def test_a_set_that_rounding_got_wrong():
    generators = [
        SparsePauliOp(["IX", "IZ"], [1.8318288343765008, 0.04476487285221858]),
        SparsePauliOp(["XY", "YZ", "ZY"], [0.07075339608412151, 0.052793341759103475, 0.2533618289640888]),
    ]
    found = dla(generators)
    assert (found.dimension, found.complete, found.algebra) == (10, True, "so(5)")


@pytest.mark.parametrize("weight", [1e308, 1e150, 1e-13, 1e-300, 5e-324])
def test_no_weight_is_too_large_or_too_small(weight):
    """su(2) of each qubit comes apart as soon as the weights differ at all."""
    apart = [SparsePauliOp(["XI", "IX"], [1.0, weight]), SparsePauliOp(["ZI", "IZ"])]
    assert dla(apart).dimension == 6
    together = [SparsePauliOp(["XI", "IX"], [weight, weight]), SparsePauliOp(["ZI", "IZ"])]
    assert (dla(together).dimension, dla(together).algebra) == (3, "su(2)")
    cancelled = [SparsePauliOp(["XI", "IX", "IX"], [1.0, weight, -weight]), SparsePauliOp(["ZI", "IZ"])]
    assert dla(cancelled).dimension == 4  # X and the sum of Z: su(2) of one qubit, Z of the other


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-9, 1e-15])
def test_a_name_is_right_or_missing(gap):
    """Two spins that hardly differ: floats cannot tell below some gap, and then there is no name."""
    found = dla(
        [SparsePauliOp(["XI", "IX"], [1.0, gap]), SparsePauliOp(["ZI", "IZ"], [1.0, math.sqrt(2) * gap])]
    )
    assert found.dimension == 6
    assert found.algebra in (None, "2 su(2)")


@pytest.mark.parametrize(
    ("generators", "sentence"),
    [
        ([SparsePauliOp("XX", [math.nan])], "finite coefficients"),
        ([SparsePauliOp(["XX", "ZZ"], [1.0, math.nan])], "finite coefficients"),
        ([SparsePauliOp(["XX", "ZZ"], [1.0, 1e-9j])], "Hermitian"),
        ([SparsePauliOp("XX", [0.0]), SparsePauliOp(["ZZ", "ZZ"], [1.0, -1.0])], "not zero"),
        ([SparsePauliOp("XX", np.array([ParameterVector("t", 1)[0]]))], "bind them first"),
        ([SparsePauliOp([""])], "at least 1 qubit"),
    ],
)
def test_wrong_weights_are_named(generators, sentence):
    with pytest.raises(QTrainError, match=sentence):
        dla(generators)


def test_whole_weights_are_the_floats():
    assert whole([((1, 0), 0.1), ((2, 0), 0.2), ((3, 0), 0.3)]) != {(1, 0): 1, (2, 0): 2, (3, 0): 3}
    assert whole([((1, 0), 0.1), ((2, 0), 0.2)]) == {(1, 0): 1, (2, 0): 2}
    assert whole([((1, 0), -2.0), ((2, 0), 3e-320), ((1, 0), 2.0)]) == {(2, 0): 1}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(kernel.SHORT))
def test_the_kernel_counts_ranks_modulo_its_primes(seed, short):
    """Vectors of known rank, some of them close to the prime; no matrices."""
    rng = np.random.default_rng(seed)
    rank, size, extra, p = (
        int(rng.integers(1, 9)),
        int(rng.integers(9, 80)),
        int(rng.integers(0, 9)),
        kernel.prime(short),
    )
    rows = [[int(v) for v in rng.integers(p - 3 if rng.random() < 0.3 else 0, p, size)] for _ in range(rank)]
    for _ in range(extra):
        factors = [int(v) for v in rng.integers(0, p, rank)]
        rows.append([sum(f * rows[k][c] for k, f in enumerate(factors)) % p for c in range(size)])
    dense = {}
    for row in rows:
        rational_lie.add(dense, {c: v for c, v in enumerate(row) if v}, p)
    seeds = np.array(rows, np.uint64)[rng.permutation(len(rows))]
    ends, lead, state = np.zeros(size + 1, np.int64), np.full(size, -1), np.zeros(4, np.int64)
    places, entries = np.zeros(size * size, np.int32), np.zeros(size * size, np.uint64)
    null = rng.integers(0, p, size, np.uint64)
    nothing, none = np.zeros(size + 1, np.int64), np.zeros(0, np.int32)
    maps = (nothing, none, none, np.zeros(0, np.int8), np.zeros(1, np.int64), none, np.zeros(0, np.uint64))
    which, where = np.nonzero(seeds)
    given = np.searchsorted(which, np.arange(len(seeds) + 1)), where.astype(np.int32), seeds[which, where]
    status = kernel.close_span(
        *maps, np.ones(size, bool), *given, ends, places, entries, lead, null, state, size, 2**60, np.uint64(short)
    )
    assert (status, state[0]) == (kernel.CLOSED, len(dense))
    for k in range(state[0]):  # what tells new vectors from old ones vanishes on all that were found
        line = slice(ends[k], ends[k + 1])
        assert sum(int(e) * int(null[c]) for c, e in zip(places[line], entries[line])) % p == 0


# --------------------------------------------------------------------------- modules


def place(n, **letters):
    return "".join(letters.get(f"q{q}", "I") for q in reversed(range(n)))


def every(n, letter):
    return [place(n, **{f"q{q}": letter}) for q in range(n)]


def pairs(n, *, ring=False):
    bonds = [(q, (q + 1) % n) for q in range(n)] if ring else itertools.combinations(range(n), 2)
    return [place(n, **{f"q{a}": "Z", f"q{b}": "Z"}) for a, b in bonds]


def test_modules_of_shared_generators():
    n = 4
    equivariant = [SparsePauliOp(every(n, "X")), SparsePauliOp(every(n, "Y")), SparsePauliOp(pairs(n))]
    found = dla(equivariant, observable=SparsePauliOp(every(n, "Z")))
    assert (found.dimension, found.module_dimension, found.module_complete) == (
        33,
        32,
        True,
    )  # all but the centre
    ring = [SparsePauliOp(pairs(n, ring=True)), SparsePauliOp(every(n, "X"))]
    found = dla(ring, observable=SparsePauliOp(pairs(n, ring=True)))
    assert found.dimension == 11
    assert found.module_dimension == dense_module(ring, SparsePauliOp(pairs(n, ring=True))) <= 11


def dense_module(generators, observable):
    """Span of nested commutators with the generators by dense matrices, breadth first: depth piles up rounding."""
    adjoints = [1j * g.to_matrix() for g in generators]
    basis = np.zeros((0, 4**observable.num_qubits), complex)
    fresh = [observable.to_matrix()]
    while fresh:
        matrix = fresh.pop(0)
        rest = matrix.ravel() / np.linalg.norm(matrix)
        for _ in range(2):
            rest = rest - basis.T @ (basis.conj() @ rest)
        if np.linalg.norm(rest) > 1e-6:
            basis = np.vstack([basis, rest / np.linalg.norm(rest)])
            element = basis[-1].reshape(matrix.shape)
            fresh += [m for a in adjoints if np.linalg.norm(m := a @ element - element @ a) > 1e-6]
    return len(basis)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_modules_against_dense_matrices(seed):
    """Whole weights; symmetric under all permutations half of the time, so that orbits stand in for strings."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))

    def draw():
        labels = [
            "".join(rng.choice(list("IXYZ"), n, p=[0.55, 0.15, 0.15, 0.15]))
            for _ in range(rng.integers(1, 4))
        ]
        labels = [label for label in labels if set(label) != {"I"}] or ["Z" * n]
        if symmetric:
            labels = ["".join(p) for label in labels for p in set(itertools.permutations(label))]
        return SparsePauliOp(labels, rng.choice([1.0, 2.0, -1.0]) * np.ones(len(labels))).simplify()

    symmetric = rng.random() < 0.5
    generators, observable = [draw() for _ in range(rng.integers(1, 4))], draw()
    found = dla(generators, observable=observable)
    if any(len(g) > 1 for g in generators):
        assert (found.module_dimension, found.module_complete) == (dense_module(generators, observable), True)
        inside = dla([*generators, observable])
        if inside.dimension == found.dimension:  # the observable lies in the algebra
            assert found.module_dimension <= found.dimension


def test_shared_parameters_that_are_apart_share_no_generator():
    """One weight on both sides of another rotation: two generators, as for the algebra; no deep limit is claimed."""
    circuit, t = QuantumCircuit(2), ParameterVector("t", 2)
    circuit.rx(t[0], 0)
    circuit.rzz(t[1], 0, 1)
    circuit.rx(t[0], 1)
    found = dla(circuit, observable="IZ")
    assert (found.dimension, found.module_dimension) == (6, len(reference.module(["IZ"], ["IX", "ZZ", "XI"])))
    assert found.deep_variance is None


# --------------------------------------------------------------------------- budgets


def whole_sums(n, seed):
    """Two generic sums of strings that do not commute with each other: nothing that could be taken apart beforehand."""
    rng = np.random.default_rng(seed)
    return [
        SparsePauliOp(labels, rng.normal(size=len(labels)))
        for labels in (pairs(n) + every(n, "X"), every(n, "X") + every(n, "Z"))
    ]


def test_no_seconds_give_a_lower_bound():
    n = 6
    generic = whole_sums(n, 5)
    bound = dla(generic, observable="ZZIIII", seconds=0)
    assert not bound.complete
    assert not bound.module_complete
    assert 2 <= bound.dimension <= 4**n
    assert bound.algebra is None
    with pytest.raises(QTrainError, match="seconds should be"):
        dla(generic, seconds=-1)


@pytest.mark.parametrize("few", [3, 20, 40])
def test_rotations_that_are_not_read_give_a_lower_bound(monkeypatch, few):
    """Runs of shared angles that did not end are no generators; those that did generate a part of the algebra."""
    circuit, observable = qaoa(nx.path_graph(5), 6, [1.0, 2.0, 3.0, 5.0])
    truth = dla(circuit, observable=observable)
    assert truth.complete and truth.module_complete
    every, complete = circuit_sums(lower(circuit))
    assert complete
    monkeypatch.setattr(sums, "FEW_ROTATIONS", few)
    some, complete = circuit_sums(lower(circuit), deadline=-math.inf)
    assert not complete
    assert 0 < len(some) < len(every)
    assert all(item in every for item in some)
    part = dla(circuit, observable=observable, seconds=0)
    assert (part.complete, part.module_complete, part.algebra, part.deep_variance) == (False, False, None, None)
    assert 1 <= part.dimension <= truth.dimension
    assert 1 <= part.module_dimension <= truth.module_dimension


def test_too_many_strings_give_a_lower_bound(monkeypatch):
    """Brackets are followed as far as they are known: never more than the truth."""
    n = 4
    generic = whole_sums(n, 2)
    truth = dla(generic, observable="IIZZ")
    assert truth.complete
    for most in (12, 30, 60, 100):
        monkeypatch.setattr(closure, "MAX_COLUMNS", most)
        part = dla(generic, observable="IIZZ")
        assert 2 <= part.dimension <= truth.dimension
        assert 1 <= part.module_dimension <= truth.module_dimension
        assert not part.complete
    assert "of the first" in part.method


def test_max_dimension_bounds_the_module():
    n = 4
    ring = [SparsePauliOp(pairs(n)), SparsePauliOp(every(n, "X")), SparsePauliOp(every(n, "Y"))]
    found = dla(ring, observable=SparsePauliOp(every(n, "Z")), max_dimension=10)
    assert (found.dimension, found.complete, found.module_dimension, found.module_complete) == (
        10,
        False,
        10,
        False,
    )
    exact = dla(ring, observable=SparsePauliOp(every(n, "Z")), max_dimension=33)
    assert (exact.dimension, exact.complete, exact.module_complete) == (33, True, True)


def test_a_problem_remembers_its_algebra():
    problem = pose(real_amplitudes(3, reps=2), "IIZ", budget=Budget(max_dimension=100))
    found = algebra(problem)
    assert algebra(problem) is found
    assert found.to_json() == dla(problem.program, observable="IIZ", max_dimension=100).to_json()

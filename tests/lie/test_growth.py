"""Growth over n: the table of known algebras, exact polynomials, lower bounds that decide nothing."""

import math
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

import qtrain
from qtrain.lie.growth import DLAGrowth, decide


def place(n, qubits, letter):
    return "".join(letter if q in qubits else "I" for q in reversed(range(n)))


def sites(n, letter):
    return [place(n, [q], letter) for q in range(n)]


def bonds(n, letter, ring=False):
    return [place(n, [q, (q + 1) % n], letter) for q in range(n if ring else n - 1)]


def pairs(n, letter):
    return [place(n, [a, b], letter) for a in range(n) for b in range(a)]


def weighted(n):
    graph = nx.random_regular_graph(3, n, seed=n)
    weights = np.random.default_rng(n).normal(size=graph.number_of_edges())
    return [SparsePauliOp([place(n, e, "Z") for e in graph.edges], weights), SparsePauliOp(sites(n, "X"))]


FAMILIES = {
    "tfim": (lambda n: bonds(n, "Z") + sites(n, "X"), range(3, 40, 4), 2, [0, -1, 2]),
    "matchgates": (lambda n: bonds(n, "X") + bonds(n, "Y"), range(3, 9), 2, [0, -1, 1]),
    "tfim ring hva": (lambda n: [SparsePauliOp(bonds(n, "Z", True)), SparsePauliOp(sites(n, "X"))], range(3, 9), 1, [-1, 3]),
    "tfim open hva": (lambda n: [SparsePauliOp(bonds(n, "Z")), SparsePauliOp(sites(n, "X"))], range(3, 9), 2, [0, 0, 1]),
    "hops": (
        lambda n: [SparsePauliOp([a, b]) for a, b in zip(bonds(n, "X"), bonds(n, "Y"))] + sites(n, "Z"), range(3, 8), 2,
        [0, 0, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_known_polynomials(name):
    family, sizes, degree, coefficients = FAMILIES[name]
    found = qtrain.dla_growth(family, list(sizes)).dimension
    assert (found.decision, found.degree) == (f"polynomial of degree {degree}", degree)
    assert found.coefficients == tuple(map(str, coefficients))
    assert all(found.complete)
    assert math.isnan(found.rate)


def test_permutations_have_one_polynomial_for_even_and_one_for_odd_sizes():
    def family(n):
        return [SparsePauliOp(sites(n, "X")), SparsePauliOp(sites(n, "Y")), SparsePauliOp(pairs(n, "Z"))]

    sizes = list(range(2, 14))
    found = qtrain.dla_growth(family, sizes).dimension
    assert found.values == tuple(math.comb(n + 3, 3) - n // 2 for n in sizes)
    assert (found.decision, found.degree) == ("polynomial of degree 3", 3)
    assert "even and of odd n apart" in found.reason
    assert qtrain.dla_growth(family, sizes[:7]).dimension.decision == "not decided"


def test_exponential_families():
    heisenberg = qtrain.dla_growth(lambda n: bonds(n, "X") + bonds(n, "Y") + bonds(n, "Z"), range(3, 20)).dimension
    assert heisenberg.decision == "exponential"
    assert heisenberg.rate_low <= math.log(4) <= heisenberg.rate_high
    maxcut = qtrain.dla_growth(weighted, [4, 6, 8, 10, 40], observable="all Z").dimension
    assert maxcut.decision == "exponential"
    assert abs(maxcut.rate - math.log(4)) < 0.01


def test_the_module_has_a_law_of_its_own():
    """RY + linear CZ: n (n + 1) dimensions, and exponentially many strings for the qubit in the middle of the chain."""

    def circuit(n):
        made = QuantumCircuit(n)
        angles = iter(ParameterVector("t", n * n))
        for _ in range(n):
            for q in range(n):
                made.ry(next(angles), q)
            for q in range(n - 1):
                made.cz(q, q + 1)
        return made

    found = qtrain.dla_growth(circuit, range(3, 11), observable=lambda n: SparsePauliOp(place(n, [n // 2], "Z")))
    assert found.dimension.coefficients == ("0", "1", "1")
    values = found.module.values
    assert values[:2] == (18, 100)  # C(4, 2)^2 / 2 and C(5, 3)^2
    assert all(v == 4096 for v, whole in zip(values, found.module.complete) if not whole)
    assert "polynomial" not in found.module.decision
    again = DLAGrowth.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.dimension.values == found.dimension.values


def test_families_by_name_and_as_architectures():
    by_name = qtrain.dla_growth("hva_tfim", [3, 4, 5, 6, 7], observable="all Z")
    assert by_name.to_json() == qtrain.dla_growth(qtrain.catalogue.hva_tfim(), [3, 4, 5, 6, 7], observable="all Z").to_json()
    assert by_name.module is not None


def test_lower_bounds_decide_nothing():
    sizes, values = range(2, 9), [n * n for n in range(2, 9)]
    assert decide(sizes, values, [True] * 3 + [False] * 4).decision == "not decided"
    assert decide(sizes, values, [True] * 5 + [False] * 2).decision == "polynomial of degree 2"
    above = values[:5] + [1000, 1000]
    assert decide(sizes, above, [True] * 5 + [False] * 2).decision == "not decided"
    assert decide([40, 41, 42, 43, 44], [2**n for n in range(40, 45)], [True] * 5).decision == "not decided"  # too near


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(1, 6), st.integers(1, 5))
def test_polynomials_are_found_exactly_and_not_from_too_few_values(coefficients, first, step):
    coefficients = [*coefficients[:-1], coefficients[-1] + 1]
    sizes = [first + step * k for k in range(len(coefficients) + 2)]
    values = [sum(c * n**k for k, c in enumerate(coefficients)) for n in sizes]
    found = decide(sizes, values, [True] * len(sizes))
    if len(sizes) >= 4:
        assert found.degree == len(coefficients) - 1
        assert [Fraction(c) for c in found.coefficients] == coefficients
    fewer = decide(sizes[:-1], values[:-1], [True] * (len(sizes) - 1))
    assert fewer.decision in ("not decided", "exponential")
    assert fewer.decision == "not decided" or values[-2] / values[0] > (sizes[-2] / sizes[0]) ** 2


def test_wrong_input_is_named():
    with pytest.raises(qtrain.QTrainError, match="distinct"):
        qtrain.dla_growth(lambda n: ["X" * n], [3, 3])
    for sizes in ([3, 4.5], [3, True], 7, "34"):
        with pytest.raises(qtrain.QTrainError, match="distinct"):
            qtrain.dla_growth(lambda n: ["X" * n], sizes)
    with pytest.raises(qtrain.QTrainError, match="catalogue"):
        qtrain.dla_growth("no such family", [3, 4])
    with pytest.raises(qtrain.QTrainError, match="function of n"):
        qtrain.dla_growth(7, [3, 4])

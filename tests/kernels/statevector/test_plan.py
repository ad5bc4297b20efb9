"""The batched adjoint kernel against dense matrices, on programs written as arrays."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import reference_simulator as reference
from hypothesis import given
from hypothesis import strategies as st

from qtrain.kernels.statevector.passes import walsh_hadamard
from qtrain.kernels.statevector.plan import schedule
from qtrain.simulators import statevector


class Arrays(SimpleNamespace):
    """The fields of a PauliProgram that the simulator reads, hashable by identity."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def build(num_qubits: int, ops: list[tuple], num_weights: int) -> Arrays:
    """ops: ("rotation", {qubit: letter}, weight, coefficient, offset) or (opcode, qubit, other qubit)."""
    start, support, letters = [0], [], []
    for op in ops:
        if op[0] == "rotation":
            support += sorted(op[1])
            letters += [op[1][q] for q in sorted(op[1])]
        start.append(len(support))
    rotation = [op[0] == "rotation" for op in ops]
    return Arrays(
        num_qubits=num_qubits,
        opcode=np.array([0 if r else op[0] for op, r in zip(ops, rotation)], np.int8),
        qubits=np.array([(-1, -1) if r else op[1:] for op, r in zip(ops, rotation)], np.int32).reshape(-1, 2),
        start=np.array(start, np.int64),
        support=np.array(support, np.int32),
        letters=np.array(letters, np.int8),
        parameter=np.array([op[2] if r else -1 for op, r in zip(ops, rotation)], np.int32),
        coefficient=np.array([op[3] if r else 0.0 for op, r in zip(ops, rotation)]),
        offset=np.array([op[4] if r else 0.0 for op, r in zip(ops, rotation)]),
        weights=tuple(f"w{k}" for k in range(num_weights)),
        inputs=(),
        parameters=tuple(f"w{k}" for k in range(num_weights)),
        angle_map=None,
    )


WEIGHTS = 4


@st.composite
def programs(draw) -> Arrays:
    n = draw(st.integers(1, 5))
    qubit = st.integers(0, n - 1)
    rotation = st.tuples(
        st.just("rotation"),
        st.dictionaries(qubit, st.integers(1, 3), min_size=1, max_size=n),
        st.integers(-1, WEIGHTS - 1),
        st.sampled_from([1.0, -1.0, 0.5, 2.0]),
        st.sampled_from([0.0, 0.7]),
    )
    local = st.tuples(
        st.just("rotation"),
        st.dictionaries(qubit, st.integers(1, 3), min_size=1, max_size=1),
        st.integers(0, WEIGHTS - 1),
        st.just(1.0),
        st.just(0.0),
    )
    single = st.tuples(st.integers(1, 8), qubit, st.just(-1))
    kinds = [rotation, local, local, single]
    if n > 1:
        pair = st.lists(qubit, min_size=2, max_size=2, unique=True)
        kinds.append(st.tuples(st.integers(9, 11), pair).map(lambda t: (t[0], *t[1])))
        kinds.append(kinds[-1])
    return build(n, draw(st.lists(st.one_of(kinds), max_size=30)), WEIGHTS)


@st.composite
def observables(draw, n: int) -> list[tuple[str, float]]:
    labels = draw(st.lists(st.text("IXYZ", min_size=n, max_size=n), min_size=1, max_size=5, unique=True))
    return [(text, draw(st.sampled_from([1.0, -0.5, 0.3]))) for text in labels]


def as_text(terms: list[tuple[str, float]]) -> str:
    return " + ".join(f"{c}*{text}" for text, c in terms).replace("+ -", "- ")


@given(st.data(), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_kernel_equals_dense_matrices(data, block, seed):
    program = data.draw(programs())
    terms = data.draw(observables(program.num_qubits))
    weights = np.random.default_rng(seed).normal(scale=2, size=(3, WEIGHTS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statevector, "BLOCK", block)  # small blocks: every segment crosses cache blocks
        values, gradients = statevector.values_and_gradients(program, as_text(terms), weights)
        vectors = statevector.states(program, weights)
    matrix = sum(c * reference.label(text) for text, c in terms)
    for b in range(len(weights)):
        assert values[b] == pytest.approx(reference.value(program, matrix, weights[b]), abs=1e-12)
        np.testing.assert_allclose(gradients[b], reference.gradient(program, matrix, weights[b]), atol=1e-9)
        assert abs(np.vdot(vectors[b], reference.state(program, weights[b]))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("code", range(1, 12))
def test_every_gate_between_rotations(code):
    spread = [("rotation", {q: letter}, 2 * q + k, 1.0, 0.0) for q in range(2) for k, letter in enumerate((3, 2))]
    program = build(2, [*spread, (code, 1, 0 if code > 8 else -1), *spread[::-1]], WEIGHTS)
    weights = np.random.default_rng(code).normal(size=(2, WEIGHTS))
    for text in ("XI", "IY", "ZX", "YY"):
        values, gradients = statevector.values_and_gradients(program, text, weights)
        for b in range(2):
            want = reference.gradient(program, reference.label(text), weights[b])
            assert values[b] == pytest.approx(reference.value(program, reference.label(text), weights[b]), abs=1e-12)
            np.testing.assert_allclose(gradients[b], want, atol=1e-9)


@pytest.mark.parametrize("angle", [0.0, 1e-300, 1e-9, np.pi, -np.pi / 2, 777.0, 9.9e5, 3e6, -1e12])
def test_sine_and_cosine_of_any_angle(angle):
    program = build(1, [("rotation", {0: 3}, 0, 1.0, 0.0)], 1)
    values, gradients = statevector.values_and_gradients(program, "Z", [[angle]])
    assert values[0] == pytest.approx(np.cos(angle), abs=3e-15)
    assert gradients[0, 0] == pytest.approx(-np.sin(angle), abs=3e-15)


def test_rotations_wider_than_a_block():
    ops = [("rotation", {q: 3}, q % WEIGHTS, 1.0, 0.1 * q) for q in range(6)]
    ops += [("rotation", {q: 1 + (q + k) % 3 for q in range(6)}, k, 1.0, 0.2) for k in range(WEIGHTS)]
    program = build(6, ops, WEIGHTS)
    weights = np.random.default_rng(1).normal(size=(1, WEIGHTS))
    matrix = reference.label("XYZIZX")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statevector, "BLOCK", 2)
        values, gradients = statevector.values_and_gradients(program, "XYZIZX", weights)
    assert values[0] == pytest.approx(reference.value(program, matrix, weights[0]), abs=1e-12)
    np.testing.assert_allclose(gradients[0], reference.gradient(program, matrix, weights[0]), atol=1e-9)


def test_a_cx_chain_is_one_segment():
    ops = [("rotation", {q: 3}, 0, 1.0, 0.0) for q in range(8)]
    ops += [(9, q, q + 1) for q in range(7)] + [(10, 7, 0), (11, 2, 3), (4, 1, -1)]
    program = build(8, ops, 1)
    plan = schedule(8, program.opcode, program.qubits, program.start, program.support, program.letters)
    assert np.diff(plan.segment).tolist() == [8, 0]
    assert plan.copy.tolist() == [False, True]


@given(st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_walsh_hadamard(bits, seed):
    vector = np.random.default_rng(seed).normal(size=2**bits)
    i = np.arange(2**bits)
    signs = 1 - 2.0 * (np.bitwise_count(i[:, None] & i) & 1)
    out = vector.copy()
    walsh_hadamard(out)
    np.testing.assert_allclose(out, signs @ vector, atol=1e-12)

"""Growth gate by gate against loops written out by hand: every gate tried, every energy from matrices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Pauli, SparsePauliOp
from scipy.optimize import minimize

from qtrain.architecture.blocks import Gate
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.growth import adapt
from qtrain.growth.adapt import grow
from qtrain.growth.pools import rotation
from qtrain.simulators.statevector import Simulation, values


def random_operator(rng: np.random.Generator, n: int, terms: int) -> SparsePauliOp:
    labels = ["".join(rng.choice(list("IXYZ"), n)) for _ in range(terms)]
    return SparsePauliOp([*labels, "Z" * n], rng.normal(size=terms + 1)).simplify()


def whole_pool(n: int) -> list:
    """Every rotation on one or two qubits."""
    one = [rotation(a, (q,)) for a in "XYZ" for q in range(n)]
    letters = ["".join(two) for two in itertools.product("XYZ", repeat=2)]
    return one + [rotation(two, pair) for two in letters for pair in itertools.combinations(range(n), 2)]


def matrix(gate, n: int) -> np.ndarray:
    """The generator of a pool's gate on n qubits."""
    letters, qubits, factor = gate.terms[0]
    label = ["I"] * n
    for letter, q in zip(letters, qubits):
        label[n - 1 - q] = letter
    return factor * Pauli("".join(label)).to_matrix()


def energy(h: np.ndarray, state: np.ndarray, generators: list, angles: np.ndarray) -> float:
    for angle, generator in zip(angles, generators):
        state = np.cos(angle / 2) * state - 1j * np.sin(angle / 2) * (generator @ state)  # a Pauli string squares to 1
    return float((state.conj() @ h @ state).real)


def by_hand(operator: SparsePauliOp, pool: list, state: np.ndarray, rule: str, steps: int) -> list[float]:
    """Energies of a growth: slopes by differences, gains by a scan of the angle, BFGS on matrices."""
    n, h = operator.num_qubits, operator.to_matrix()
    generators = [matrix(gate, n) for gate in pool]
    chosen: list[np.ndarray] = []
    angles, found = np.zeros(0), [energy(h, state, [], np.zeros(0))]
    for _ in range(steps):

        def along(k: int, angle: float, chosen=tuple(chosen), angles=angles) -> float:
            return energy(h, state, [*chosen, generators[k]], np.append(angles, angle))

        if rule == "gradient":
            scores = [abs(along(k, 1e-4) - along(k, -1e-4)) / 2e-4 for k in range(len(pool))]
        else:
            grid = np.linspace(-np.pi, np.pi, 181)
            scores = [found[-1] - min(along(k, angle) for angle in grid) for k in range(len(pool))]
        best = int(np.argmax(scores))
        chosen.append(generators[best])
        first = min(np.linspace(-np.pi, np.pi, 181), key=lambda angle: along(best, angle))
        fitted = minimize(lambda w, c=tuple(chosen): energy(h, state, c, w), np.append(angles, first), method="BFGS",
                          options={"gtol": 1e-7})  # fmt: skip
        angles = fitted.x
        found.append(float(fitted.fun))
    return found


@pytest.mark.parametrize("rule", ["gradient", "gain"])
@pytest.mark.parametrize("seed", [0, 1])
def test_three_steps_are_those_of_the_loop_written_out(rule, seed):
    operator = random_operator(np.random.default_rng(seed), 3, 6)
    pool = whole_pool(3)
    state = np.zeros(8, complex)
    state[0b010] = 1.0
    found = grow(operator, pool=pool, reference=[Gate("x", (1,))], rule=rule, max_gates=3)
    expected = by_hand(operator, pool, state, rule, len(found.steps) - 1)
    np.testing.assert_allclose([step.energy for step in found.steps], expected, atol=1e-6)
    assert len(found.steps) == 4 or found.stopped == "converged"


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(adapt.RULES), st.integers(1, 60), st.integers(0, 3))
def test_every_step_is_a_circuit_with_its_energy_and_the_budget_is_kept(seed, rule, budget, escapes):
    rng = np.random.default_rng(seed)
    operator = random_operator(rng, 3, 5)
    if rng.random() < 0.5:  # diagonal: every basis state is stationary
        operator = SparsePauliOp(["ZZI", "IZZ", "IIZ", "ZII"], rng.normal(size=4))
    gradients, sweeps, true = [], [], (Simulation.run, adapt.sweep)

    def counted(self, *rest, **options):
        gradients.append(options.get("gradient"))
        return true[0](self, *rest, **options)

    def swept(*rest, **options):
        sweeps.append(1)
        return true[1](*rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Simulation, "run", counted)
        patch.setattr(adapt, "sweep", swept)
        found = grow(operator, pool=whole_pool(3), rule=rule, budget=budget, max_gates=6, escapes=escapes, seed=seed)
    assert sum(map(bool, gradients)) == found.evaluations <= budget
    assert 1 <= len(sweeps) <= len(found.steps)
    energies = [step.energy for step in found.steps]
    assert all(after <= before + 1e-9 for before, after in itertools.pairwise(energies))
    for k, step in enumerate(found.steps[1:], start=1):
        program = lower(found.at(k).circuit())
        assert values(program, operator, step.angles[None])[0] == pytest.approx(step.energy, abs=1e-9)
    assert [s.evaluations for s in found.steps] == sorted(s.evaluations for s in found.steps)


def test_tetris_appends_gates_on_different_qubits_at_once():
    operator = SparsePauliOp.from_sparse_list(
        [("ZZ", [0, 1], 1.0), ("ZZ", [2, 3], 1.0), *(("X", [q], 1.0) for q in range(4))], 4
    )
    found = grow(operator, pool=("hardware",), rule="tetris", max_gates=8)
    first = found.gates[: found.steps[1].gates]
    touched = [q for gate in first for q in gate.qubits]
    assert len(first) > 1 and len(set(touched)) == len(touched)
    assert found.steps[1].energy < grow(operator, pool=("hardware",), max_gates=1).energy - 0.1


def test_only_what_fits_is_appended_and_the_next_best_is_taken():
    operator = random_operator(np.random.default_rng(3), 3, 8)
    asked = []

    def local(gates):
        asked.append(gates)
        return all(len(gate.qubits) == 1 for gate in gates)

    found = grow(operator, pool=whole_pool(3), fits=local, max_gates=20)
    assert asked and all(len(gate.qubits) == 1 for gate in found.gates)
    state = min(
        minimize(lambda w: energy(operator.to_matrix(), np.eye(8)[0].astype(complex),
                                  [Pauli(p).to_matrix() for p in ("IIZ", "IIY", "IZI", "IYI", "ZII", "YII")][::-1], w),
                 np.random.default_rng(k).uniform(-3, 3, 6)).fun for k in range(8)
    )  # fmt: skip
    assert found.energy >= state - 1e-6  # no product state is lower
    assert grow(operator, pool=whole_pool(3), fits=lambda gates: False).stopped == "limit"


def test_a_gate_that_fits_is_found_behind_any_number_that_do_not():
    operator = SparsePauliOp.from_sparse_list(
        [("X", [0], 0.1), *(("XX", pair, 1.0) for pair in itertools.combinations(range(8), 2))], 8
    )
    pool = [rotation("YX", pair) for pair in itertools.permutations(range(8), 2)] + [rotation("Y", (0,))]
    found = grow(operator, pool=pool, fits=lambda gates: all(len(gate.qubits) == 1 for gate in gates))
    assert [gate.name for gate in found.gates] == ["ry"]
    assert found.energy == pytest.approx(-0.1)


def test_where_no_slope_is_left_kicks_go_on():
    """Singlets are real, and so is the XXZ chain: hops and ZZ behind them have no slope; a Trotter step helps."""
    n = 6
    bonds = [(a, a + 1) for a in range(n - 1)]
    operator = SparsePauliOp.from_sparse_list(
        [(letters, pair, weight) for pair in bonds for letters, weight in (("XX", 1.0), ("YY", 1.0), ("ZZ", 0.7))], n
    )
    singlets = [
        gate for a in range(0, n, 2)
        for gate in (Gate("x", (a,)), Gate("x", (a + 1,)), Gate("h", (a,)), Gate("cx", (a, a + 1)))
    ]  # fmt: skip
    given = {"pool": ("hops",), "reference": singlets, "edges": bonds, "max_gates": 40, "budget": 300, "seed": 1}
    exact = np.linalg.eigvalsh(operator.to_matrix())[0]
    stuck, free = grow(operator, **given), grow(operator, **given, escapes=6)
    assert (stuck.stopped, stuck.energy, stuck.kicks) == ("converged", pytest.approx(-3 * 2.7), 0)
    assert free.kicks and free.energy - exact < 0.02 * (stuck.energy - exact)
    assert grow(operator, **given, escapes=6).gates == free.gates


def test_target_and_convergence_end_it():
    operator = SparsePauliOp(["Z"])
    assert grow(operator, pool=[rotation("Y", (0,))], reference=[Gate("x", (0,))]).stopped == "converged"
    found = grow(operator, pool=[rotation("Y", (0,))], reference=[Gate("h", (0,))], target=-0.999)
    assert (found.stopped, round(found.energy, 9)) == ("target", -1.0)
    # at the top of the sinusoid there is no slope, but all to gain
    assert grow(operator, pool=[rotation("Y", (0,))], rule="gain").energy == pytest.approx(-1.0)


@pytest.mark.parametrize(
    "options, message",
    [({"rule": "steepest"}, "rule should be one of 'gradient', 'gain', 'tetris'. Got 'steepest'."),
     ({"budget": 0}, "budget should be a whole number of at least 1. Got 0."),
     ({"pool": ("hardwear",)}, "did you mean 'hardware'"),
     ({"reference": [Gate("rx", (0,), (0,))]}, "reference should hold fixed gates alone")],
)  # fmt: skip
def test_wrong_input(options, message):
    with pytest.raises(QTrainError, match=message.replace(".", r"\.")):
        grow("ZZ + XI", **options)

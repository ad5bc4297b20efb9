"""The shelf: complete, each circuit once, and nothing is left out that could keep the limits."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector
from scipy.optimize import minimize

from qtrain.architecture import catalogue
from qtrain.architecture.topology import edges
from qtrain.studies.propose.shelf import (
    LEAD,
    Template,
    breaks,
    energy_of,
    shelf,
)
from qtrain.studies.spec.tables import ConstraintSpec, DeviceSpec
from qtrain.studies.tasks.devices import build_device
from qtrain.studies.tasks.max_cut import max_cut
from qtrain.studies.tasks.spin_models import spin_model

LINE = edges("line", 4)
ISING = spin_model(4, LINE, z=-1.0, field_x=-1.0)
HEISENBERG = spin_model(4, LINE, x=1.0, y=1.0, z=0.5)
# H2 in STO-3G at 0.735 Å, Jordan–Wigner, spin up on qubits 0 and 1 (1208.5986, table of the qubit Hamiltonian)
H2 = SparsePauliOp.from_list([
    ("IIII", -0.810548), ("IIIZ", 0.172184), ("IIZI", -0.225753), ("IZII", 0.172184), ("ZIII", -0.225753),
    ("IIZZ", 0.120913), ("ZZII", 0.120913), ("IZIZ", 0.168928), ("ZIZI", 0.174643), ("IZZI", 0.166145),
    ("ZIIZ", 0.166145), ("XXXX", 0.045233), ("YYYY", 0.045233), ("XXYY", 0.045233), ("YYXX", 0.045233),
])  # fmt: skip


def families(found: tuple[Template, ...]) -> set[str]:
    return {template.family for template in found}


def test_every_usual_ansatz_is_there():
    for hamiltonian in (ISING, HEISENBERG, None):
        names = families(shelf(6 if hamiltonian is None else 4, hamiltonian=hamiltonian))
        assert {f"Sim {k}" for k in range(1, 20)} - {"Sim 10"} <= names  # at some widths equal to a two_local
        for pattern in catalogue.ENTANGLEMENT:
            assert {f"efficient_su2, {pattern}", f"real_amplitudes, {pattern}"} <= names
        assert {"brickwork", "tree tensor network", "MERA", "two_local, pairwise", "two_local, full"} <= names
    assert {"HVA", "HVA, independent"} <= families(shelf(4, hamiltonian=ISING))
    conserving = families(shelf(4, hamiltonian=HEISENBERG))
    assert {f"HVA from {start}{w}" for start in ("Néel", "singlets") for w in ("", ", independent")} <= conserving
    assert {f"excitation preserving {mode}, pairwise" for mode in ("iswap", "fsim")} <= conserving
    cut = max_cut([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)], 4)
    assert {"QAOA", "ma-QAOA"} <= families(shelf(4, hamiltonian=cut))
    data = shelf(6, uploads=(1, 2, 3))
    assert {"QCNN, shared", "QCNN, independent", "brickwork, re-uploaded"} <= families(data)
    assert {t.architecture.uploads for t in data if "re-uploaded" in t.family} == {2, 3}
    device = shelf(4, edges=((0, 1), (1, 3), (1, 2)))
    assert {"efficient_su2, device", "real_amplitudes, device"} <= families(device)


def test_task_graph_qaoa_has_an_angle_for_each_edge_and_vertex():
    cut = max_cut([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)], 4)
    found = {(t.family, t.architecture.num_parameters(4)) for t in shelf(4, hamiltonian=cut, repetitions=(1, 2))}
    assert {("QAOA", 2), ("QAOA", 4), ("ma-QAOA", 9), ("ma-QAOA", 18)} <= found


def test_of_equal_circuits_one_stands_and_a_family_for_every_width_before_one_of_this():
    names = families(shelf(6, repetitions=(1, 2, 3)))
    assert not {"two_local, linear", "two_local, reverse_linear"} & names  # CZ commute: these are "pairwise"
    a, b = (catalogue.n_local(entanglement=e, reps=2).circuit(4) for e in ("linear", "pairwise"))
    angles = np.random.default_rng(0).uniform(0, 6, a.num_parameters)
    assert Operator(a.assign_parameters(angles)) == Operator(b.assign_parameters(angles))
    own = [t for t in shelf(4, hamiltonian=ISING) if t.family == "HVA"]
    assert all(t.architecture.layers for t in own)  # on a line it is the catalogue's
    ids = [t.architecture.content_id for t in shelf(5, hamiltonian=HEISENBERG.expand("I"))]
    assert len(set(ids)) == len(ids)


def test_promising_and_shallow_ones_come_first():
    found = shelf(4, hamiltonian=HEISENBERG, repetitions=(1, 2, 3, 4))
    for family in families(found):
        counts = [t.architecture.num_parameters(4) for t in found if t.family == family]
        assert counts == sorted(counts)
    assert len(families(found[:LEAD])) == LEAD
    assert all("HVA" in t.family or "excitation" in t.family for t in found[:6])
    assert shelf(4, hamiltonian=HEISENBERG, repetitions=("log", 2)) == shelf(4, hamiltonian=HEISENBERG, repetitions=(2,))


def test_field_turns_the_start_against_it():
    field = SparsePauliOp(["ZZ", "IX", "XI"], [1.0, 0.5, -0.5])
    first = shelf(2, hamiltonian=field, repetitions=(1,))[0].architecture
    state = Statevector(first.circuit(2).assign_parameters([0.0] * first.num_parameters(2)))
    assert state.expectation_value(SparsePauliOp(["IX", "XI"], [0.5, -0.5])).real == pytest.approx(-1.0)


def test_uccsd_of_a_molecule_reaches_its_ground_state():
    (family,) = [t.architecture for t in shelf(4, hamiltonian=H2, repetitions=(1,)) if t.family == "UCCSD"]
    circuit = family.circuit()

    def energy(angles):
        return Statevector(circuit.assign_parameters(angles)).expectation_value(H2).real

    lowest = np.linalg.eigvalsh(H2.to_matrix())[0]
    assert energy([0.0] * circuit.num_parameters) == pytest.approx(energy_of(H2, (0, 2)))
    assert energy([0.0] * circuit.num_parameters) > lowest + 1e-2
    found = minimize(energy, np.full(circuit.num_parameters, 0.1))
    assert found.fun == pytest.approx(lowest, abs=1e-7)


def test_lowest_determinant_is_a_start_where_a_field_prefers_it_to_neel():
    fields = SparsePauliOp.from_sparse_list([("Z", [q], c) for q, c in enumerate((3, 2, -3, 2.5))], 4)
    found = shelf(4, hamiltonian=HEISENBERG + fields, repetitions=(1,))
    assert not any("determinant" in t.family for t in shelf(4, hamiltonian=HEISENBERG, repetitions=(1,)))
    (family,) = [t.architecture for t in found if t.family == "HVA from the lowest determinant"]
    state = Statevector(family.circuit().assign_parameters([0.0] * family.num_parameters()))
    energy = state.expectation_value(HEISENBERG + fields).real
    assert energy == pytest.approx((HEISENBERG + fields).to_matrix().diagonal().real.min())
    assert energy == pytest.approx(energy_of(HEISENBERG + fields, (0, 1, 3)))


@pytest.mark.parametrize("hamiltonian", [ISING, HEISENBERG, None], ids=["ising", "xxz", "data"])
def test_nothing_is_left_out_that_keeps_the_limits(hamiltonian):
    device = build_device(DeviceSpec(topology="line", optimization_level=2), 4)
    for template in shelf(4, hamiltonian=hamiltonian, repetitions=(1, 2)):
        circuit = template.architecture.circuit(4)
        cost = device.cost(circuit)
        limits = ConstraintSpec(
            max_parameters=circuit.num_parameters, max_two_qubit_depth=int(cost["two_qubit_depth"]),
            max_two_qubit_gates=int(cost["two_qubit_gates"]),
        )  # fmt: skip
        assert breaks(template.architecture, 4, limits) is None, template


def test_plain_breaks_are_told_before_any_compilation():
    deep = catalogue.efficient_su2(entanglement="full", reps=6)
    assert breaks(deep, 8, ConstraintSpec(max_two_qubit_depth=14)) == "max_two_qubit_depth"
    assert breaks(deep, 8, ConstraintSpec(max_two_qubit_gates=50)) == "max_two_qubit_gates"
    assert breaks(deep, 8, ConstraintSpec(max_parameters=50)) == "max_parameters"
    assert breaks(deep, 8, ConstraintSpec()) is None


def test_the_list_is_the_same_each_time():
    again = [shelf(6, hamiltonian=max_cut([(0, 1), (2, 4), (1, 5)], 6), repetitions=(1, 3)) for _ in range(2)]
    assert again[0] == again[1]

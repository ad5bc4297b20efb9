"""Hamiltonians of the user's own: in a spec, and in files of every form."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dense_models import X, Z, built, kron, spec_of
from qiskit.quantum_info import SparsePauliOp

from qtrain.errors import QTrainError
from qtrain.studies.spec.search_spec import read_spec


@pytest.mark.parametrize("terms", ["ZZ - 0.5*IX", {"ZZ": 1.0, "IX": -0.5}, SparsePauliOp(["ZZ", "IX"], [1, -0.5])])
def test_terms_in_every_form(terms):
    task = built(spec_of({"kind": "hamiltonian", "terms": terms}, 2))
    expected = kron(2, {0: Z, 1: Z}) - 0.5 * kron(2, {0: X})
    np.testing.assert_allclose(task.observables[0].to_matrix(), expected, atol=1e-12)
    assert task.lowest == pytest.approx(np.linalg.eigvalsh(expected)[0])


def test_terms_from_a_file(tmp_path):
    (tmp_path / "h2.txt").write_text("# hydrogen\n-0.81 II\n0.17 IZ\nZI -0.22\n\n0.12 * ZZ\n0.17*XX  # exchange\n")
    (tmp_path / "s.toml").write_text('name = "h2"\nqubits = 2\n[task]\nkind = "hamiltonian"\nfile = "h2.txt"\nconstant = 0.5')
    task = built(read_spec(tmp_path / "s.toml"))
    dense = -0.31 * np.eye(4) + 0.17 * kron(2, {0: Z}) - 0.22 * kron(2, {1: Z})
    dense = dense + 0.12 * kron(2, {0: Z, 1: Z}) + 0.17 * kron(2, {0: X, 1: X})
    np.testing.assert_allclose(task.observables[0].to_matrix(), dense, atol=1e-12)


DENSE = -0.31 * np.eye(4) + 0.17 * kron(2, {0: Z}) - 0.5 * kron(2, {0: X, 1: X})
FORMS = {
    "pauli.txt": "0.17 IZ\n-0.5 XX\n-0.81 II",
    "qubit.txt": "(-0.81+0j) [] +\n(0.17+0j) [Z0] +\n(-0.5+0j) [X0 X1]",
    "table.json": json.dumps({"terms": {"II": -0.81, "IZ": 0.17, "XX": -0.5}, "from": {"basis": "sto-3g"}}),
    "pairs.json": json.dumps({"terms": [["IZ", 0.17], ["XX", -0.5]], "constant": -0.81, "num_qubits": 2}),
    "text.json": json.dumps({"terms": "-0.81*II + 0.17*IZ - 0.5*XX"}),
    "openfermion.json": json.dumps({"terms": "0.17 [Z0] + -0.5 [X0 X1]", "constant": -0.81}),
}


@pytest.mark.parametrize("name", list(FORMS))
def test_files_in_every_form(tmp_path, name):
    (tmp_path / name).write_text(FORMS[name])
    task = built(spec_of({"kind": "hamiltonian", "file": str(tmp_path / name), "constant": 0.5}, 2))
    np.testing.assert_allclose(task.observables[0].to_matrix(), DENSE, atol=1e-12)
    assert task.references["exact_energy"] == pytest.approx(np.linalg.eigvalsh(DENSE)[0])


def test_equal_terms_of_an_operator_are_added_up():
    h = SparsePauliOp(["ZZ", "XI", "IX"], [1.0, 0.5, -0.5])
    for operator in (h @ h, SparsePauliOp(["ZZ", "XI", "ZZ"], [1.0, 0.5, 2.0])):
        task = built(spec_of({"kind": "hamiltonian", "terms": operator}, 2))
        np.testing.assert_allclose(task.observables[0].to_matrix(), operator.to_matrix(), atol=1e-12)


def test_openfermion_text_in_a_spec_keeps_its_qubits():
    task = built(spec_of({"kind": "hamiltonian", "terms": FORMS["qubit.txt"], "constant": 0.5}, 2))
    np.testing.assert_allclose(task.observables[0].to_matrix(), DENSE, atol=1e-12)
    wider = built(spec_of({"kind": "hamiltonian", "terms": "1.0 [Z0]"}, 3)).observables[0]
    assert wider == SparsePauliOp("IIZ")


def test_references_of_a_file(tmp_path):
    data = {"terms": {"Z" * 18: 1.0}, "references": {"exact_energy": -1.0, "hartree_fock_energy": -0.5, "electrons": 4}}
    (tmp_path / "h.json").write_text(json.dumps(data))
    task = built(spec_of({"kind": "hamiltonian", "file": str(tmp_path / "h.json"), "constant": 0.25}, 18))
    assert task.lowest == -0.75 and task.references == {"exact_energy": -0.75, "hartree_fock_energy": -0.25, "electrons": 4}
    data["terms"], data["references"]["exact_energy"] = {"ZZ": 1.0}, -7.0
    (tmp_path / "h.json").write_text(json.dumps(data))
    task = built(spec_of({"kind": "hamiltonian", "file": str(tmp_path / "h.json")}, 2))
    assert task.lowest == task.references["exact_energy"] == -1.0  # computed, not believed


@pytest.mark.parametrize("text, message", [
    ("{", "JSON with a table of Pauli terms"), ("{}", "should hold \"terms\""), ('{"terms": {}}', "at least one Pauli term"),
    ('{"terms": {"ZZ": "a"}}', "finite number for each label"), ('{"terms": [["ZZ", 1], ["ZZ", 2]]}', "there twice"),
    ('{"terms": [1, 2]}', "JSON with a table"), ('{"terms": {"ZZ": NaN}}', "finite number for each label"),
    ('{"terms": {"ZZ": 1}, "constant": "x"}', "finite number for 'constant'"),
    ('{"terms": {"ZZ": 1}, "references": {"a": null}}', "finite number for 'a'"),
    ('{"terms": {"ZZ": 1}, "references": 3}', "a table \"references\""),
    ("(1+2j) [Z0]", "Hermitian: real coefficients"), ("1.0 [Z5]", "act on 2 qubits. Got qubit 5"), ("# nothing\n\n", "has none"),
    ("1.0 ZZZ", "2 letters in each term"), ("1.0 2.0 ZZ", "lines such as"),
])  # fmt: skip
def test_bad_files_are_one_sentence(tmp_path, text, message):
    (tmp_path / "h").write_text(text)
    with pytest.raises(QTrainError, match=message) as caught:
        built(spec_of({"kind": "hamiltonian", "file": str(tmp_path / "h")}, 2))
    assert "\n" not in str(caught.value)

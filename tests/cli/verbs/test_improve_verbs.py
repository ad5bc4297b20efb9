"""``qtrain improve`` as a user meets it."""

from __future__ import annotations

import json

import pytest
from qiskit import qasm3, qpy
from qiskit.circuit.library import efficient_su2, real_amplitudes

import qtrain
from qtrain.cli.app import main


@pytest.fixture
def run(capfd, monkeypatch):
    """``run("file", ...)``: exit code, stdout, stderr of ``qtrain improve``; no trends, which cost time."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("qtrain.improvement.improve.DETAILS", ())

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["improve", *map(str, arguments)])
        captured = capfd.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def ansatz(tmp_path):
    path = tmp_path / "ansatz.qasm"
    path.write_text(qasm3.dumps(efficient_su2(4, reps=2)))
    return path


def test_the_table_fits_80_columns_and_hides_what_was_not_asked_for(run, ansatz):
    code, out, _ = run(ansatz, "-O", "parity")
    assert code == 0 and all(len(line) <= 80 for line in out.splitlines())
    assert out.startswith("ansatz.qasm, parity\nAs it is, 20 of 24 parameters train at 10000 shots; ")
    assert "more rows: --all" in " ".join(out.split()) and "measure the sum of Z" in " ".join(out.split())
    every = run(ansatz, "-O", "parity", "--all")[1]
    assert "--all" not in every and len(every) > len(out)


@pytest.mark.parametrize("ending", ["qasm", "qpy"])
def test_the_circuit_of_a_row_is_written_with_the_command_that_shows_it(run, ansatz, tmp_path, ending):
    better = tmp_path / f"better.{ending}"
    found = json.loads(run(ansatz, "-O", "parity", "--keep", "start,circuit", "--json")[1])
    code, out, _ = run(ansatz, "-O", "parity", "--keep", "start,circuit", "--apply", 1, "-o", better)
    assert code == 0 and f'qtrain diagnose {better} -O "sum Z"' in out
    report = qtrain.diagnose(better, "sum Z")
    assert report.num_parameters == found["tried"][0]["parameters"]
    assert round(report.fraction("healthy") * report.num_parameters) == found["tried"][0]["trains"]


def test_fix_takes_out_what_is_dead(run, ansatz, tmp_path):
    code, out, _ = run(ansatz, "-O", "ZIII", "--fix", "-o", tmp_path / "fixed.qpy")
    assert code == 0 and "remove 15 dead parameters" in " ".join(out.split())
    with (tmp_path / "fixed.qpy").open("rb") as file:
        (fixed,) = qpy.load(file)
    assert fixed.num_parameters == 9


def test_less_that_trains_as_well_is_an_improvement(run, ansatz):
    out = " ".join(run(ansatz, "-O", "parity", "--fix")[1].split())
    assert "As it is, 20 of 24 parameters train" in out and "best of 1 change, 20 of 20 parameters train" in out


def test_nothing_to_fix_leaves_the_circuit_as_it_is(run, tmp_path):
    file = tmp_path / "small.qpy"
    with file.open("wb") as stream:
        qpy.dump(real_amplitudes(2, reps=1), stream)
    code, out, _ = run(file, "-O", "ZI", "--fix", "-o", tmp_path / "fixed.qpy")
    assert code == 0 and ("as it is" in out or "remove" in out)
    assert (tmp_path / "fixed.qpy").is_file()


def test_json_is_read_back(run, ansatz):
    found = qtrain.Improvements.from_json(run(ansatz, "-O", "parity", "--keep", "circuit", "--json")[1])
    circuit, observable, initialization = found.apply(1)
    assert circuit.num_qubits == observable.num_qubits == 4 and isinstance(initialization, str)


@pytest.mark.parametrize("arguments, words", [
    (["--apply", "1"], "output should be given"),
    (["-o", "better.txt"], "output should end in"),
    (["-o", "nowhere/better.qasm"], "folder that exists"),
    (["-o", "ansatz.qasm"], "another file than the input"),
    (["--apply", "999", "-o", "better.qasm"], "apply should be a row"),
    (["--keep", "all"], "keep should be among"),
    (["--data", "x.csv"], "inputs should name"),
    (["--noise", "much"], "noise"),
    (["--seconds", "0"], "seconds should be positive"),
])  # fmt: skip
def test_wrong_input_is_one_sentence(run, ansatz, monkeypatch, arguments, words):
    monkeypatch.chdir(ansatz.parent)
    before = sorted(path.name for path in ansatz.parent.iterdir())
    code, _, err = run(ansatz, "-O", "ZIII", "--keep", "circuit,start", *arguments)
    assert code == 2 and words in err and len(err.strip().splitlines()) == 1
    assert sorted(path.name for path in ansatz.parent.iterdir()) == before

"""``qtrain scaling``: families by name, of files and functions; what it prints, and what it refuses."""

from __future__ import annotations

import json

import pytest
from qiskit import qpy
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.circuit.random import random_circuit

from qtrain.architecture.catalogue import hva_tfim
from qtrain.cli.app import main
from qtrain.diagnosis.scaling import Scaling, scaling
from qtrain.registry.registry import RegistryEntry, register

SIZES = ("--sizes", "4-7")


@pytest.fixture
def run(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(list(map(str, arguments)))
        captured = capfd.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


def write(path, circuit):
    with path.open("wb") as file:
        qpy.dump(circuit, file)
    return path


def test_by_name_with_options(run):
    code, out, _ = run("scaling", "real_amplitudes", "-O", "Z^n", *SIZES, "--option", "reps=1", "--json")
    expected = scaling(lambda n: real_amplitudes(n, reps=1), "parity", [4, 5, 6, 7])
    found = Scaling.from_json(out)
    assert code == 0 and found.variance == pytest.approx(expected.variance) and found.law == expected.law
    assert found.family == "real_amplitudes, reverse_linear, 1 repetition"


def test_each_source_gives_the_same(run, tmp_path, monkeypatch):
    monkeypatch.setenv("QTRAIN_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    family = hva_tfim(reps=1)
    register(RegistryEntry("my-ising", family, 4))
    (tmp_path / "ising.json").write_text(family.to_json())
    (tmp_path / "ising.toml").write_text(
        'repetitions = 1\ninitial = "h"\n'
        '[[layers]]\nentangler = "rzz"\nsharing = "shared"\n[[layers]]\nrotations = ["rx"]\nsharing = "shared"\n'
    )
    (tmp_path / "mine_of_tests.py").write_text(
        "from qtrain.architecture.catalogue import hva_tfim\n"
        "def ansatz(n, reps=1):\n    return hva_tfim(reps=reps).circuit(n)\n"
    )
    file = write(tmp_path / "ising.qpy", family.circuit(5))
    sources = ["my-ising", "ising.json", "ising.toml", "mine_of_tests:ansatz", "mine_of_tests.py:ansatz", file, "hva_tfim"]
    tables = {run("scaling", source, "-O", "sum ZZ", *SIZES, "--csv")[1] for source in sources}
    assert len(tables) == 1
    rows = next(iter(tables)).splitlines()
    assert rows[0].startswith("qubits,median_variance") and [int(row.split(",")[0]) for row in rows[1:]] == [4, 5, 6, 7]


def test_the_table_and_the_figure(run, tmp_path):
    target = tmp_path / "a.svg"
    code, out, _ = run("scaling", "sim_1", "-O", "Z^n", *SIZES, "--plot", target)
    assert code == 0 and "Median gradient variance ~ e^(-0.693 n)" in out and "a barren plateau" in out
    assert "0.0625" in out and target.read_text().startswith("<?xml")


def test_strings_of_one_width_go_on(run):
    texts = ["ZIIII", "Zlast"]
    assert len({run("scaling", "sim_2", "-O", text, *SIZES, "--csv")[1] for text in texts}) == 1


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("efficient_sv2", "-O", "Z0"), "did you mean 'efficient_su2'"),
    (("efficient_su2", "-O", "Z0", "--option", "depth=2"), "option should be one that efficient_su2 takes"),
    (("efficient_su2", "-O", "Z0", "--option", "reps"), "option should be a name and a value"),
    (("efficient_su2", "-O", "Z0", "--option", "entanglement=round"), "entanglement"),
    (("efficient_su2", "-O", "Z0", "--sizes", "4,x"), "sizes should be whole numbers"),
    (("efficient_su2", "-O", "Z0", "--sizes", "3.5"), "sizes should be whole numbers"),
    (("efficient_su2", "-O", "Z0", "--sizes", "0-4"), "sizes should be whole numbers"),
    (("efficient_su2", "-O", "Z0", "--sizes", "4,5"), "at least 4"),
    (("efficient_su2", "-O", "ZIZZII"), "other widths are not clear"),
    (("efficient_su2", "-O", "sum"), "observable should be"),
    (("efficient_su2", "-O", "Z0", "--plot", "a.txt"), "plot should end in"),
    (("efficient_su2", "-O", "Z0", "--json", "--csv"), "csv and json"),
    (("no_module_here:f", "-O", "Z0"), "family should be a module"),
    (("json:nothing", "-O", "Z0"), "family should be a function"),
    (("json:dumps", "-O", "Z0"), "circuit should be"),
    (("missing.json", "-O", "Z0"), "family should be"),
    (("missing.toml", "-O", "Z0"), "family should be"),
    (("missing.qpy", "-O", "Z0"), "circuit should be"),
])  # fmt: skip
def test_wrong_input(run, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("scaling", *arguments)
    assert code == 2 and not out and sentence in err and err.count("\n") == 1, err


def test_a_circuit_that_is_no_family(run, tmp_path):
    code, _, err = run("scaling", write(tmp_path / "a.qpy", random_circuit(5, 4, max_operands=2, seed=3)), "-O", "Z0")
    assert code == 2 and ("not recognised" in err or "parameter" in err)


def test_against_prints_what_differs(run, tmp_path):
    one = write(tmp_path / "one.qpy", efficient_su2(4, reps=1))
    other = write(tmp_path / "other.qpy", efficient_su2(4, reps=2, entanglement="full"))
    code, out, _ = run("diagnose", one, "-O", "ZIII", "--against", other)
    assert code == 0 and "one.qpy against other.qpy" in out and "the same:" in out and "change" in out
    assert out.count("parameters train at") == 2 and "advice" not in out


def test_version_explain_and_completion(run, monkeypatch):
    import qtrain

    assert run("--version")[:2] == (0, f"qtrain {qtrain.__version__}\n")
    assert "scrambled" in run("explain")[1]
    assert "1803.11173" in run("explain", "observable concentration")[1]
    assert run("explain", "nothing-of-this")[0] == 2
    assert "--install-completion" in run("--help")[1]


def test_the_trend_in_a_diagnosis(run, tmp_path):
    file = write(tmp_path / "a.qpy", real_amplitudes(5, reps=1))
    code, out, _ = run("diagnose", file, "-O", "ZZZZZ")
    out = " ".join(out.split())
    assert code == 0 and "exponential, e^(-" in out and "real_amplitudes, reverse_linear, 1 repetition" in out
    assert "─RY─" not in out  # no picture where there is no terminal
    assert json.loads(run("diagnose", file, "-O", "ZZZZZ", "--json")[1])["trend"]["law"] == "exponential"
    assert run("diagnose", file, "-O", "ZZZZZ", "--fail-if", "rate > 0.1")[0] == 1

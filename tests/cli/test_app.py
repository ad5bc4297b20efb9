"""The command line as a user meets it: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from qiskit import QuantumCircuit, qasm2, qasm3, qpy
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes

from qtrain import Molecule, TrainabilityReport, search
from qtrain.architecture.catalogue import hva_tfim
from qtrain.cli.app import app, main
from qtrain.registry.registry import RegistryEntry, register

VERBS = ["diagnose", "molecule", "search", "compare", "worker", "list", "show", "register", "package", "report", "shadows"]


class Outcome:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """``run("list", "--json")``: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        captured = capfd.readouterr()
        return Outcome(int(stop.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def ansatz(tmp_path: Path) -> Path:
    path = tmp_path / "ansatz.qasm"
    path.write_text(qasm3.dumps(efficient_su2(4, reps=2)))
    return path


def write(path: Path, circuit: QuantumCircuit) -> Path:
    if path.suffix == ".qpy":
        with path.open("wb") as file:
            qpy.dump(circuit, file)
    else:
        path.write_text(qasm3.dumps(circuit) if circuit.parameters else qasm2.dumps(circuit))
    return path


def one_sentence(outcome: Outcome) -> str:
    """Wrong input: exit code 2, nothing on stdout, one line on stderr."""
    assert (outcome.code, outcome.out) == (2, ""), outcome.err
    (line,) = outcome.err.strip().splitlines()
    assert line.startswith("qtrain: ")
    return line


# ------------------------------------------------------------------------------------------------- help


def test_help_lists_every_verb(run):
    outcome = run("--help")
    assert outcome.code == 0
    assert [verb for verb in VERBS if f"  {verb} " in outcome.out] == VERBS
    assert "Exit codes: 0 fine" in outcome.out and "..." not in outcome.out.partition("Commands:")[2]


def test_a_verb_that_is_nearly_right_is_a_question(run):
    outcome = run("diagnos")
    assert outcome.code == 2 and "Did you mean 'diagnose'? Try: qtrain --help" in outcome.err


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_shows_an_example_that_parses(run, verb):
    outcome = run(verb, "--help")
    assert outcome.code == 0
    text = " ".join(outcome.out.split())
    assert f"Example: qtrain {verb}" in text
    import shlex

    import typer

    group = typer.main.get_command(app)
    _, name, *arguments = shlex.split(text.split("Example: ")[1])
    group.commands[name].make_context(name, arguments)  # raises on an option that does not exist


@pytest.mark.parametrize("arguments", [["frobnicate"], ["diagnose"], ["list", "--wat"], ["show"]])
def test_usage_errors_have_exit_code_2(run, arguments):
    outcome = run(*arguments)
    assert "Try: qtrain" in one_sentence(outcome)


def test_installed_script_runs():
    done = subprocess.run(
        [Path(sys.executable).with_name("qtrain"), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0 and "diagnose" in done.stdout


# --------------------------------------------------------------------------------------------- diagnose


def test_diagnose_prints_causes(run, ansatz):
    outcome = run("diagnose", str(ansatz), "--observable", "ZIII")
    assert outcome.code == 0, outcome.err
    assert "9 of 24 parameters train at 10000 shots; 15 are dead" in outcome.out
    assert "dead: outside the light cone" in outcome.out and "healthy" in outcome.out


def test_diagnose_all_lists_every_parameter(run, ansatz):
    outcome = run("diagnose", str(ansatz), "-O", "ZIII", "--all")
    table = outcome.out[outcome.out.index("95 % interval") + len("95 % interval") :]
    rows = [line for line in table.splitlines() if line.split()[:1] and line.split()[0].isdigit()]
    assert [int(row.split()[0]) for row in rows] == list(range(24))


def test_diagnose_json_is_a_report(run, ansatz):
    outcome = run("diagnose", str(ansatz), "-O", "ZIII", "--json")
    report = TrainabilityReport.from_json(outcome.out)
    assert len(report.verdicts) == 24
    assert sum(v.cause.startswith("dead") for v in report.verdicts) == 15


@pytest.mark.parametrize(
    "conditions, code",
    [
        (["dead > 0.1"], 1),
        (["dead > 0.625"], 0),
        (["dead >= 0.625"], 1),
        (["dead > 90%", "healthy < 0.5"], 1),
        (["parameters != 24"], 0),
    ],
)
def test_fail_if(run, ansatz, conditions, code):
    options = [part for condition in conditions for part in ("--fail-if", condition)]
    outcome = run("diagnose", str(ansatz), "-O", "ZIII", *options)
    assert outcome.code == code
    assert ("holds" in outcome.err) == bool(code)


def test_against_shows_two_columns(run, tmp_path, ansatz):
    other = write(tmp_path / "other.qpy", real_amplitudes(4, reps=2))
    outcome = run("diagnose", str(ansatz), "-O", "ZIII", "--against", str(other))
    head = next(line for line in outcome.out.splitlines() if "ansatz.qasm" in line and "other.qpy" in line)
    assert head.index("ansatz.qasm") < head.index("other.qpy")
    data = json.loads(run("diagnose", str(ansatz), "-O", "ZIII", "--against", str(other), "--json").out)
    assert [len(data["reports"][name]["verdicts"]) for name in ("ansatz.qasm", "other.qpy")] == [24, 12]


def test_at_given_angles(run, tmp_path):
    path = write(tmp_path / "ansatz.qpy", real_amplitudes(2, reps=1))
    (tmp_path / "list.json").write_text("[0.1, 0.2, 0.3, 0.4]")
    (tmp_path / "names.json").write_text(json.dumps({f"θ[{k}]": (4 - k) / 10 for k in (3, 2, 1, 0)}))
    data = json.loads(
        run("diagnose", str(path), "-O", "IZ", "--at", str(tmp_path / "names.json"), "--json").out
    )
    assert data["local"]["angles"] == [0.4, 0.3, 0.2, 0.1]
    outcome = run("diagnose", str(path), "-O", "IZ", "--at", str(tmp_path / "list.json"))
    assert "At the given angles" in outcome.out and "signal-to-noise ratio of 1" in outcome.out


@pytest.mark.parametrize(
    "text, message",
    [
        ("{", "at should be JSON"),
        ("[0.1, 0.2]", "at should hold 4 angles, one per parameter. Got 2"),
        ('{"θ[0]": 0.1, "x": 1}', r"3 are missing ['θ[1]', 'θ[2]', 'θ[3]'] and 1 unknown ['x']"),
        ('["a", 1, 2, 3]', "at should hold numbers"),
        ("[true, 1, 2, 3]", "at should hold numbers"),
    ],
)
def test_bad_angles(run, tmp_path, text, message):
    path = write(tmp_path / "ansatz.qpy", real_amplitudes(2, reps=1))
    (tmp_path / "angles.json").write_text(text)
    line = one_sentence(run("diagnose", str(path), "-O", "IZ", "--at", str(tmp_path / "angles.json")))
    assert message in line


def test_angles_of_a_file_without_parameters_are_freed_and_announced(run, tmp_path):
    circuit = QuantumCircuit(2)
    circuit.ry(0.3, 0)
    circuit.cx(0, 1)
    circuit.ry(0.4, 1)
    path = write(tmp_path / "bound.qasm", circuit)
    freed = run("diagnose", str(path), "-O", "ZI", "--json")
    assert freed.code == 0 and len(json.loads(freed.out)["verdicts"]) == 2
    assert freed.err.startswith("qtrain: ") and len(freed.err.splitlines()) == 1
    assert "at least one parameter" in one_sentence(run("diagnose", str(path), "-O", "ZI", "--keep-angles"))


def test_noise_and_initialization_reach_the_report(run, ansatz):
    def variance(*options: str) -> float:
        outcome = run("diagnose", str(ansatz), "-O", "ZIII", "--json", *options)
        return TrainabilityReport.from_json(outcome.out).gradients.cost_variance

    assert variance("--noise", "0.05") < 0.99 * variance()
    assert variance("--noise", '{"readout": 0.05}') == pytest.approx(0.9**2 * variance())
    small = json.loads(
        run("diagnose", str(ansatz), "-O", "ZIII", "--json", "--initialization", "small:0.1").out
    )
    assert small["initialization"] == "small:0.1"


@pytest.mark.parametrize(
    "options, message",
    [
        (["-O", "ZZ"], "observable"),
        (["-O", "ZQII"], "observable"),
        (["-O", "ZIII", "--shots", "0"], "shots should be"),
        (["-O", "ZIII", "--seconds", "-1"], "seconds should be positive. Got -1.0"),
        (["-O", "ZIII", "--noise", "1.5"], "noise should give rates between 0 and 1. Got 1.5"),
        (["-O", "ZIII", "--noise", "{1}"], "should be JSON where it starts with a brace"),
        (["-O", "ZIII", "--noise", "FakeNowhere"], "such as FakeTorino. Got 'FakeNowhere'"),
        (["-O", "ZIII", "--initialization", "cold"], "initialization should be"),
        (["-O", "ZIII", "--fail-if", "alive > 1"], "fail-if should name one of"),
        (["-O", "ZIII", "--figure", "profile.txt"], "figure should end in .png, .svg, .pdf"),
        (["-O", "ZIII", "--figure", "missing/profile.png"], "missing/profile.png"),
        (["-O", "ZIII", "--at", "missing.json"], "at should be a readable file. Got missing.json"),
        (["-O", "ZIII", "--against", "missing.qasm"], "Got 'missing.qasm'"),
    ],
)
def test_wrong_options_are_one_sentence(run, ansatz, options, message):
    outcome = run("diagnose", str(ansatz), *options)
    assert outcome.code == 2
    line = outcome.err.strip().splitlines()[-1]
    assert line.startswith("qtrain: ") and message in line and "Traceback" not in outcome.err


@pytest.mark.parametrize("name, content", [
    ("broken.qasm", b"OPENQASM 3.0; qubit[2] q; ry(0.1 q[0];"),
    ("cut.qpy", b"QISKIT\x0d\x00"),
    ("binary.qasm", b"\xff\xfe\x00\x01"),
    ("empty.qasm", b""),
    ("circuit.txt", b"OPENQASM 3.0;"),
    ("measured.qasm", b'OPENQASM 3.0; include "stdgates.inc"; bit c; qubit q; c = measure q; ry(0.1) q;'),
])  # fmt: skip
def test_files_that_are_no_circuits(run, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    outcome = run("diagnose", str(tmp_path / name), "-O", "Z")
    assert outcome.code == 2 and outcome.out == "" and "Traceback" not in outcome.err


def test_figure_and_report_page(run, ansatz, tmp_path):
    assert run("diagnose", str(ansatz), "-O", "ZIII", "--figure", str(tmp_path / "v.png")).code == 0
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")
    assert run("report", str(ansatz), "-O", "ZIII", "-o", str(tmp_path / "page.html")).code == 0
    page = (tmp_path / "page.html").read_text()
    assert "9 of 24 parameters train" in page and "default-src 'none'" in page
    assert "observable should be given" in one_sentence(run("report", str(ansatz), "-o", "page.html"))
    assert "end in .html" in one_sentence(run("report", str(ansatz), "-O", "ZIII", "-o", str(tmp_path / "page.pdf")))


def test_molecule_writes_a_file_that_it_may_renew(run, tmp_path):
    path = tmp_path / "h2.json"
    for _ in range(2):
        outcome = run("molecule", "H 0 0 0; H 0 0 1.4", "--unit", "bohr", "--active", "2,2", "-o", str(path))
        assert outcome.code == 0 and "4 qubits" in outcome.out and "exact -1.137" in outcome.out
    assert Molecule.read(path).provenance["unit"] == "bohr"
    assert "2,5. Got '2'" in one_sentence(run("molecule", "H 0 0 0; H 0 0 1", "--active", "2", "-o", str(path)))
    path.write_text("{}")
    assert "something else" in one_sentence(run("molecule", "H 0 0 0; H 0 0 1", "-o", str(path)))
    assert path.read_text() == "{}"


def test_a_verb_never_writes_over_its_input_or_a_stranger(run, ansatz, tmp_path):
    before, page, link = ansatz.read_text(), ["report", str(ansatz), "-O", "ZIII", "-o"], tmp_path / "v.png"
    link.symlink_to(ansatz)
    assert "another file than the input" in one_sentence(run(*page, str(ansatz)))
    assert "another file than the input" in one_sentence(run("diagnose", str(ansatz), "-O", "ZIII", "--figure", str(link)))
    other = write(tmp_path / "other.qpy", efficient_su2(2))
    content = other.read_bytes()
    assert "something else" in one_sentence(run(*page, str(other)))
    spec = tmp_path / "spec.toml"
    spec.write_text('name = "s"\nqubits = 2\ntrials = 1\n[task]\nkind = "tfim"\n')
    assert "something else" in one_sentence(run("search", str(spec), "--storage", str(spec), "--tracking-uri", "off"))
    assert ansatz.read_text() == before and other.read_bytes() == content and spec.read_text().startswith("name")


def test_show_and_report_give_an_entry_the_same_figures(run, tmp_path, monkeypatch):
    """Its search measures the observable scaled to S = 1, whatever the number of its terms."""
    monkeypatch.chdir(tmp_path)
    spec = {"name": "same", "qubits": 3, "trials": 1, "task": {"kind": "tfim"}, "training": {"steps": 1, "starts": 1},
            "constraints": {"max_dead_fraction": 1.0, "min_trainability": -300.0}}  # fmt: skip
    search(spec, tracking_uri="off")
    shown = next(line for line in run("show", "same").out.splitlines() if line.startswith("cost variance"))[13:].strip()
    assert run("report", "same", "-o", "page.html", "--thorough").code == 0
    page = re.sub("<[^>]+>", "", Path("page.html").read_text())
    assert "(observable with S = 1)" in shown and shown in page
    assert run("report", "same", "-O", "ZZI + IZZ + XII + IXI + IIX", "-o", "page.html").code == 0
    assert "(observable with S = 5)" in re.sub("<[^>]+>", "", Path("page.html").read_text())


# --------------------------------------------------------------------------------------------- registry


def test_list_and_show(run):
    assert "No architecture is registered yet" in run("list").out
    assert json.loads(run("list", "--json").out) == []
    register(RegistryEntry("ising", hva_tfim(reps=2), 4, "ZIII", objectives={"task_loss": 0.25}))
    (row,) = json.loads(run("list", "--json").out)
    assert (row["name"], row["qubits"], row["parameters"], row["observable"]) == ("ising", 4, 4, "ZIII")
    assert "ising" in run("list").out
    shown = run("show", "ising").out
    assert "task_loss 0.25" in shown and "qtrain.load('ising').circuit()" in shown and "q_3" in shown
    assert json.loads(run("show", "ising", "--json").out)["content_id"] == hva_tfim(reps=2).content_id


def test_a_damaged_entry_does_not_hide_the_others(run, tmp_path):
    register(RegistryEntry("fine", hva_tfim(), 4))
    (tmp_path / "qtrain-home" / "broken.json").write_text("{")
    rows = {row["name"]: row for row in json.loads(run("list", "--json").out)}
    assert rows["fine"]["qubits"] == 4 and rows["broken"]["architecture"].startswith("unreadable: ")


def test_names_with_separators_and_unknown_names(run):
    assert "Got '../../etc/passwd'" in one_sentence(run("show", "../../etc/passwd"))
    assert "registered architecture: none yet. Got 'nothing'" in one_sentence(run("show", "nothing"))


# ---------------------------------------------------------------------------------------------- studies

SPEC = """
name = "tiny"
qubits = 3
trials = 4
batch = 2
[task]
kind = "tfim"
[training]
steps = 5
starts = 1
[constraints]
max_dead_fraction = 1.0
min_trainability = -20.0
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(SPEC)
    return path


def test_search_continues_registers_and_is_shown(run, spec):
    first = run("search", str(spec), "--trials", "2", "--tracking-uri", "off", "--json")
    assert first.code == 0, first.err
    result = json.loads(first.out)
    assert [t["number"] for t in result["trials"]] == [0, 1] and "2/2 trials" in first.err
    again = run("search", str(spec), "--tracking-uri", "off")
    assert again.code == 0 and "4/4 trials" in again.err
    assert "Pareto front" in again.out and "★" in again.out and "qtrain show tiny" in again.out
    assert [row["name"] for row in json.loads(run("list", "--json").out)] == ["tiny"]
    named = run("register", "tiny", "--name", "renamed")
    assert named.code == 0 and "as renamed" in named.out, named.err
    assert "renamed" in run("list").out


def test_search_without_a_feasible_trial_has_exit_code_3(run, spec):
    spec.write_text(SPEC.replace("min_trainability = -20.0", "min_trainability = 5.0"))
    outcome = run("search", str(spec), "--tracking-uri", "off")
    assert outcome.code == 3
    assert "found no winner: of 4 trials 4 were pruned" in outcome.err.splitlines()[-1]


def test_dry_run_runs_nothing(run, spec, tmp_path):
    outcome = run("search", str(spec), "--dry-run", "--json")
    assert outcome.code == 0, outcome.err
    plan = json.loads(outcome.out)
    assert plan["trials"] == 4 and outcome.err == ""
    whole = plan["candidates probed"] - plan["of them pruned"]
    assert whole == 8 or plan["candidates probed"] == 40
    stages = sum(v for k, v in plan.items() if k in {f"seconds of {s}" for s in ("light_cone", "gradients", "training")})
    assert 0 < stages <= plan["seconds of a trial that is not pruned"] + 1e-3
    assert plan["seconds of the search"] > 4 * plan["seconds of the mean trial"]
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize(
    "change, message",
    [
        ("trails = 3\n", "Got 'trails' (did you mean 'trials'?)"),
        ("name = \n", "valid TOML"),
        ("seed = -1\n", "seed should be"),
    ],
)
def test_bad_spec(run, spec, change, message):
    spec.write_text(change + SPEC)
    assert message in one_sentence(run("search", str(spec)))


def test_bad_search_options(run, spec):
    assert "n_trials should be" in one_sentence(run("search", str(spec), "--trials", "0"))
    assert "n_jobs should be" in one_sentence(
        run("search", str(spec), "--jobs", "0", "--tracking-uri", "off")
    )
    assert "tracking_uri should be" in one_sentence(run("search", str(spec), "--tracking-uri", "nonsense"))
    assert "which has none" in one_sentence(run("register", "never-ran"))
    shared = one_sentence(run("worker", str(spec), "--storage", "a.journal"))
    assert "storage should be a database URL, which workers can share. Got 'a.journal'" in shared


def test_compare_runs_the_search_and_its_rivals_once(run, spec, tmp_path):
    path = tmp_path / "compared.json"
    options = ("compare", str(spec), "--seeds", "2", "--rivals", "random", "--evaluations", "40", "-o", str(path))
    first = run(*options)
    assert first.code == 0, first.err
    assert first.err.count("search, seed") == 2 and "random, seed 1: loss" in first.err
    assert "rival / search" in first.out and "Lost to" in first.out
    again = run(*options, "--json")
    assert again.code == 0 and again.err == ""
    assert set(json.loads(again.out)["runs"]) == {"search", "random"}


def test_bad_compare_options(run, spec, tmp_path):
    assert "seeds should be how many" in one_sentence(run("compare", str(spec), "--seeds", "0"))
    assert "rivals should be one of" in one_sentence(run("compare", str(spec), "--rivals", "nobody"))
    assert "vary should be a key of the spec" in one_sentence(run("compare", str(spec), "--vary", "task.nothing"))
    (tmp_path / "other.json").write_text("[]")
    other = one_sentence(run("compare", str(spec), "-o", str(tmp_path / "other.json")))
    assert "results should be a new file, or one of a comparison" in other


def test_worker_ends_a_study_in_a_database_and_its_winner_is_registered(run, spec):
    url = "sqlite:///shared.db"
    outcome = run("worker", str(spec), "--storage", url, "--tracking-uri", "off", "--json")
    assert outcome.code == 0, outcome.err
    counts = json.loads(outcome.out)["counts"]  # a worker's proposals are its own: one may have no live parameter
    assert counts["complete"] + counts["pruned"] == 4 and counts["complete"] and "4/4 trials" in outcome.err
    assert "should be one of those in" in one_sentence(run("register", "other", "--storage", url))
    assert run("register", "tiny", "--storage", url, "--name", "shared").code == 0
    assert "shared" in run("list").out


# --------------------------------------------------------------------------------------------- failures


def test_a_bug_is_not_called_wrong_input(run, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError("one over nothing")

    monkeypatch.setattr("qtrain.cli.verbs.study_verbs.entries", broken)
    outcome = run("list")
    assert outcome.code == 70 and "ZeroDivisionError: one over nothing" in outcome.err
    assert outcome.err.strip().splitlines()[-1] == (
        "qtrain: this is a bug in qtrain: please report it with the lines above."
    )


def test_full_disk_is_a_sentence(run, monkeypatch):
    def full() -> None:
        raise OSError(28, "No space left on device", "/data/x")

    monkeypatch.setattr("qtrain.cli.verbs.study_verbs.entries", full)
    assert "/data/x: No space left on device" in one_sentence(run("list"))


def test_interrupt(run, monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qtrain.cli.verbs.study_verbs.entries", interrupted)
    assert run("list").code == 130


def test_a_long_observable_comes_from_a_file_and_is_named_in_short(run, tmp_path):
    n = 40
    circuit = write(tmp_path / "wide.qasm", real_amplitudes(n, reps=1))
    text = " + ".join("I" * q + "ZZ" + "I" * (n - 2 - q) for q in range(n - 1))
    (tmp_path / "chain.txt").write_text(text.replace(" + ", "\n  + "))
    found = run("diagnose", str(circuit), "-O", f"@{tmp_path / 'chain.txt'}")
    head = found.out.splitlines()[0]
    assert head.startswith("wide.qasm, Z38 Z39 + Z37 Z38 + ") and head.endswith("… (39 terms)")
    spelled = run("diagnose", str(circuit), "-O", " + ".join(f"Z{q} Z{q + 1}" for q in range(n - 1)))
    assert found.out.splitlines()[1:] == spelled.out.splitlines()[1:]
    assert "nowhere" in one_sentence(run("diagnose", str(circuit), "-O", "@nowhere"))


def test_inputs_are_averaged_over_data_or_over_random_points(run, tmp_path):
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("x"), 0)
    circuit.cx(0, 1)
    circuit.ry(Parameter("w"), 1)
    file = write(tmp_path / "encoded.qpy", circuit)
    (tmp_path / "data.csv").write_text("0.0\n0.0\n")
    asked = ["diagnose", str(file), "-O", "Z1", "--json"]
    trained = json.loads(run(*asked).out)
    random = json.loads(run(*asked, "--inputs", "x").out)
    zero = json.loads(run(*asked, "--inputs", "x", "--data", str(tmp_path / "data.csv")).out)
    assert [r["num_parameters"] for r in (trained, random, zero)] == [2, 1, 1]
    assert zero["verdicts"][0]["variance"] == pytest.approx(0.5)  # of sin(w), as cos(0) = 1
    assert random["verdicts"][0]["variance"] < 0.45  # of cos(x) sin(w): about 1/4
    assert any("random points" in note or "64 points" in note for note in random["notes"])
    (tmp_path / "data.csv").write_text("0.0, 1\n0.0\n")
    assert "a point on each line" in one_sentence(run(*asked, "--inputs", "x", "--data", str(tmp_path / "data.csv")))
    assert "inputs should name" in one_sentence(run(*asked, "--data", str(tmp_path / "data.csv")))

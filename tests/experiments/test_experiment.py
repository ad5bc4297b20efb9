"""Sizes, parts on file, numbers beside those expected, and what is in MLflow of it."""

from __future__ import annotations

import json
import runpy
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

import qtrain

CONFIG = "[quick.sums]\nsizes = [2, 3]\n[quick.slow]\nseconds = 0\n[full.sums]\nsizes = [2, 9]\n[full.slow]\nseconds = 1\n"
ROWS = [
    {"name": "sums.total.1", "value": 6, "exact": True, "source": "n (n + 1) / 2", "paper": 6},
    {"name": "sums.slope", "value": 1.5, "relative": 0.01, "source": "by hand"},
    {"name": "slow.seconds", "at_most": 5, "source": "the settings"},
]
CALLS: list[str] = []


def sums(*, sizes):
    CALLS.append("sums")
    return {"total": [n * (n + 1) // 2 for n in sizes], "slope": 1.5, "name": "so(4)"}


def slow(*, seconds):
    CALLS.append("slow")
    return {"seconds": seconds}


def wrote(folder="study", *, config=CONFIG, rows=ROWS) -> Path:
    place = Path(folder)
    place.mkdir(exist_ok=True)
    (place / "config.toml").write_text(config)
    (place / "expected.json").write_text(json.dumps({"quick": rows, "full": rows}))
    return place


def ran(folder="study", functions=None, **options):
    """The exit code, what was said, and which parts were computed."""
    said: list[str] = []
    CALLS.clear()
    run = qtrain.Experiment(folder, say=said.append, **{"tracking_uri": "off", **options})
    for name, function in (functions or {"sums": sums, "slow": slow}).items():
        if name in run.config:
            run.part(name, function)
    return run.finish(), "\n".join(said), list(CALLS)


def test_numbers_as_expected_and_parts_on_file():
    wrote()
    code, said, calls = ran()
    assert code == 0 and calls == ["sums", "slow"] and "As expected." in said and "1.5 ± 1%" in said
    assert json.loads(Path("study/results/quick/sums.json").read_text())["numbers"]["total"] == [3, 6]
    assert ran()[2] == [] and ran(again=True, only=["slow"])[2] == ["slow"]


def test_a_config_that_changed_runs_its_part_again():
    wrote()
    ran()
    wrote(config=CONFIG.replace("[2, 3]", "[2, 4]"))
    code, said, calls = ran()
    assert calls == ["sums"] and "sums: on file with other settings (sizes), run again" in said
    assert code == 1 and "sums.total.1 should be 6. Got 10." in said


@pytest.mark.parametrize("name, tells", [
    ("run.py", True), ("sums.py", True), ("models/deep.py", True), ("results/old.py", False), ("notes.txt", False),
    ("audit/sums.py", False),
])  # fmt: skip
def test_any_code_of_the_folder_that_changed_is_told(name, tells):
    """Modules beside run.py too; not those of an experiment of its own below it."""
    path = wrote() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.startswith("audit/"):
        (path.parent / "config.toml").write_text(CONFIG)
    for text in ("one = 1\n", "one = 2\n", None):
        assert "earlier code" not in ran(again=True)[1] + ran()[1]
        path.unlink() if text is None else path.write_text(text)
        code, said, calls = ran()
        assert code == 0 and calls == [] and ("sums: on file from earlier code of this folder" in said) is tells


@pytest.mark.parametrize("change, sentence", [
    ({"value": 1.6}, "sums.slope should be 1.6 ± 1%. Got 1.5."),
    ({"name": "sums.incline"}, "sums.incline should be a number of the part 'sums': the part gave none of that name."),
    ({"name": "slow.slope"}, "slow.slope should be a number of the part 'slow'"),
])  # fmt: skip
def test_what_is_not_as_expected_is_named(change, sentence):
    wrote(rows=[ROWS[0], ROWS[1] | change, ROWS[2]])
    code, said, _ = ran()
    assert code == 1 and f"Not as expected: {sentence}" in said and "1 not as expected.json says." in said


def test_a_part_that_nobody_looks_at_fails():
    wrote(rows=ROWS[:2])
    code, said, _ = ran()
    assert code == 1 and "The part 'slow' should have a row in expected.json. Got none." in said


def test_a_number_that_is_none_is_never_as_expected():
    wrote(rows=[*ROWS[:1], {"name": "sums.slope", "at_most": 2, "source": "x"}, ROWS[2]])
    functions = {"sums": lambda *, sizes: {"total": [3, 6], "slope": float("nan")}, "slow": slow}
    assert ran(functions=functions)[0] == 1


@pytest.mark.parametrize("entry", [
    {"name": "sums.slope", "value": 1.5, "source": "x"},
    {"name": "sums.slope", "value": 1.5, "relative": 0.1},
    {"name": "sums.slope", "value": 1.5, "relative": 0.1, "absolute": 0.1, "source": "x"},
    {"name": "sums.slope", "value": float("nan"), "relative": 0.1, "source": "x"},
    {"name": "sums.slope", "value": 1.5, "at_most": 2, "source": "x"},
    "sums.slope",
])  # fmt: skip
def test_rows_that_are_none(entry):
    wrote(rows=[entry])
    with pytest.raises(qtrain.QTrainError, match=r"A row of expected.json should be like"):
        ran()


@pytest.mark.parametrize("config, sentence", [
    (CONFIG.replace("[full.slow]\nseconds = 1\n", ""), r"same keys. Got one of slow alone"),
    (CONFIG.replace("[full.slow]\nseconds", "[full.slow]\nminutes"), r"same keys. Got one of slow.minutes alone"),
    ("[quick.sums]\n", r"should have a table \[full.PART\]"),
    ("[quick", r"config.toml should be a TOML file"),
])  # fmt: skip
def test_configs_that_are_none(config, sentence):
    wrote(config=config)
    with pytest.raises(qtrain.QTrainError, match=sentence):
        ran()


def test_wrong_calls_are_one_sentence():
    wrote()
    with pytest.raises(qtrain.QTrainError, match=r"size should be 'quick' or 'full'. Got 'huge'"):
        qtrain.Experiment("study", "huge")
    with pytest.raises(qtrain.QTrainError, match=r"one row for each number of a size. Got 'sums.slope' twice"):
        ran(folder=wrote("twice", rows=[ROWS[1], ROWS[1]]))
    with pytest.raises(qtrain.QTrainError, match=r"Every part of config.toml should run before the end. Got nothing of slow"):
        ran(functions={"sums": sums})
    with pytest.raises(qtrain.QTrainError, match=r"only should name parts of config.toml: sums, slow. Got speed"):
        ran(only=["speed"])
    with pytest.raises(qtrain.QTrainError, match=r"name should be a part of config.toml's table \[quick\]: sums, slow"):
        qtrain.Experiment("study").part("speed", slow)
    with pytest.raises(qtrain.QTrainError, match=r"A part should return a table of numbers. Got 3 from 'sums'"):
        ran(functions={"sums": lambda *, sizes: 3}, again=True)


SCRIPT = """
import sys, qtrain
def sums(*, sizes):
    return {"total": sum(sizes)}
def slow(*, seconds):
    return {"inverse": 1 / seconds}
def main():
    run = qtrain.Experiment.from_arguments(__file__)
    run.part("sums", sums)
    run.part("slow", slow)
    return run.finish()
sys.exit(main())
"""


@pytest.mark.parametrize("spoil, arguments, sentence", [
    (lambda place: None, [], "study: The part 'slow' failed in run.py, line 6: ZeroDivisionError: division by zero. "
                             "What ended before it is on file."),
    (lambda place: None, ["huge"], "invalid choice: 'huge'"),
    (lambda place: (place / "config.toml").unlink(), [], "study/run.py: folder should be one with a config.toml"),
    (lambda place: (place / "config.toml").write_text("[quick"), [], "study/run.py: config.toml should be a TOML file"),
    (lambda place: (place / "expected.json").write_text("{"), [], "study/run.py: expected.json should"),
    (lambda place: (place / "results/quick/sums.json").write_text("{}"), [],
     "study: results should be what an experiment wrote"),
    (lambda place: (place / "results/quick/sums.json").write_bytes(b"\xff\xfe{"), [], "study: results should"),
    (lambda place: None, ["--only", "speed"], "study: only should name parts"),
])  # fmt: skip
def test_what_is_wrong_with_a_script_is_a_sentence_and_loses_nothing(spoil, arguments, sentence, monkeypatch, capsys):
    place = wrote()
    ran()
    (place / "results/quick/slow.json").unlink()
    (place / "run.py").write_text(SCRIPT)
    spoil(place)
    left = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    monkeypatch.setattr(sys, "argv", [str(place / "run.py"), *arguments])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(place / "run.py"), run_name="__main__")
    told = capsys.readouterr().err
    assert stop.value.code == 2 and sentence in told and "Traceback" not in told
    assert all(path.read_bytes() == before for path, before in left.items())


def test_one_run_with_its_parts_nested(store):
    """The second time nothing is computed and nothing is written twice; a part that ran again is a run of its own."""
    wrote()
    (Path("study") / "README.md").write_text("# A study\n")
    assert [ran(tracking_uri=None)[0] for _ in range(2)] == [0, 0]
    client = MlflowClient(tracking_uri="sqlite:///mlruns/mlflow.db")
    place = [client.get_experiment_by_name("qtrain").experiment_id]
    (parent,) = client.search_runs(place, "tags.`qtrain.kind` = 'experiment'")
    parts = client.search_runs(place, f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert sorted(run.info.run_name for run in parts) == ["slow", "sums"] and parent.info.status == "FINISHED"
    assert parent.info.run_name == "study, quick" and parent.data.metrics["sums.slope"] == 1.5
    numbers = {run.info.run_name: run.data.metrics for run in parts}
    assert numbers["sums"]["total.1"] == 6 and numbers["sums"]["cpu_seconds"] >= 0
    files = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert files == {"README.md", "config.toml", "expected.json"}
    assert ran(tracking_uri=None, again=True, only=["sums"])[0] == 0
    assert len(client.search_runs(place, f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")) == 3


def test_a_killed_run_goes_on_where_it_was():
    place = wrote(config=CONFIG.replace("seconds = 0", "seconds = 60"))
    script = """
        import pathlib, sys, time, qtrain

        def sums(*, sizes):
            with open("calls", "a") as file:
                file.write("sums ")
            return {"total": [n * (n + 1) // 2 for n in sizes], "slope": 1.5}

        def slow(*, seconds):
            pathlib.Path("begun").touch()
            time.sleep(seconds if not pathlib.Path("quickly").exists() else 0)
            return {"seconds": 0}

        run = qtrain.Experiment.from_arguments(__file__)
        run.part("sums", sums)
        run.part("slow", slow)
        sys.exit(run.finish())
    """
    (place / "run.py").write_text(textwrap.dedent(script))
    command = [sys.executable, "study/run.py", "quick", "--tracking-uri", "off"]
    first = subprocess.Popen(command)
    while not Path("begun").exists():
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    Path("quickly").touch()
    second = subprocess.run(command, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert Path("calls").read_text() == "sums " and "sums ..." not in second.stdout and "As expected." in second.stdout


def test_figures_of_the_quick_size_stay_out_of_the_folder():
    from matplotlib.figure import Figure

    wrote()
    for size, there in (("quick", False), ("full", True)):
        path = qtrain.Experiment("study", size).save(Figure())
        assert path == Path(f"study/results/{size}/figure.png").resolve() and path.exists()
        assert Path("study/figure.png").exists() == there

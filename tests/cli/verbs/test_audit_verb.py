"""``qtrain audit`` as a user meets it."""

from __future__ import annotations

import json

import planted
import pytest

import qtrain
from qtrain.cli.app import main


@pytest.fixture
def run(capfd, monkeypatch, tmp_path):
    """``run("data", ...)``: exit code, stdout, stderr of ``qtrain audit``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["audit", *map(str, arguments)])
        captured = capfd.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def table(tmp_path):
    X, y = planted.linear(24)
    lines = ["a,b,c,kind", *(",".join(map(repr, row.tolist())) + f",{'<left>' if k else 'right'}" for row, k in zip(X, y))]
    (tmp_path / "data.csv").write_text("\n".join(lines))
    return "data.csv"


def test_table_for_people(run, table):
    code, out, err = run(table, "--seconds", 0.3, "--repeats", 1)
    assert code == 0 and not err
    assert "Audit of data.csv: 24 samples, 3 features, 2 classes" in out and "<left> 12" in out
    assert "one-body features" in out and "balanced accuracy" in out and "note" in out
    assert max(map(len, out.splitlines())) <= 80


def test_json_for_machines(run, table):
    code, out, _ = run(table, "--label", "kind", "--seconds", 0.3, "--json")
    audit = qtrain.Audit.from_json(out)
    assert code == 0 and audit.classes == {"<left>": 12, "right": 12} and json.loads(out)["kind"] == "Audit"


@pytest.mark.parametrize("arguments, said", [
    (["nowhere.csv"], "file should be"), (["data.csv", "--label", "d"], "label should be a column of data.csv"),
    (["data.csv", "--model", "nonsense"], "architecture should be"), (["data.csv", "--seconds", "0"], "seconds"),
    (["iris", "--label", "a"], "label should be given for a CSV file alone"), (["data.txt"], "ends in .csv or .npz"),
])  # fmt: skip
def test_wrong_input_is_one_sentence(run, table, arguments, said):
    code, out, err = run(*arguments)
    assert code == 2 and not out and said in err and err.count("\n") == 1

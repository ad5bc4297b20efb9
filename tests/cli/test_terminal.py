"""Output on any terminal, into any pipe: real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter

from qtrain.cli.terminal import spelt

NAME = "θ\x1b[31mred\x07"


@pytest.fixture(scope="module")
def circuit(tmp_path_factory):
    path = tmp_path_factory.mktemp("terminal") / "named.qpy"
    made = QuantumCircuit(2)
    made.ry(Parameter(NAME), 0)
    made.ry(Parameter("φ"), 1)
    with path.open("wb") as file:
        qpy.dump(made, file)
    return path


def run(*arguments, stdout=subprocess.PIPE, **environment):
    return subprocess.run(
        [sys.executable, "-m", "qtrain.cli", *map(str, arguments)], stdout=stdout, stderr=subprocess.PIPE,
        env=os.environ | {"NO_COLOR": "1", "PYTHONWARNINGS": "ignore"} | environment,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_every_encoding_can_show_a_report(circuit, encoding):
    done = run("diagnose", circuit, "-O", "IZ", "--all", PYTHONIOENCODING=encoding)
    text = done.stdout.decode(encoding)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in text and "\x07" not in text and ("phi" in text or "φ" in text)
    data = run("diagnose", circuit, "-O", "IZ", "--json", PYTHONIOENCODING=encoding).stdout.decode(encoding)
    assert {v["parameter"] for v in json.loads(data)["verdicts"]} == {NAME, "φ"}


@pytest.mark.parametrize("width", ["20", "60"])
def test_the_cause_is_there_at_every_width(circuit, width):
    text = " ".join(run("diagnose", circuit, "-O", "IZ", "--all", COLUMNS=width).stdout.decode().split())
    assert "#0" in text and "healthy" in text and "dead: outside the light cone" in text


def test_a_closed_pipe_is_no_failed_condition(circuit):
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (("list",), ("diagnose", circuit, "-O", "IZ")):
        done = run(*arguments, stdout=writing)
        assert (done.returncode, done.stderr) == (141, b""), arguments
    os.close(writing)


def test_a_full_terminal_is_one_sentence(circuit):
    with open("/dev/full", "wb") as full:
        done = run("diagnose", circuit, "-O", "IZ", stdout=full)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"No space left" in done.stderr


def test_messages_are_one_line_that_gives_no_orders():
    assert spelt("a\x1b[2Jb\nc\u202ed") == "a\\x1b[2Jb c\\u202ed"
    assert len(spelt("x" * 10**6)) < 1300

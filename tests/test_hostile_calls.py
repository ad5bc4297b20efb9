"""Wrong command lines: one sentence, the documented exit code, nothing written, bounded in time and memory."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from pathlib import Path

import psutil
import pytest
from hostile_calls import ROWS, make_files

from qtrain.cli.app import main

CPU_SECONDS, MEMORY = 10.0, 1024**3  # of one call; the limits are the system's, not a clock's that is compared


class TooLong(BaseException):
    pass


def too_long(*_):
    raise TooLong


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("QTRAIN_HOME", str(folder / "qtrain-home"))
        make_files()
    return folder


@contextlib.contextmanager
def bounded():
    """The system's limits for the block alone: pytest itself has none when it tells of a failure."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file, its size and when it was written; locks and what a study begins with are no output."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not name.startswith("mlruns") and not name.endswith((".lock", ".held")) and not path.is_dir():
            status = os.lstat(path)
            found[name] = (status.st_size, status.st_mtime_ns)
    return found


def short(row) -> str:
    arguments, _, word = row
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in " ".join(a[:30] for a in arguments))[:90]


@pytest.mark.parametrize("row", ROWS, ids=short)
def test_a_wrong_call_is_one_sentence(row, place, monkeypatch, capfd):
    arguments, code, word = row
    monkeypatch.chdir(place)
    monkeypatch.setenv("QTRAIN_HOME", str(place / "qtrain-home"))
    monkeypatch.setenv("NO_COLOR", "1")
    before = contents(place)
    with pytest.raises(SystemExit) as stop, bounded():
        main(arguments)
    outcome = capfd.readouterr()
    assert stop.value.code == code, outcome.err[-2000:]
    lines = outcome.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("qtrain: ") and word in lines[0], outcome.err
    assert len(lines[0]) < 1300 and lines[0].isprintable()
    assert code == 1 or outcome.out == ""
    assert contents(place) == before


def test_there_are_enough_of_them_and_all_differ():
    assert len({tuple(arguments) for arguments, _, _ in ROWS}) == len(ROWS) >= 400

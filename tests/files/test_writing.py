"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import resource
import signal

import pytest

from qtrain.errors import QTrainError
from qtrain.files.writing import replaced, write_text


@pytest.mark.parametrize("before", [None, "what was there"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("mine"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_what_was_there(tmp_path, before, error):
    path = tmp_path / "page.html"
    if before is not None:
        path.write_text(before)
    with pytest.raises((QTrainError, RuntimeError, KeyboardInterrupt)), replaced(path, "output") as beside:
        beside.write_text("half")
        raise error
    assert os.listdir(tmp_path) == ([] if before is None else ["page.html"])
    assert before is None or path.read_text() == before


def test_a_full_disk_names_the_file(tmp_path):
    path = tmp_path / "page.html"
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(QTrainError, match=f"output should be a file that can be written. Got {path}: File too large"):
            write_text(path, "x" * 10_000, "output")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(tmp_path) == []


def test_links_stay_and_modes_are_kept(tmp_path):
    path, link = tmp_path / "page.html", tmp_path / "link.html"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_text(link, "new", "output")
    assert link.is_symlink() and path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_written(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    for name in ("circle", ".", "nowhere/x"):
        with pytest.raises(QTrainError, match="output should be a file that can be written"):
            write_text(tmp_path / name, "x", "output")
    write_text(type(tmp_path)("/dev/null"), "x", "output")

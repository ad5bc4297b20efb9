"""What the command line writes: never over its input, never over a file of another kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qtrain.cli.files import check_output
from qtrain.errors import QTrainError

KINDS = {".html": b"<!doctype html>\n<html>", ".png": b"\x89PNG\r\n", ".svg": b'<?xml version="1.0"?>', ".pdf": b"%PDF-1.4"}


def hard(link: Path, target: Path) -> None:
    os.link(target, link)


def soft(link: Path, target: Path) -> None:
    link.symlink_to(target)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("link", [None, hard, soft])
def test_an_input_is_never_written_over(tmp_path, kind, link):
    given = tmp_path / f"given{kind}"
    given.write_bytes(KINDS[kind])  # even where the kind would fit
    output = tmp_path / "folder" / ".." / given.name
    (tmp_path / "folder").mkdir()
    if link is not None:
        output = tmp_path / f"other{kind}"
        link(output, given)
    with pytest.raises(QTrainError, match="another file than the input"):
        check_output(output, "output", kind=kind, inputs=[None, given])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"OPENQASM 3.0;\n", b"QISKIT\x0c", b'{"op_code":0}\n', b"name = 'study'\n", b"\xff\xfe\x00"])
def test_a_file_of_another_kind_stays(tmp_path, kind, content):
    path = tmp_path / f"page{kind}"
    path.write_bytes(content)
    with pytest.raises(QTrainError, match="something else"):
        check_output(path, "output", kind=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_file_an_empty_one_and_one_of_the_kind_are_fine(tmp_path, kind):
    path = tmp_path / f"page{kind}"
    for content in (None, b"", KINDS[kind]):
        if content is not None:
            path.write_bytes(content)
        check_output(path, "output", kind=kind, inputs=[tmp_path / "circuit.qasm"])


def test_a_folder_must_exist(tmp_path):
    with pytest.raises(QTrainError, match="in a folder that exists"):
        check_output(tmp_path / "nowhere" / "page.html", "output", kind=".html")

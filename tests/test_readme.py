"""What README.md shows is what happens: its Python runs, its commands print what stands below them."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import REPOSITORY

BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```$", (REPOSITORY / "README.md").read_text(), re.MULTILINE | re.DOTALL
)
EXPECTED_CODES = {"--fail-if": 1}
MOVING = ("classical simulation", "expressivity")


def console(block: str) -> list[tuple[str, str]]:
    """(command, printed) of a block of lines that begin with ``$ ``."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    return [(command, printed) for command, _, printed in (part.partition("\n") for part in parts[1:])]


def settled(text: str) -> list[str]:
    """Lines as they are; of rows whose figures move when a method gets better, the name alone, however they wrap."""
    found: list[str] = []
    for line in text.strip("\n").splitlines():
        wrapped = line.startswith(" ") and bool(line.strip()) and found and found[-1] in MOVING
        if not wrapped:
            found.append(next((name for name in MOVING if line.startswith(name)), line.rstrip()))
    return found


def test_examples_run_in_order_and_print_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """One session: later examples use files and registered names of earlier ones."""
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("NO_COLOR", "1")
    names: dict[str, object] = {"__name__": "readme"}
    commands = 0
    for language, block in BLOCKS:
        if language == "python":
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(compile(block, "README.md", "exec"), names)
            shown = " ".join(line.removeprefix("# ") for line in block.splitlines() if line.startswith("# "))
            assert not shown or said.getvalue().split() == shown.split()
        elif language == "console":
            for command, printed in console(block):
                program, *arguments = shlex.split(command)
                assert program == "qtrain", command
                done = subprocess.run(
                    [sys.executable, "-m", "qtrain.cli.app", *arguments],
                    capture_output=True,
                    text=True,
                    timeout=300,
                )
                code = next((code for option, code in EXPECTED_CODES.items() if option in arguments), 0)
                assert done.returncode == code, done.stderr
                if printed.strip():
                    assert settled(done.stdout) == settled(printed)
                commands += 1
    assert commands >= 2


def test_spec_is_one_that_search_reads(tmp_path: Path) -> None:
    from qtrain.studies.spec.search_spec import read_spec

    (text,) = (block for language, block in BLOCKS if language == "toml")
    path = tmp_path / "ising.toml"
    path.write_text(text)
    assert read_spec(path).name == tomllib.loads(text)["name"]


def test_files_and_make_targets_exist() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (REPOSITORY / target).exists(), target
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", readme):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_benchmark_table_has_its_place() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    assert readme.index("<!-- benchmarks:begin -->") < readme.index("<!-- benchmarks:end -->")

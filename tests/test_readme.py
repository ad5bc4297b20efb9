"""What README.md and the how-to guides show is what happens: their Python runs, their commands print what stands below."""

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

DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted((DOCS / "how-to").glob("*.md"))]
EXPECTED_CODES = {"--fail-if": 1}
CUT = "..."  # the rest of what a command prints is not shown


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of every fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


RUN = [page for page in PAGES if any(language == "python" for language, _ in blocks(page))]


def console(block: str) -> list[tuple[str, str]]:
    """(command, printed) of a block of lines that begin with ``$ ``."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    return [(command, printed) for command, _, printed in (part.partition("\n") for part in parts[1:])]


def run_command(command: str, printed: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "qtrain", command
    call = [sys.executable, "-m", "qtrain.cli", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, timeout=300)
    code = next((code for option, code in EXPECTED_CODES.items() if option in arguments), 0)
    assert done.returncode == code, done.stderr
    shown = [line.rstrip() for line in printed.strip("\n").splitlines()]
    if shown:
        said = [line.rstrip() for line in done.stdout.strip("\n").splitlines()]
        assert said[: len(shown) - 1] == shown[:-1] if shown[-1] == CUT else said == shown


def run_python(block: str, page: Path, names: dict[str, object]) -> None:
    """A comment that begins a line is what the block prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(block, page.name, "exec"), names)
    shown = " ".join(line.removeprefix("# ") for line in block.splitlines() if line.startswith("# "))
    assert not shown or said.getvalue().split() == shown.split()


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_examples_run_in_order_and_print_what_is_shown(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One session for each page: later examples use files and registered names of earlier ones."""
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("NO_COLOR", "1")
    names: dict[str, object] = {"__name__": "page"}
    for language, block in blocks(page):
        if language == "python":
            run_python(block, page, names)
        elif language == "console":
            for command, printed in console(block):
                run_command(command, printed)


def test_readme_shows_python_and_the_command_line() -> None:
    languages = [language for language, _ in blocks(REPOSITORY / "README.md")]
    assert "python" in languages and "console" in languages
    assert len((REPOSITORY / "README.md").read_text().splitlines()) <= 110, "two screens"


def test_spec_is_one_that_search_reads(tmp_path: Path) -> None:
    from qtrain.studies.spec.search_spec import read_spec

    (text,) = (block for language, block in blocks(DOCS / "how-to" / "search.md") if language == "toml")
    path = tmp_path / "ising.toml"
    path.write_text(text)
    assert read_spec(path).name == tomllib.loads(text)["name"]


@pytest.mark.parametrize("page", sorted(REPOSITORY.glob("*.md")), ids=lambda page: page.stem)
def test_files_and_make_targets_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (REPOSITORY / target).exists(), target
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_public_name_is_in_the_reference() -> None:
    import qtrain

    listed = (DOCS / "reference" / "api.rst").read_text().split()
    modules = {name.split(".")[0] for name in listed if "." in name}
    assert set(qtrain.__all__) - {"__version__"} <= {*listed, *modules}


def test_every_page_is_reached_from_the_index() -> None:
    def pages(index: Path) -> set[Path]:
        found = {index}
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", index.read_text(), re.MULTILINE | re.DOTALL):
            for name in (line for line in tree.splitlines() if line and not line.startswith(":")):
                (page,) = (index.parent / (name + end) for end in (".md", ".rst") if (index.parent / (name + end)).exists())
                found |= pages(page) if page.suffix == ".md" else {page}
        return found

    there = {path for end in ("md", "rst") for path in DOCS.rglob(f"*.{end}")}
    there -= {path for path in there if {"_build", "generated", "_templates"} & set(path.parts)}
    assert pages(DOCS / "index.md") == there


def test_benchmark_table_has_its_place() -> None:
    text = (DOCS / "benchmarks.md").read_text()
    assert text.index("<!-- benchmarks:begin -->") < text.index("<!-- benchmarks:end -->")

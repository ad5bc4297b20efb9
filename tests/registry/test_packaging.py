"""Winner packages: what is written installs, is found, and is refused where it was altered."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest
from conftest import REPOSITORY

from qtrain import load, names, register
from qtrain.architecture import catalogue
from qtrain.errors import QTrainError
from qtrain.registry.packaging import package
from qtrain.registry.registry import RegistryEntry, entry_from_dict

ENTRY = RegistryEntry("tfim-ring", catalogue.hva_tfim(topology="ring", reps=2), 4, "IIZZ", {"summary": "fine"},
                      {"task_loss": -4.2, "odd": "inf"}, "a | <b> study", "run-1", {"qtrain": "0.1.0"})  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    register(ENTRY)
    return package("tfim-ring", tmp_path / "plugins")


def test_the_package_holds_data_and_entry_points(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "qtrain-ansatz-tfim-ring" == folder.name
    points = project["entry-points"]
    (synthesis,) = points["qiskit.synthesis"]
    assert synthesis.count(".") == 1 and synthesis == "trainable_ansatz.tfim-ring"
    assert points["qtrain.architectures"] == {"tfim-ring": "qtrain_ansatz_tfim_ring"}
    module = folder / "qtrain_ansatz_tfim_ring"
    data, evidence = (json.loads((module / f"{n}.json").read_text()) for n in ("architecture", "evidence"))
    assert data["content_id"] == ENTRY.architecture.content_id and "report" not in data
    assert evidence["report"] == {"summary": "fine"} and evidence["run_id"] == "run-1"


def test_the_readme_shows_numbers_and_the_circuit(folder):
    text = (folder / "README.md").read_text()
    assert "| objective: task loss | -4.2 |" in text and "| parameters | 4 |" in text and "q_3" in text
    assert "| found in study | a / ‹b› study |" in text


def test_it_is_renewed_but_overwrites_nothing_else(folder, tmp_path):
    (folder / "README.md").write_text("")
    assert package("tfim-ring", tmp_path / "plugins") == folder
    assert (folder / "README.md").read_text()
    other = tmp_path / "elsewhere" / folder.name
    other.mkdir(parents=True)
    with pytest.raises(QTrainError, match="which is something else: move it"):
        package("tfim-ring", tmp_path / "elsewhere")


def test_bad_names_and_folders(tmp_path):
    register(ENTRY)
    with pytest.raises(QTrainError, match="registered architecture: tfim-ring. Got 'absent'"):
        package("absent", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(QTrainError, match="output should be a folder that can be written"):
        package("tfim-ring", tmp_path / "file")


@pytest.fixture
def installed(folder, tmp_path, monkeypatch):
    """As pip leaves it: the module, and metadata with the entry points."""
    site = tmp_path / "site"
    info = site / "qtrain_ansatz_tfim_ring-1.0.0.dist-info"
    info.mkdir(parents=True)
    (folder / "qtrain_ansatz_tfim_ring").rename(site / "qtrain_ansatz_tfim_ring")
    points = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = [line for group, items in points.items()
             for line in (f"[{group}]", *(f"{name} = {value}" for name, value in items.items()))]  # fmt: skip
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: qtrain-ansatz-tfim-ring\nVersion: 1.0.0\n")
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("QTRAIN_HOME", str(tmp_path / "another-home"))
    return site


def test_the_installed_package_passes_its_own_tests(installed, folder):
    assert names() == ("tfim-ring",) and load("tfim-ring") == ENTRY
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "tests")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_same_architecture_may_be_registered_beside_it(installed):
    register(ENTRY)
    assert load("tfim-ring") == ENTRY
    with pytest.raises(QTrainError, match="installed package"):
        register(RegistryEntry("tfim-ring", catalogue.efficient_su2(), 4), overwrite=True)


def test_an_altered_package_is_refused_with_both_ids(installed):
    path = installed / "qtrain_ansatz_tfim_ring" / "architecture.json"
    data = json.loads(path.read_text())
    data["architecture"]["repetitions"] = 3
    path.write_text(json.dumps(data))
    other = catalogue.hva_tfim(topology="ring", reps=3).content_id
    with pytest.raises(QTrainError, match=f"{ENTRY.architecture.content_id}.*Got {other}"):
        load("tfim-ring")


@pytest.mark.parametrize("folder", sorted((REPOSITORY / "plugins").glob("qtrain-ansatz-*")), ids=lambda f: f.name)
def test_committed_winners_are_what_package_writes(folder, tmp_path):
    """No hand has touched them, and the generator has not moved on without them."""
    (data,) = folder.glob("*/architecture.json")
    entry = entry_from_dict(json.loads(data.read_text()) | json.loads((data.parent / "evidence.json").read_text()))
    register(entry)
    again = package(entry.name, tmp_path)
    files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    for file in files:
        if file.name != "README.md":  # its drawing is Qiskit's
            assert (folder / file).read_text() == (again / file).read_text(), file
    assert entry.architecture.content_id in (folder / "README.md").read_text()


def test_two_winners_are_committed():
    names = {f.name for f in (REPOSITORY / "plugins").glob("qtrain-ansatz-*")}
    assert names == {"qtrain-ansatz-tfim-heavy-hex", "qtrain-ansatz-breast-cancer-qnn"}

"""The registry: what is written is read back, and nothing altered, newer or misnamed gets through."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtrain.architecture.catalogue import efficient_su2, hva_tfim
from qtrain.errors import QTrainError
from qtrain.registry import registry
from qtrain.registry.registry import RegistryEntry, check_name, load, names, register, slug

ENTRY = RegistryEntry("tfim", hva_tfim(reps=4), 8, "IIIIIIZZ", {"cost_variance": 0.1}, {"task_loss": -9.8}, "study-1",
                      "abc123", {"qtrain": "0.1.0"})  # fmt: skip


def test_what_is_registered_is_loaded():
    path = register(ENTRY)
    assert load("tfim") == ENTRY and names() == ("tfim",)
    assert path.parent == registry.home()
    assert load("tfim").circuit().num_qubits == 8 and load("tfim").circuit(5).num_qubits == 5


def test_an_empty_or_absent_registry_is_empty():
    assert names() == ()
    with pytest.raises(QTrainError, match="name should be a registered architecture: none yet. Got 'tfim'"):
        load("tfim")


def test_names_lists_what_the_error_offers():
    register(ENTRY)
    with pytest.raises(QTrainError, match="registered architecture: tfim. Got 'tfin'"):
        load("tfin")


def test_a_taken_name_is_kept_unless_told():
    register(ENTRY)
    register(ENTRY)  # the same again is no conflict
    other = RegistryEntry("tfim", efficient_su2(), 4)
    with pytest.raises(QTrainError, match="name should be free. Got 'tfim'.*overwrite=True"):
        register(other)
    assert load("tfim") == ENTRY
    register(other, overwrite=True)
    assert load("tfim") == other


@pytest.mark.parametrize("name", [
    "", "../tfim", "a/b", "a\\b", ".hidden", "Tfim", "a.b", "a b", "-a", "a-", "default", "con", "com1", "é", "a" * 65,
    None, 3, "a\n",
])  # fmt: skip
def test_names_are_slugs(name):
    for use in (check_name, load, lambda n: RegistryEntry(n, hva_tfim(), 4)):
        with pytest.raises(QTrainError, match="name should"):
            use(name)


@given(st.text(max_size=80))
def test_any_text_makes_a_slug(text):
    assert check_name(slug(text)) == slug(slug(text))


def altered(path: Path, **changes) -> None:
    data = json.loads(path.read_text())
    for key, value in changes.items():
        data[key] = value
    path.write_text(json.dumps(data))


def test_an_altered_architecture_is_refused_with_both_ids():
    other = efficient_su2()
    altered(register(ENTRY), architecture=other.to_dict())
    with pytest.raises(QTrainError, match=f"{ENTRY.architecture.content_id}.*Got {other.content_id}: it was altered"):
        load("tfim")


@pytest.mark.parametrize("changes, message", [
    ({"format": 2, "requires": "0.7.0"}, "format 1 or older. Got format 2: install qtrain>=0.7.0"),
    ({"architecture": 3}, "architecture should be a JSON object"), ({"num_qubits": "8"}, "num_qubits should be"),
    ({"name": "other"}, "should hold the entry 'tfim'. Got the entry 'other'"),
    ({"name": "../x"}, "name should be 1 to"),
    ({"objectives": []}, "objectives should be a Mapping"), ({"observable": 5}, "observable should be a str"),
    ({"report": "text"}, "report should be a Mapping"),
])  # fmt: skip
def test_damaged_entries_are_refused(changes, message):
    altered(register(ENTRY), **changes)
    with pytest.raises(QTrainError, match=message):
        load("tfim")


@pytest.mark.parametrize("text", ["", "{", "[1]", "{}", '"x"', b"\xff\xff", '{"name": "tfim"}'])
def test_files_that_are_no_entries_are_refused(text):
    path = register(ENTRY)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(QTrainError, match=r"tfim\.json should"):
        load("tfim")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_cut_file_is_refused(data):
    path = register(ENTRY, overwrite=True)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(QTrainError):
        load("tfim")
    path.write_bytes(whole)


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("QTRAIN_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(QTrainError, match="QTRAIN_HOME should be a folder that can be written"):
        register(ENTRY)


def test_a_full_disk_leaves_the_old_entry(monkeypatch):
    register(ENTRY)

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(QTrainError, match="No space left"):
        register(RegistryEntry("tfim", efficient_su2(), 4), overwrite=True)
    assert load("tfim") == ENTRY
    assert not list(registry.home().glob(".*.tmp"))


@pytest.mark.parametrize("report", [{"f": object()}, {"f": {1, 2}}])
def test_evidence_is_plain_data(report):
    with pytest.raises(QTrainError, match="plain JSON data"):
        register(RegistryEntry("tfim", hva_tfim(), 4, report=report))


def test_figures_that_are_not_finite_are_written():
    register(RegistryEntry("tfim", hva_tfim(), 4, report={"x": float("nan")}, objectives={"y": float("inf")}))
    assert load("tfim").report == {"x": None} and load("tfim").objectives == {"y": "inf"}


def test_many_processes_register_at_once():
    code = (
        "import sys; from qtrain.registry.registry import *; from qtrain.architecture.catalogue import hva_tfim\n"
        "for k in range(10):\n"
        "    register(RegistryEntry('shared', hva_tfim(reps=k + 1), 4), overwrite=True)\n"
        "    register(RegistryEntry(f'own-{sys.argv[1]}-{k}', hva_tfim(reps=k + 1), 4))\n"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(k)]) for k in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert len(names()) == 31
    assert load("shared").architecture == hva_tfim(reps=10)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that would fail if it were imported."""
    folder = tmp_path / "site"
    module, info = folder / "winner_pkg", folder / "winner_pkg-1.0.dist-info"
    module.mkdir(parents=True)
    info.mkdir()
    (module / "__init__.py").write_text("raise RuntimeError('data is not imported')")
    data = RegistryEntry("tfim-ring", hva_tfim(topology="ring", reps=2), 6).to_dict()
    evidence = {key: data.pop(key) for key in registry.EVIDENCE if key in data}
    (module / "architecture.json").write_text(json.dumps(data))
    (module / "evidence.json").write_text(json.dumps(evidence | {"study": "winners", "name": "ignored"}))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: winner-pkg\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qtrain.architectures]\ntfim-ring = winner_pkg\n")
    monkeypatch.syspath_prepend(str(folder))
    return module


def test_installed_packages_add_their_winner(package):
    register(ENTRY)
    assert names() == ("tfim", "tfim-ring")
    entry = load("tfim-ring")
    assert entry.architecture == hva_tfim(topology="ring", reps=2) and entry.study == "winners"
    with pytest.raises(QTrainError, match="installed package's other architecture. Got 'tfim-ring'"):
        register(RegistryEntry("tfim-ring", hva_tfim(), 6))


def test_packages_are_looked_for_once_and_again_when_one_is_installed(package, monkeypatch):
    looked = []
    look = importlib.metadata.entry_points
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **group: looked.append(group) or look(**group))
    register(ENTRY)
    assert [load(name).name for _ in range(3) for name in names()] == ["tfim", "tfim-ring"] * 3
    assert len(looked) <= 1
    later = package.parent / "later_pkg-1.0.dist-info"
    later.mkdir()
    (later / "METADATA").write_text("Metadata-Version: 2.1\nName: later-pkg\nVersion: 1.0\n")
    (later / "entry_points.txt").write_text("[qtrain.architectures]\ntfim-later = winner_pkg\n")
    assert names() == ("tfim", "tfim-later", "tfim-ring")
    shutil.rmtree(later)
    assert names() == ("tfim", "tfim-ring")


def test_an_altered_package_is_refused_with_both_ids(package):
    other = efficient_su2()
    altered(package / "architecture.json", architecture=other.to_dict())
    with pytest.raises(QTrainError, match=f"Got {other.content_id}: it was altered"):
        load("tfim-ring")


def test_a_package_without_its_data_is_refused(package):
    (package / "architecture.json").unlink()
    with pytest.raises(QTrainError, match="should hold architecture.json. Got winner_pkg without it"):
        load("tfim-ring")


def test_two_meanings_of_a_name_are_refused(package):
    mine = registry.home() / "tfim-ring.json"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text(json.dumps(RegistryEntry("tfim-ring", efficient_su2(), 6).to_dict()))
    with pytest.raises(QTrainError, match="name should mean one architecture.*rename the file or uninstall"):
        load("tfim-ring")


def test_entries_are_checked():
    with pytest.raises(QTrainError, match="architecture should be an Architecture"):
        RegistryEntry("tfim", "efficient_su2", 4)
    with pytest.raises(QTrainError, match="num_qubits should be a whole number"):
        RegistryEntry("tfim", hva_tfim(), 0)
    with pytest.raises(QTrainError, match="entry should be a RegistryEntry"):
        register("tfim")

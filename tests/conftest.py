"""Every test runs in an empty folder of its own: registry, tracking store and journals stay there."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# No deadline: the first call of a kernel compiles it. "ci" draws the same examples on every machine.
hypothesis.settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True, database=None)
hypothesis.settings.register_profile("dev", deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder and registry; no tracking server but the one a test starts."""
    monkeypatch.setenv("QTRAIN_HOME", str(tmp_path / "qtrain-home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def repository() -> Path:
    """The checkout, for tests that read files of it."""
    return REPOSITORY

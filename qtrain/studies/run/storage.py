"""Where a study lives: an Optuna journal file (default), or a database by URL.

A journal belongs to one search at a time (a lock that ends with the process, however it ends). A line that a kill or a
full disk cut short is dropped before the journal is opened: what it said had never been acknowledged.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError
from qtrain.tracking.tracker import without_password

log = logging.getLogger("qtrain")
CONNECT_SECONDS = 10
_RECORD = b'{"op_code"'  # how every line of a journal begins


def default_journal(study: str) -> Path:
    """``mlruns/<study>.journal`` in the working folder."""
    return Path("mlruns") / f"{study}.journal"


def repair_journal(path: Path) -> int:
    """Drop lines that are not whole; the number of them. The file is replaced atomically.

    A record cut by a kill is the last line. One cut by a full disk may have a later record on the same line: that
    one is kept.
    """
    if not path.exists():
        return 0
    data = path.read_bytes()
    if not (data.startswith(_RECORD) or _RECORD.startswith(data)):  # a first record may be cut as well
        raise QTrainError(
            f"storage should be a new file, or the journal of a study. Got {path}, which is something else."
        )
    kept, dropped = [], 0
    for line in data.splitlines(keepends=True):
        whole = _whole(line)
        if not whole:
            dropped += 1
            tail = line[line.rfind(_RECORD) :] if line.rfind(_RECORD) > 0 else b""
            line = tail if _whole(tail) else b""
        kept.append(line)
    if dropped:
        temporary = path.with_name(path.name + ".repaired")
        with open(temporary, "wb") as file:
            file.write(b"".join(kept))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        log.warning("%s had %d record(s) cut short; dropped before opening.", path, dropped)
    return dropped


def _whole(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class _HeldLock:
    """Optuna's per-write lock: nothing to do, the whole search holds the journal."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


@contextlib.contextmanager
def open_storage(storage: Any, study: str) -> Iterator[tuple[Any, str]]:
    """(Optuna storage, its name for people), held until the block ends.

    Args:
        storage: None, the path of a journal file, a database URL such as ``sqlite:///study.db`` or
            ``postgresql://host/name``, an Optuna storage or study.
        study: gives the default journal its name.

    Raises:
        QTrainError: a journal that another search holds, a folder that cannot be written, a database out of reach.
    """
    if storage is not None and not isinstance(storage, (str, Path)):
        named = getattr(storage, "study_name", None)
        yield storage, type(storage).__name__ if named is None else f"study {named!r}"
    elif isinstance(storage, str) and "://" in storage:
        yield open_database(storage), without_password(storage)
    else:
        path = default_journal(study) if storage is None else Path(storage)
        with _held(path):
            repair_journal(path)
            yield _open_journal(path), str(path)


def _unwritable(path: Path, error: OSError) -> QTrainError:
    return QTrainError(f"storage should be a file that can be written. Got {str(path)!r}: {error.strerror}.")


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    import filelock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise QTrainError(f"storage should be a journal file or a database URL. Got the folder {str(path)!r}.")
        lock = filelock.FileLock(str(path) + ".held", timeout=0)
        lock.acquire()
    except filelock.Timeout:
        raise QTrainError(
            f"storage should be free. Got {str(path)!r}, which another search holds: wait for it, or give a database "
            "URL, which many workers can share."
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        yield
    finally:
        lock.release()


def _open_journal(path: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    try:
        return JournalStorage(JournalFileBackend(str(path), lock_obj=_HeldLock()))  # type: ignore[arg-type]
    except OSError as error:
        raise _unwritable(path, error) from None
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise QTrainError(
            f"storage should be an Optuna journal. Got {str(path)!r}, which does not replay ({error!r}): move it away, "
            "or give another storage."
        ) from None


def open_database(url: str) -> Any:
    """An Optuna storage by URL (``grpc://host:port``: Optuna's gRPC proxy), or one sentence about why not."""
    import sqlalchemy.exc
    from optuna.exceptions import OptunaError
    from optuna.storages import RDBStorage

    if url.startswith("grpc://"):
        return _open_grpc(url)
    if url.startswith("sqlite:///") and url != "sqlite:///:memory:":
        with contextlib.suppress(OSError):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    address = url
    if url.startswith("postgresql://") and importlib.util.find_spec("psycopg") is None:
        address = url.replace("://", "+psycopg2://", 1)  # SQLAlchemy 2.1 would look for the other driver alone
    # A server that restarts leaves dead connections in the pool: test one before it is used.
    engine: dict[str, Any] = {} if url.startswith("sqlite") else {"pool_pre_ping": True}
    if url.startswith(("postgresql", "mysql")):
        engine["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    for attempt in range(6):
        try:
            return RDBStorage(address, engine_kwargs=engine)
        except ImportError as error:
            raise QTrainError(
                f"storage needs a database driver that is not installed ({error}). Install it, for PostgreSQL: "
                "pip install 'qtrain[postgres]'."
            ) from None
        except (sqlalchemy.exc.SQLAlchemyError, OptunaError, OSError, ValueError) as error:
            first = str(error).strip().splitlines()[0]
            if attempt < 5 and ("already exists" in first or "duplicate key" in first):
                time.sleep(0.5 * (attempt + 1))  # several workers made the tables at the same moment
                continue
            raise QTrainError(
                f"storage should be a database that can be reached. Got {without_password(url)!r}: {first}"
            ) from None
    raise AssertionError


def _open_grpc(url: str) -> Any:
    if importlib.util.find_spec("grpc") is None:
        raise QTrainError("storage grpc:// needs grpcio. Install it: pip install 'qtrain[grpc]'.")
    from optuna.storages import GrpcStorageProxy

    host, _, port = url.removeprefix("grpc://").partition(":")
    if not host or not port.isdigit():
        raise QTrainError(f"storage should be grpc://host:port. Got {url!r}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # marked experimental, and chosen on purpose
        proxy = GrpcStorageProxy(host=host, port=int(port))
    try:
        proxy.wait_server_ready(timeout=CONNECT_SECONDS)
    except ConnectionError:
        raise QTrainError(
            f"storage should be a gRPC proxy that answers. Got {url!r}, which does not within {CONNECT_SECONDS} s: "
            "start one with optuna.storages.run_grpc_proxy_server."
        ) from None
    return proxy

"""MLflow, from a thread of its own: trials never wait for it, and none is lost when it is away.

What has to be on record is Optuna's; MLflow is its mirror. A store that does not answer is tried again while trials go
on; what it has not got when the search ends is delivered when the same search is next started.

Without ``uri`` the store is ``$MLFLOW_TRACKING_URI``, else ``sqlite:///mlruns/mlflow.db`` with ``mlruns/artifacts``.
"""

from __future__ import annotations

import errno
import itertools
import logging
import os
import queue
import re
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError
from qtrain.tracking.store import DataPart, Store

log = logging.getLogger("qtrain")

DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "databricks")


def resolve_uri(uri: str | None) -> str | None:
    """The tracking URI in use: ``uri``, the environment's, or the default; None for ``"off"``.

    Example:
        >>> resolve_uri("off") is None, resolve_uri("http://host:5000")
        (True, 'http://host:5000')
    """
    if uri is not None and (not isinstance(uri, str) or not uri.strip()):
        raise QTrainError(f"tracking_uri should be a URI, or 'off'. Got {uri!r}.")
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    if uri == "off":
        return None
    if uri.partition(":")[0].partition("+")[0] not in _SCHEMES:
        raise QTrainError(
            "tracking_uri should be a database or server, such as sqlite:///mlruns/mlflow.db or http://host:5000. "
            f"Got {uri!r}."
        )
    return uri


def told(uri: str | None, action: Callable[[], None]) -> None:
    """``action()``, on a store that may be out of reach.

    Raises:
        QTrainError: whatever the store raised, as a sentence.
    """
    try:
        action()
    except QTrainError:
        raise
    except Exception as error:
        raise QTrainError(
            f"tracking_uri should be an MLflow store that answers. Got {uri!r}: {_reason(error)}. "
            "Start the server, or leave the option out to record in mlruns/."
        ) from None


def check_reachable(uri: str | None, *, seconds: float = 5.0) -> None:
    """Before anything is computed: a server that does not answer, or a folder that cannot be written.

    Raises:
        QTrainError: with the store and why not.

    Example:
        >>> check_reachable("http://127.0.0.1:9")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        qtrain.errors.QTrainError: tracking_uri should be a store that answers. Got http://127.0.0.1:9: ...
    """
    found = resolve_uri(uri)
    parts = urllib.parse.urlsplit(found or "")
    scheme = parts.scheme.partition("+")[0]
    try:
        if scheme == "sqlite" and parts.path.strip("/"):
            path = Path(parts.path[1:])
            place = next(folder for folder in path.absolute().parents if folder.exists())
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            if not place.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, f"{place} is no folder")
            if not os.access(path if path.exists() else place, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        elif scheme in _PORTS and parts.hostname:
            socket.create_connection((parts.hostname, parts.port or _PORTS[scheme]), timeout=seconds).close()
    except (OSError, ValueError) as error:  # ValueError: a port that is none
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise QTrainError(
            f"tracking_uri should be a store that answers. Got {without_password(str(found))}: {why}."
        ) from None


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", url)


class Tracker:
    """The sink of one study, a context manager. Only :meth:`ready` and :meth:`finish` wait.

    Args:
        uri: of the store (see :func:`resolve_uri`); ``"off"`` records nothing.
        study: its name; ``uid``: what tells it from another study of the same name.
        params, tags: of the parent run; ``data``: what it trains on.
    """

    def __init__(
        self, uri: str | None, study: str, *, uid: str, params: Mapping[str, Any],
        tags: Mapping[str, str] | None = None, data: Sequence[DataPart] = (),
    ) -> None:  # fmt: skip
        self.uri = resolve_uri(uri)
        self._store = Store(self.uri or "", study, uid, params, tags or {}, data)
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._connected = threading.Event()
        self._failure: str | None = None
        self._pending = 0
        self._trouble = False
        self._begun: set[int] = set()  # trials whose run may be there although it is not known to be whole
        self._leaving = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="qtrain-mlflow", daemon=True)

    def __enter__(self) -> Tracker:
        if self.uri is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # The next search of this process may deliver the same trials: nothing is written from here on.
        self._leaving.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(10.0)

    def ready(self) -> None:
        """Wait for the first connection.

        Raises:
            QTrainError: the store cannot be reached or written.
        """
        if self.uri is not None:
            self._connected.wait()
            if self._failure is not None:
                raise QTrainError(self._failure)

    def record(self, trial: Mapping[str, Any]) -> None:
        """Deliver an ended trial (plain data of a TrialRecord): soon, once."""
        if self.uri is not None:
            self._put(dict(trial))

    def reconcile(self, trials: Iterable[Mapping[str, Any]]) -> None:
        """Deliver those of the ended ``trials`` that the store has not got whole; after :meth:`ready`."""
        for trial in trials:
            if not self._store.runs.get(trial["number"], ("", False))[1]:
                self.record(trial)

    def run_id(self, number: int) -> str | None:
        """Of a trial's run, None if it is not delivered."""
        run_id, whole = self._store.runs.get(number, ("", False))
        return run_id if whole else None

    def settle(self, trials: Iterable[Mapping[str, Any]]) -> None:
        """As :meth:`reconcile`, where other processes deliver as well: looks again which runs are there first."""
        if self.uri is not None:
            self._put(("settle", [dict(t) for t in trials]))

    def finish(
        self,
        trials: Sequence[Mapping[str, Any]],
        objectives: Mapping[str, str],
        front: Sequence[int],
        *,
        tags: Mapping[str, str],
        winner: int | None = None,
        files: Mapping[str, str | bytes] | None = None,
        figures: Mapping[str, float] | None = None,
        patience: float = 20.0,
    ) -> int:
        """Wait for what is on its way, write what the study came to, end the parent run.

        Args:
            trials: every ended trial; ``objectives``: "minimize" or "maximize" by name; ``front``: numbers on it.
            tags: of the parent run; ``winner``: number of the winning trial, whose figures it shows as well.
            files: its artifacts by file name; ``figures``: further metrics.
            patience: seconds to wait for a store that does not answer.

        Returns:
            How many trials the store has not got.
        """
        if self.uri is None:
            return 0
        given = {"winner": winner, "tags": dict(tags), "files": dict(files or {}), "figures": dict(figures or {})}
        self._put(("end", (trials, dict(objectives), list(front)), given))
        with self._changed:
            left, since = self._pending, time.monotonic()
            while self._pending:
                self._changed.wait(0.2)
                if self._pending < left or not self._trouble:
                    left, since = self._pending, time.monotonic()
                if time.monotonic() - since > patience:
                    break
            complete = self._pending == 0
        undelivered = sum(not self._store.runs.get(t["number"], ("", False))[1] for t in trials)
        if not complete:
            log.warning(
                "MLflow at %s does not take records: %d trial(s) wait in the study's storage; they are delivered when "
                "the same search is started again.", self.uri, undelivered,
            )  # fmt: skip
        return undelivered

    def _put(self, item: Any) -> None:
        with self._changed:
            self._pending += 1
        self._queue.put(item)

    # What follows runs in the thread.

    def _work(self) -> None:
        try:
            told(self.uri, self._store.connect)
        except QTrainError as error:
            self._failure = str(error)
        self._connected.set()
        if self._failure is not None:
            return
        while (item := self._queue.get()) is not None:
            if not self._leaving.is_set() and self._deliver(item):
                with self._changed:
                    self._pending -= 1
                    self._changed.notify_all()

    def _deliver(self, item: Any) -> bool:
        """True once it is delivered; False if it went to the end of the queue, or the search has ended."""
        pause = 0.5
        for attempt in itertools.count():
            try:
                if isinstance(item, dict):
                    self._store.deliver(item, again=attempt > 0 or item["number"] in self._begun)
                elif item[0] == "settle":
                    self._store.settle(item[1])
                else:
                    self._store.end_study(*item[1], **item[2])
            except Exception as error:  # whatever it is: the study's storage has the trial
                if not self._trouble:
                    said = _first_line(error)[:200]
                    text = "MLflow at %s does not take records (%s); trials go on, records follow."
                    log.warning(text, self.uri, said)
                self._trouble = True
                if self._leaving.wait(pause):
                    return False
                pause = min(2 * pause, 10.0)
                if attempt >= 3 and isinstance(item, dict) and not self._queue.empty():
                    self._begun.add(item["number"])
                    self._queue.put(item)  # let the others pass: it may be this one that cannot be written
                    return False
            else:
                if self._trouble:
                    log.warning("MLflow at %s takes records again.", self.uri)
                self._trouble = False
                return True
        raise AssertionError


def _reason(error: Exception) -> str:
    """What is behind an error: of a connection, what the system said; else its first line."""
    root: BaseException = error
    while (deeper := root.__cause__ or root.__context__) is not None:
        root = deeper
    if isinstance(root, OSError) and root.strerror:
        return root.strerror
    return _first_line(error)[:300].rstrip(". ")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

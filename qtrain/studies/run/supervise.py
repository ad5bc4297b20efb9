"""Trials in supervised processes: one that hangs, dies, raises or eats memory fails alone, with its reason.

A pool keeps worker processes warm (imports and set-up done once), so that giving one a trial costs well under a
millisecond. joblib's own process workers cannot be the supervised ones: when one of them dies the whole ``Parallel``
call fails, and none has a time limit of its own. ``backends`` has pools on other hosts.

Each process runs with one numerical thread, so that a trial's result does not depend on how many run beside it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import psutil

from qtrain.errors import QTrainError

log = logging.getLogger("qtrain")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
_BOOT = (
    "import sys; sys.path[:] = {path!r}; "
    "from qtrain.studies.run.child import main; main({target!r}, {descriptor}, {parent})"
)
_SETUP_SECONDS = 300.0


@dataclass(frozen=True)
class Outcome:
    """How a call ended: ``kind`` is "ok", "raised", "timeout", "memory", "died" or "stopped" (by the user).

    ``value``: the answer; of one that did not end well, what it reported last (see ``child.report``), else None.
    """

    kind: str
    value: Any = None
    reason: str = ""
    seconds: float = 0.0


STOPPED = Outcome("stopped", reason="the search was stopped")


class _Process:
    """One worker process and the pipe to it."""

    def __init__(self, target: str) -> None:
        ours, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()
        code = _BOOT.format(target=target, path=sys.path, descriptor=theirs.fileno(), parent=os.getpid())
        with theirs:
            # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which decides.
            self.process = subprocess.Popen(
                [sys.executable, "-c", code], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=self.log, stderr=self.log, start_new_session=True,
                env=os.environ | dict.fromkeys(_THREADS, "1"),
            )  # fmt: skip
        self.pipe: Any = Connection(ours.detach())
        self.ready = False
        self.reported: Any = None  # by the running call, last

    def set_up(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it died already: the wait for "ready" says how
            self.pipe.send_bytes(message)

    def wait_ready(self) -> None:
        if self.ready:
            return
        try:
            kind, reason, details = self.pipe.recv() if self.pipe.poll(_SETUP_SECONDS) else ("slow", "", "")
        except (EOFError, OSError):
            kind, reason, details = "died", self.last_words(), ""
        if kind != "ready":
            self.kill()
            log.debug("%s", details)
            raise QTrainError(f"a worker process should start and set up the task. Got: {reason or kind}.")
        self.baseline = self.resident()
        self.ready = True

    def resident(self) -> int:
        """Bytes of memory in use, 0 of a process that has ended."""
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def last_words(self) -> str:
        try:
            size = self.log.seek(0, os.SEEK_END)
            self.log.seek(max(0, size - 4000))
            lines = self.log.read().decode(errors="replace").strip().splitlines()
        except ValueError:  # closed
            return ""
        return lines[-1] if lines else ""

    def ending(self) -> str:
        """In words, how the process ended by itself."""
        try:
            code = self.process.wait(5)
        except subprocess.TimeoutExpired:
            return "closed its pipe"
        if code < 0:
            name = signal.Signals(-code).name
            hint = " (the system may be out of memory)" if -code == signal.SIGKILL else ""
            return f"was killed by {name}{hint}"
        words = self.last_words()
        return f"ended with exit code {code}" + (f": {words}" if words else "")

    def strike(self) -> None:
        """Kill it now; :meth:`kill` tidies up as well."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill(self) -> None:
        self.strike()
        self.process.wait()
        self.pipe.close()
        self.log.close()


class Pool:
    """Warm supervised processes, which import their target until :meth:`set_up` tells them what they share.

    ``call`` may be used from several threads, ``workers`` of them at once.

    Args:
        target: ``"module:factory"``; in the process, ``factory(setup)`` gives the function that answers payloads.
        workers: most processes at a time.
        seconds: time limit of one call; ``memory_mb``: memory one call may take on top of a warm process's own.
    """

    def __init__(self, target: str, *, workers: int, seconds: float, memory_mb: int) -> None:
        self.target = target
        self.seconds, self.memory_bytes = seconds, memory_mb * 1024**2
        self._first: bytes | None = None
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._all: set[_Process] = set()
        self._lock = threading.Lock()
        self._draining = self._stopped = False
        for _ in range(workers):
            self._start()

    def set_up(self, setup: Any) -> None:
        """Give every process what it shares; once, before the first call."""
        import cloudpickle

        self.begin(cloudpickle.dumps((setup, self.memory_bytes)))  # functions of a script or notebook by their code

    def begin(self, first: bytes) -> None:
        """As :meth:`set_up`, of a message that is pickled already."""
        with self._lock:
            self._first = first
            for process in self._all:
                process.set_up(first)

    def _start(self) -> None:
        with self._lock:
            if not self._stopped:
                process = _Process(self.target)
                if self._first is not None:
                    process.set_up(self._first)
                self._all.add(process)
                self._idle.put(process)

    def _replace(self, process: _Process) -> None:
        process.kill()
        with self._lock:
            self._all.discard(process)
        self._start()

    def call(self, payload: Any) -> Outcome:
        """Evaluate one payload; never raises for what the evaluation does.

        Raises:
            QTrainError: no process can be set up (then no payload can be evaluated at all).
        """
        if self._draining:
            return STOPPED
        process = self._idle.get()
        while process.ready and process.process.poll() is not None and not self._stopped:
            self._replace(process)  # it died while it was idle: no trial's fault
            process = self._idle.get()
        begun = time.monotonic()
        try:
            process.wait_ready()
            begun = time.monotonic()
            process.reported = None
            process.pipe.send(payload)
            outcome = self._wait(process, begun)
        except QTrainError:
            if self._stopped:
                return STOPPED
            self._replace(process)
            raise
        except (EOFError, OSError):
            outcome = Outcome("died", reason=f"its process {process.ending()}", seconds=time.monotonic() - begun)
        if self._stopped:
            return STOPPED
        if outcome.kind != "ok":
            outcome = replace(outcome, value=process.reported)
        if outcome.kind in ("ok", "raised"):
            self._idle.put(process)
        else:
            self._replace(process)
        return outcome

    def _wait(self, process: _Process, begun: float) -> Outcome:
        while True:
            spent = time.monotonic() - begun
            if process.pipe.poll(max(0.0, min(0.05, self.seconds - spent))):
                kind, value, _ = process.pipe.recv()
                if kind == "progress":
                    process.reported = value
                    continue
                spent = time.monotonic() - begun
                if kind == "ok":
                    return Outcome("ok", value, seconds=spent)
                if kind == "memory":
                    return self._too_much_memory(spent)
                return Outcome("raised", reason=value, seconds=spent)
            if spent >= self.seconds:
                reason = f"took longer than limits.seconds = {self.seconds:g}"
                return Outcome("timeout", reason=reason, seconds=spent)
            if process.resident() > process.baseline + self.memory_bytes:
                return self._too_much_memory(spent)

    def _too_much_memory(self, spent: float) -> Outcome:
        reason = f"took more memory than limits.memory_mb = {self.memory_bytes // 1024**2}"
        return Outcome("memory", reason=reason, seconds=spent)

    def drain(self) -> None:
        """Let running calls finish; calls that have not begun return "stopped"."""
        self._draining = True

    def stop(self) -> None:
        """Kill every process now; running calls return "stopped"."""
        self._draining = self._stopped = True
        with self._lock:
            for process in self._all:
                process.strike()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for process in list(self._all):
            process.kill()
        self._all.clear()


def run_batch(pool: Pool, payloads: Sequence[Any], *, n_jobs: int) -> Iterator[tuple[int, Outcome]]:
    """(index, outcome) of every payload as they finish, through joblib.

    Args:
        pool: evaluates a payload; an outcome depends on its payload alone.
        n_jobs: how many at a time.
    """
    import joblib

    def one(index: int, payload: Any) -> tuple[int, Outcome]:
        return index, pool.call(payload)

    run = joblib.Parallel(
        n_jobs=n_jobs, backend="threading", batch_size=1, pre_dispatch="all", return_as="generator_unordered"
    )
    yield from run(joblib.delayed(one)(i, payload) for i, payload in enumerate(payloads))

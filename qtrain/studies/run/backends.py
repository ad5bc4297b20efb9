"""Where trials run: in supervised processes of this host, below joblib's loky workers, or on a Dask cluster.

Whatever carries a trial, a supervised process of its own evaluates it (see ``supervise``): the limits hold everywhere,
a worker of the backend never dies of a candidate, and the result depends on the trial alone.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import threading
from typing import Any

from qtrain.errors import QTrainError
from qtrain.studies.run.supervise import STOPPED, Outcome, Pool
from qtrain.studies.spec.search_spec import SearchSpec

BACKENDS = ("supervised", "loky", "dask")
ATTEMPTS = 3
CONNECT_SECONDS = 10


def make_pool(
    spec: SearchSpec, target: str, jobs: int, *, backend: str | None = None, scheduler: str | None = None
) -> Pool:
    """What evaluates the trials of a search, not set up yet; a context manager.

    Args:
        target: see :class:`~qtrain.studies.run.supervise.Pool`; ``jobs``: calls at a time.
        backend: one of :data:`BACKENDS`; None: "dask" where ``scheduler`` is given, else "supervised".
        scheduler: address of a Dask scheduler; None: that of the process's current Dask client.

    Raises:
        QTrainError: an unknown backend, a scheduler that does not answer, Dask not installed.
    """
    if backend is None:
        backend = "supervised" if scheduler is None else "dask"
    if backend not in BACKENDS:
        raise QTrainError(f"backend should be one of {', '.join(BACKENDS)}. Got {backend!r}.")
    if scheduler is not None and backend != "dask":
        raise QTrainError(f"scheduler should be given for the backend 'dask' only. Got it for {backend!r}.")
    limits: dict[str, Any] = {"seconds": spec.limits.seconds, "memory_mb": spec.limits.memory_mb}
    if backend == "loky":
        return LokyPool(target, jobs, **limits)
    if backend == "dask":
        return DaskPool(target, scheduler, **limits)
    return Pool(target, workers=jobs, **limits)


class _Carried(Pool):
    """A pool whose supervised processes belong to the backend's workers, one to each."""

    def __init__(self, target: str, *, seconds: float, memory_mb: int) -> None:
        super().__init__(target, workers=0, seconds=seconds, memory_mb=memory_mb)

    def call(self, payload: Any) -> Outcome:
        if self._draining:
            return STOPPED
        try:
            return self._carry((self.target, self._first, self.seconds, self.memory_bytes, payload))
        except Exception:
            if self._stopped:
                return STOPPED
            raise

    def _carry(self, order: tuple[Any, ...]) -> Outcome:
        raise AssertionError


class LokyPool(_Carried):
    """joblib's process workers, which are started again when one of them is killed."""

    def __init__(self, target: str, jobs: int, **limits: Any) -> None:
        super().__init__(target, **limits)
        self._jobs = jobs
        self._executor: Any = None
        self._making = threading.Lock()

    def _workers(self, broken: Any) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        with self._making:
            if self._executor is broken and not self._stopped:
                if broken is not None:
                    broken.shutdown(wait=False, kill_workers=True)
                self._executor = ProcessPoolExecutor(self._jobs, initializer=_ignore_interrupts)
            return self._executor

    def _carry(self, order: tuple[Any, ...]) -> Outcome:
        from concurrent.futures.process import BrokenProcessPool

        workers = self._workers(None)
        for _ in range(ATTEMPTS):
            try:
                return workers.submit(call_here, order).result()  # type: ignore[no-any-return]
            except BrokenProcessPool:
                workers = self._workers(workers)
        return Outcome("died", reason=f"the loky workers that carried it were killed, {ATTEMPTS} times")

    def stop(self) -> None:
        super().stop()
        if self._executor is not None:
            self._executor.shutdown(wait=False, kill_workers=True)


class DaskPool(_Carried):
    """The workers of a Dask cluster; the scheduler gives a trial whose worker died to another."""

    def __init__(self, target: str, scheduler: str | None, **limits: Any) -> None:
        super().__init__(target, **limits)
        try:
            from distributed import Client, get_client
        except ImportError:
            raise QTrainError("backend 'dask' needs Dask. Install it: pip install 'qtrain[dask]'.") from None
        self._own = scheduler is not None
        try:
            self._client = (
                Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
                if self._own
                else get_client(timeout=CONNECT_SECONDS)
            )
            self._client.wait_for_workers(1, timeout=60)
        except (OSError, ValueError, TimeoutError) as error:
            raise QTrainError(
                "scheduler should be the address of a Dask scheduler with workers, such as tcp://host:8786. "
                f"Got {scheduler!r}: {str(error).strip().splitlines()[0]}."
            ) from None

    def _carry(self, order: tuple[Any, ...]) -> Outcome:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            return self._client.submit(call_here, order, pure=False).result()  # type: ignore[no-any-return]
        except KilledWorker:
            return Outcome("died", reason="the Dask workers that carried it were killed")
        except (CancelledError, OSError, RuntimeError):
            raise QTrainError(
                "scheduler should stay while the search runs. Got no answer any more. Finished trials stay: start the "
                "same search again when it is back."
            ) from None

    def stop(self) -> None:
        again = self._stopped
        super().stop()
        if not again and self._client.status == "running":
            with contextlib.suppress(Exception):  # a cluster that is away has nothing to close
                self._client.run(close_here, on_error="ignore")

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if self._own:
            with contextlib.suppress(Exception):
                self._client.close(timeout=5)


# What follows runs in a worker of the backend.

_HERE: dict[int, tuple[bytes, Pool]] = {}  # thread → (what its process is set up with, its process)


def call_here(order: tuple[str, bytes, float, int, Any]) -> Outcome:
    """Evaluate one payload in this thread's supervised process, which stays warm for the next."""
    target, first, seconds, memory_bytes, payload = order
    identity = pickle.dumps((target, first, seconds, memory_bytes))
    known = _HERE.get(threading.get_ident())
    if known is None or known[0] != identity:
        if known is not None:
            known[1].__exit__()
        pool = Pool(target, workers=1, seconds=seconds, memory_mb=memory_bytes // 1024**2)
        pool.begin(first)
        _HERE[threading.get_ident()] = known = (identity, pool)
    return known[1].call(payload)


def close_here() -> None:
    """End this worker's supervised processes; running calls return "stopped"."""
    while _HERE:
        _HERE.popitem()[1][1].__exit__()


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the search, which decides

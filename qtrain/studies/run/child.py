"""The inside of a supervised process: set up once, then one answer for each payload.

Messages are pickles over a pipe that only this process and its supervisor hold; both run the same code.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

import psutil

_pipe: Any = None


def report(found: Any) -> None:
    """Say how far the running call got: kept if it never ends. Nothing happens outside a supervised process."""
    if _pipe is not None:
        _pipe.send(("progress", found, None))


def _follow_parent(parent: int) -> None:
    """End with the supervisor, even if it was killed and this process is in the middle of a trial."""
    while True:
        time.sleep(0.5)
        if os.getppid() != parent:
            os._exit(1)


def _limit_memory(extra_bytes: int) -> None:
    """Let this process take ``extra_bytes`` on top of what its set-up took; beyond, allocation fails.

    Linux alone keeps such a limit; elsewhere the supervisor's look at the memory in use has to do.
    """
    if sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = psutil.Process().memory_info().vms + extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def main(target: str, descriptor: int, parent: int) -> None:
    """Import ``target``, set it up with the first message, then serve payloads until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, args=(parent,), daemon=True).start()
    global _pipe
    pipe: Any = Connection(descriptor)
    try:
        module, _, name = target.partition(":")
        factory = getattr(importlib.import_module(module), name)
        setup, memory_bytes = pipe.recv()
        evaluate = factory(setup)
        _limit_memory(memory_bytes)
    except EOFError:
        return
    except BaseException as error:
        pipe.send(("set-up", _sentence(error), traceback.format_exc()))
        return
    pipe.send(("ready", None, None))
    _pipe = pipe
    while True:
        try:
            payload = pipe.recv()
        except EOFError:
            return
        try:
            answer: tuple[str, Any, str | None] = ("ok", evaluate(payload), None)
        except MemoryError:
            answer = ("memory", None, None)
        except Exception as error:
            answer = ("raised", _sentence(error), traceback.format_exc())
        sys.stdout.flush()
        pipe.send(answer)


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

"""What the supervised processes of the tests run: answers, and every way a candidate can misbehave."""

from __future__ import annotations

import os
import signal
import time


def misbehave(setup):
    def evaluate(payload):
        match payload["do"]:
            case "answer":
                return {"value": payload["value"] * setup["factor"], "pid": os.getpid()}
            case "raise":
                raise ZeroDivisionError("no angle is left")
            case "hang":
                time.sleep(1000)
            case "exit":
                os._exit(7)
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "allocate":  # in one piece: the process's own limit
                return len(bytearray(8 * 1024**3))
            case "grow":  # slowly
                hoard = []
                while True:
                    hoard.append(bytearray(b"x") * 2**22)
                    time.sleep(0.001)
            case "print":
                print("noise on stdout")
                return {"value": 0}
        return None

    return evaluate


def broken(setup):
    raise RuntimeError("the task cannot be prepared")

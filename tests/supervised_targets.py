"""What the supervised processes of the tests run: answers, and every way a candidate can misbehave."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from qtrain.studies.run.child import report


def misbehave(setup):
    def evaluate(payload):
        match payload["do"]:
            case "answer":
                return {"value": payload["value"] * setup["factor"], "pid": os.getpid()}
            case "raise":
                raise ZeroDivisionError("no angle is left")
            case "report":  # twice, then no more is heard
                report({"metrics": {"first": 1.0}})
                report({"metrics": {"first": 1.0, "second": 2.0}})
                time.sleep(1000)
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


def wait_at(gate, number):
    """Say that this trial is running, by a file, and go on when the gate's own file is there."""
    if gate is not None:
        Path(f"{gate}.{number}").touch()
        while not Path(gate).exists():
            time.sleep(0.01)


def fake_search(setup):
    """A search evaluation without physics: values follow from the architecture, faults from the set-up."""

    def evaluate(payload):
        number, choice = payload["number"], payload["architecture"]
        if number >= setup.get("quick", 0):  # so many answer at once
            time.sleep(setup.get("seconds", 0.0))
            wait_at(setup.get("gate"), number)
        fault = setup.get("faults", {}).get(str(number))
        if fault is not None:
            misbehave({"factor": 1})({"do": fault})
        x, y = choice["x"], choice["y"]
        answer = {
            "state": "complete", "reason": "", "constraints": {"dead": -1.0}, "report": {"choice": choice},
            "metrics": {"noise": (payload["seed"] % 1000) / 1e6}, "timings": {"all": 0.001},
            "objectives": {"task_loss": (x - 2) ** 2 + y, "trainability": float(x - y)},
        }  # fmt: skip
        if y == 3:
            pruned = {
                "state": "pruned",
                "reason": "dead above 0.25",
                "objectives": {},
                "constraints": {"dead": 0.5},
            }
            answer |= pruned
        return answer

    return evaluate

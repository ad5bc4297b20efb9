"""Both axes of a point, and how each goes on with the number of qubits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from families import WIDE, Member, member

import qtrain

RUNS = 8  # of the paths, with seeds of their own: their spread is the error of E |grad f|^2
INSTANCE = 0.15  # in ln of the signal: of random families there is one circuit of each size
STEP = 1.0  # in ln of the operations: a cut is a whole number
SECONDS = 2000.0  # of one question: nothing here is cut short by a clock


def depth_of(rule: str, n: int) -> int:
    return {"half": n // 2, "log": math.ceil(math.log2(n)), "two log": 2 * math.ceil(math.log2(n))}[rule]


def width_of(rule: str, n: int, depth: int) -> float:
    """Standard deviation of each trained angle, in radians; 0: uniform. m = 2 n depth angles."""
    angles = 2 * n * depth
    return {
        "patch": 2 / math.sqrt(angles), "transition": math.sqrt(2 * math.log(n) / angles),
        "depth": 0.5 / math.sqrt(depth), "fixed": 0.1, "uniform": 0.0,
    }[rule]  # fmt: skip


def family(
    *, family: str, depth: str, width: str, sizes: list[int], samples: int, tolerance: float, seed: int
) -> dict[str, Any]:
    """A family over n, and the law of each axis."""
    rows = []
    for n in sizes:
        layers = depth_of(depth, n)
        rows.append(point(family, n, layers, width_of(width, n, layers), samples, tolerance, seed))
    return {"rows": rows, "signal": signal_law(rows, 0.0 if family == "identity" else INSTANCE), "operations": cost_law(rows)}


def sweep(
    *, family: str, qubits: list[int], depths: list[int], widths: list[float], samples: int, tolerance: float, seed: int
) -> dict[str, Any]:
    """Widths and depths at fixed n; which points no other one beats in both axes."""
    found = {}
    for n in qubits:
        rows = [point(family, n, d, w, samples, tolerance, seed) for d in depths for w in widths]
        front = [k for k, row in enumerate(rows) if not any(_beats(other, row) for other in rows)]
        found[str(n)] = {"rows": rows, "front": front}
    return found


def point(
    family: str, n: int, depth: int, width: float, samples: int, tolerance: float, seed: int
) -> dict[str, Any]:
    """E |grad f|^2 over the start, and the operations of the cheapest certificate there, both for trained angles."""
    one: Member = member(family, n, depth, width or 1.0, seed=seed)
    start: Any = ("gaussian", width) if width else "uniform"
    budget = qtrain.Budget(seconds=SECONDS)
    runs = [
        qtrain.gradient_variance(
            one.circuit, one.observable, initialization=start, samples=samples, seed=RUNS * seed + k, budget=budget
        )
        for k in range(RUNS)
    ]
    trained = np.array([parameter.name.startswith("a") for parameter in one.circuit.parameters])
    second = np.nan_to_num([stats.second_moment[trained] for stats in runs])
    totals = second.sum(axis=1)
    around = start if width else ("gaussian", WIDE)  # the same, and truncations count with a bound where they are long
    found = qtrain.simulability(
        one.circuit, one.observable, initialization=around, tolerance=tolerance, seed=seed, budget=budget
    )
    usable = [row for row in found.certificates if row.applies and row.kind == "classical"]
    best = min(usable, key=lambda row: row.cost, default=None)
    truncated = {row.check: row.detail for row in found.certificates if "low" in row.check.split("-")[0].split()[0]}
    return {
        "n": n, "depth": depth, "width": width, "trained": int(trained.sum()),
        "signal": float(totals.mean()), "signal_error": float(totals.std(ddof=1) / math.sqrt(RUNS)),
        "largest": float(second.mean(axis=0).max(initial=0.0)),
        "cost_variance": float(np.mean([stats.cost_variance for stats in runs])), "method": runs[0].method,
        "certified": best is not None,
        "certificate": best.check if best else None, "error": best.error_upper if best else None,
        "log10_operations": math.log10(max(best.cost, 1.0)) if best else None,
        "detail": best.detail if best else None, "truncations": truncated, "untried": list(found.untried),
    }  # fmt: skip


def _beats(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """More signal, and a dearer certificate: where there is none it counts as infinitely dear."""
    ours, theirs = ((row["signal"], row["log10_operations"] or math.inf) for row in (a, b))
    return ours[0] >= theirs[0] and ours[1] >= theirs[1] and ours != theirs


def signal_law(rows: list[dict[str, Any]], spread: float) -> dict[str, Any]:
    """Of E |grad f|^2, at the sizes where it was seen; ``spread``: in its logarithm, from circuit to circuit."""
    seen = [row for row in rows if row["signal"] > 3 * row["signal_error"]]
    unseen = [row["n"] for row in rows if row not in seen]
    errors = [math.hypot(row["signal_error"] / row["signal"], spread) for row in seen]
    return {**_law([row["n"] for row in seen], [math.log(row["signal"]) for row in seen], errors), "unseen": unseen}


def cost_law(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the operations, at the sizes with a certificate: its inverse decays. Cuts are whole numbers, hence the error."""
    known = [row for row in rows if row["log10_operations"] is not None]
    logs = [-row["log10_operations"] * math.log(10) for row in known]
    law = _law([row["n"] for row in known], logs, [STEP] * len(known))
    without = [row["n"] for row in rows if row["log10_operations"] is None]
    return {**law, "rate": -law["rate"], "low": -law["high"], "high": -law["low"], "without": without}


def _law(sizes: list[int], logs: list[float], errors: list[float]) -> dict[str, Any]:
    """polynomial: n^-rate; exponential: e^(-rate n); with the 95 % interval of the rate, of the likelier law (``of``) where
    it is undecided."""
    if len(sizes) < 4:
        return {"law": "undecided", "of": "none", "rate": math.nan, "low": math.nan, "high": math.nan}
    found = qtrain.fit_decay(np.array(sizes, float), np.array(logs), np.array(errors))
    return {"law": found.law, "of": found.decay, "rate": found.rate, "low": found.rate_low, "high": found.rate_high}

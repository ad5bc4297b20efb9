"""Results to draw, made by hand, and what every figure has to keep."""

from __future__ import annotations

import pickle
import sys
import warnings

import numpy as np

from qtrain.diagnosis.report import TrainabilityReport
from qtrain.diagnosis.results import Verdict
from qtrain.studies.objectives import signs
from qtrain.studies.result import SearchResult
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.trials import TrialRecord, pareto_front


def verdict(index, cause, variance, lower, upper, *, gate=None, qubits=None):
    place = index if gate is None else gate
    return Verdict(f"θ[{index}]", index, cause, 0.5, 0.5, variance, lower, upper, "advice", place, qubits or (index,))


def report_of(verdicts, *, threshold=1e-4, **more):
    qubits = 1 + max((q for v in verdicts for q in v.qubits), default=0)
    fields = {
        "num_qubits": qubits, "num_parameters": len(verdicts), "num_gates": len(verdicts), "two_qubit_depth": 0,
        "observable": "Z", "initialization": "uniform", "shots": 10_000, "threshold": threshold, "light_cone": None,
        "gradients": None, "dla": None, "simulability": None, "expressivity": None, "verdicts": tuple(verdicts),
        "summary": "as made",
    } | more  # fmt: skip
    return TrainabilityReport(**fields)


def study_of(columns, *, states=None, constraints=None, **more):
    """A search's result with these objectives, a column each; NaN has none."""
    names = list(columns)
    count = len(next(iter(columns.values())))
    spec = read_spec({"name": "made", "qubits": 4, "task": {"kind": "tfim"}, "objectives": {"use": names}, "trials": max(count, 1)})
    states = states or ["complete"] * count
    trials = tuple(
        TrialRecord(
            k, states[k], reason="" if states[k] == "complete" else "too deep",
            objectives={name: float(columns[name][k]) for name in names} if states[k] == "complete" else {},
            constraints={"depth": 1.0} if constraints and constraints[k] else {}, architecture_id=f"{k:016x}",
        )
        for k in range(count)
    )  # fmt: skip
    front = pareto_front(trials, names)
    by = [min(front, key=lambda n: signs(names)[0] * trials[n].objectives[names[0]])] if front else []
    fields = {"study": "made", "spec": spec, "storage": "memory", "tracking_uri": None, "trials": trials, "front": front,
              "winner": trials[by[0]] if by else None, "rule": "lowest first objective", "name": None}  # fmt: skip
    return SearchResult(**(fields | more))


def drawn(draw, *args, **options):
    """The Axes that ``draw`` returns, rendered: without a warning, and without a figure left to pyplot."""
    before = _of_pyplot()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axes = draw(*args, **options)
        axes.figure.canvas.draw()
    assert _of_pyplot() == before
    pickle.loads(pickle.dumps(axes.figure))
    return axes


def _of_pyplot():
    """Numbers of the figures that pyplot holds: those of whoever ran before."""
    return sys.modules["matplotlib.pyplot"].get_fignums() if "matplotlib.pyplot" in sys.modules else []


def labels(axes):
    """Texts of the figure's legends, and of the Axes'."""
    found = [*axes.figure.legends, *([axes.get_legend()] if axes.get_legend() else [])]
    return [text.get_text() for legend in found for text in legend.get_texts()]


def points(axes, label):
    """(marks, 2) of the marks with this label, as drawn."""
    found = [c.get_offsets() for c in axes.collections if str(c.get_label()).startswith(label)]
    return np.concatenate(found) if found else np.empty((0, 2))

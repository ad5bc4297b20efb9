"""What MLflow is told of a study as it begins and as it ends, from its spec and its result."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qtrain.errors import QTrainError
from qtrain.extensions import Table, load_modules
from qtrain.tracking import contents
from qtrain.tracking.store import DataPart
from qtrain.tracking.tracker import Tracker

if TYPE_CHECKING:
    from qtrain.studies.result import SearchResult
    from qtrain.studies.setup import Setup
    from qtrain.studies.spec.search_spec import SearchSpec

log = logging.getLogger("qtrain")

FIGURES: Table[Callable[[Any], bytes | None]] = Table("figure")
"""What is drawn of every study that has ended: file name (``front.png``) and SearchResult → its content, or None."""

DRAWERS = ("qtrain.views.tracked",)  # by name: what draws stands above this folder, and is loaded as a search ends
_DRAWN_QUBITS, _DRAWN_GATES, _DRAWN_CHARACTERS = 12, 200, 3000


def flat(data: Any, where: str = "") -> dict[str, Any]:
    """Nested tables as one, with dotted keys.

    Example:
        >>> flat({"task": {"kind": "tfim"}, "qubits": 4})
        {'task.kind': 'tfim', 'qubits': 4}
    """
    if not isinstance(data, dict):
        return {where: data}
    inner = (flat(value, f"{where}.{name}" if where else name) for name, value in data.items())
    return {key: value for table in inner for key, value in table.items()}


def mirror(
    spec: SearchSpec, uri: str | None, attributes: Any, *, where: str = "", data: Sequence[DataPart] = ()
) -> Tracker:
    """The tracker of a study.

    Args:
        attributes: of the Optuna study, with the spec as it was begun: MLflow keeps a parameter for good.
        where: its storage, for people; ``data``: see :func:`data_of`.
    """
    aims = dict(zip(spec.objectives.use, spec.directions))
    tags = {contents.NOTE: contents.begun_text(spec.to_dict(), aims), "qtrain.objectives": _arrows(aims)}
    return Tracker(
        uri, spec.name, uid=attributes["qtrain:uid"], params=flat(attributes["qtrain:spec"]),
        tags=tags | ({"qtrain.storage": where} if where else {}), data=data,
    )  # fmt: skip


def data_of(setup: Setup) -> tuple[DataPart, ...]:
    """The samples of a task with data, () without."""
    task = setup.task
    if not task.is_classifier:
        return ()
    parts = (("training", task.train, task.train_targets), ("validation", task.validation, task.validation_targets),
             ("test", task.test, task.test_targets))  # fmt: skip
    return tuple(DataPart(task.name, context, *arrays) for context, *arrays in parts if len(arrays[0]))


def finish(tracker: Tracker, result: SearchResult) -> int:
    """Say what the study came to, and end its run; how many trials MLflow has not got."""
    if tracker.uri is None:
        return 0
    trials = [dataclasses.asdict(t) for t in result.trials if t.state != "running"]
    aims = dict(zip(result.objectives, result.directions))
    winner = None if result.winner is None else result.winner.number
    tags = {"qtrain.rule": result.rule, "qtrain.front": json.dumps(list(result.front))}
    if result.winner is not None:
        tags |= {"qtrain.winner": str(winner), "qtrain.winner_id": result.winner.architecture_id}
    if result.name is not None:
        tags["qtrain.name"] = result.name
    circuit = _circuit_files(result)
    drawing = circuit.get("winner.txt", "")
    tags[contents.NOTE] = contents.ended_text(
        result.spec.to_dict(), trials, aims, result.front, winner=winner, rule=result.rule, name=result.name,
        references=result.references, drawing=drawing if len(drawing) <= _DRAWN_CHARACTERS else "",
    )  # fmt: skip
    full = {} if winner is None else result.full.get(winner, {})
    return tracker.finish(
        trials, aims, result.front, winner=winner, tags=tags,
        files={
            "result.json": json.dumps(result.to_dict(), indent=1),
            "spec.json": json.dumps(result.spec.to_dict(), indent=1), **circuit, **_figure_files(result),
        },
        figures={f"reference.{name}": value for name, value in result.references.items()}
        | {f"full.{name}": float(value) for name, value in full.items() if isinstance(value, (int, float))},
    )  # fmt: skip


def _arrows(aims: dict[str, str]) -> str:
    return ", ".join(f"{name} {contents.ARROWS[direction]}" for name, direction in aims.items())


def _circuit_files(result: SearchResult) -> dict[str, str]:
    """The winner's circuit as OpenQASM 3, and drawn where it is small; at its trained angles where there are some."""
    from qiskit import qasm3

    if result.winner is None:
        return {}
    try:
        circuit = result.circuit
        files = {"winner.qasm": qasm3.dumps(circuit)}
    except (QTrainError, qasm3.QASM3Error):  # a space of its own, or gates that OpenQASM 3 does not say
        return {}
    if circuit.num_qubits <= _DRAWN_QUBITS and circuit.size() <= _DRAWN_GATES:
        files["winner.txt"] = str(circuit.draw("text", fold=100, idle_wires=False))
    return files


def _figure_files(result: SearchResult) -> dict[str, bytes]:
    """Every figure. One that cannot be drawn does not cost the others, nor the record."""
    load_modules(DRAWERS)
    files: dict[str, bytes] = {}
    for name, draw in FIGURES.items():
        try:
            content = draw(result)
        except Exception as error:  # rows of others, and data of any kind
            log.warning("The figure %s was not drawn: %s", name, error)
        else:
            files |= {} if content is None else {name: content}
    return files

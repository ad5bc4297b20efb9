"""One call for who has a problem and wants a circuit: the spec is made of it, and searched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtrain.errors import QTrainError
from qtrain.studies.result import SearchResult
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.study import search

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

TRAINED_QUBITS = 20  # beyond, training takes too long: the criteria decide
FEATURES = 8  # qubits for data with more features
TRIALS = 48


def design(
    problem: Any,
    *,
    device: Any = None,
    qubits: int | None = None,
    max_two_qubit_depth: int | None = None,
    trials: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    n_jobs: int = 1,
    name: str | None = None,
    tracking_uri: str | None = None,
) -> SearchResult:
    """A circuit for a problem: searched with settings that suit it, trained, registered, every trial on record.

    The same call again returns what it found, or goes on. For settings of your own take ``result.spec.to_dict()`` to
    :func:`qtrain.search`.

    Args:
        problem: a Hamiltonian whose ground state is wanted (SparsePauliOp, Pauli terms as text, or a file of them), a
            networkx graph (its largest cut, with the "weight" of its edges), or data ``(X, y)`` with classes or
            numbers (see ``kind = "data"`` of a spec's task).
        device: what it has to run on: a Qiskit backend, its coupling map, pairs of qubits, the name of a fake backend
            of qiskit_ibm_runtime ("FakeTorino") or of a topology ("line"); None: every pair of qubits is coupled.
        qubits: None: those of the Hamiltonian or graph; of data one for each feature, at most 8.
        max_two_qubit_depth: of the circuit on the device.
        trials: candidates in all (48 where neither this nor ``seconds`` is given).
        seconds: no further candidates are begun after so many; how many there are then depends on the machine.
        seed, n_jobs, tracking_uri: see :func:`qtrain.search`.
        name: of the study, and of the winner in the registry; None: from the problem.

    Returns:
        SearchResult: ``.circuit`` with its ``.angles``, or both in one as ``.bound``; ``.entry`` is what
        ``qtrain.load(name)`` gives. Beyond 20 qubits nothing is trained: gradients and expressivity decide.

    Raises:
        QTrainError: a problem or device that is none of these, no candidate within the limits.

    Example:
        >>> import os, tempfile, qtrain
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> before = os.getcwd(); os.chdir(tempfile.mkdtemp())
        >>> found = qtrain.design(SparsePauliOp(["ZZ", "XI", "IX"]), trials=4, tracking_uri="off")
        >>> found.bound.num_qubits, found.bound.num_parameters, len(found.angles) == found.circuit.num_parameters
        (2, 0, True)
        >>> os.chdir(before)
    """
    task, width = _task_of(problem, qubits)
    growing = task["kind"] != "data" and width <= TRAINED_QUBITS
    spec: dict[str, Any] = {
        "name": "design", "qubits": width, "task": task, "seed": seed, "start": ["auto", "shelf"],
        "trials": (10_000 if seconds is not None else TRIALS) if trials is None else trials,
        "objectives": {"use": ["task_loss", "two_qubit_depth"] if width <= TRAINED_QUBITS else
                       ["trainability", "expressivity", "two_qubit_depth"]},
        "constraints": {"max_two_qubit_depth": max_two_qubit_depth} | (_UNLIMITED if width <= TRAINED_QUBITS else {}),
        "training": _training(task),
        "growth": {"share": 0.7, "pools": ["auto"], "references": ["auto"], "places": 1} if growing else {},
    }  # fmt: skip
    if device is not None:
        spec["device"] = _device_of(device)
        spec["space"] = {"topologies": ["device", "line", "brickwork"]}
    spec["name"] = name or f"design-{read_spec(spec).content_id()}"
    result = search(spec, seed=seed, n_jobs=n_jobs, name=name, tracking_uri=tracking_uri, seconds=seconds)
    if result.winner is None and not result.interrupted:
        reasons = sorted({t.reason for t in result.trials if t.reason})
        raise QTrainError(
            f"the limits should leave a candidate. Got none of {len(result.trials)}: {'; '.join(reasons[:3])}."
        )
    return result


_UNLIMITED = {"max_dead_fraction": 1.0, "min_trainability": -16.0}  # where the trained loss says it all


def _training(task: Mapping[str, Any]) -> dict[str, Any]:
    if task["kind"] == "data":
        return {"steps": 60, "starts": 2, "full_steps": 200, "full_starts": 4}
    # short at first: what is best or richest trains on, each time four times as long
    return {"optimizer": "lbfgs", "steps": 100, "starts": 1, "aggregate": "best", "full_steps": 1000, "full_starts": 3}


def _task_of(problem: Any, qubits: int | None) -> tuple[dict[str, Any], int]:
    """The task table of a problem, and its number of qubits."""
    from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

    from qtrain.studies.tasks.own import as_array

    if isinstance(problem, (SparsePauliOp, SparseObservable, Pauli, str, Path)):
        operator, task = _hamiltonian(problem)
        return task, _width(qubits, operator.num_qubits, "the Hamiltonian's")
    if hasattr(problem, "nodes") and hasattr(problem, "edges"):
        if not problem.number_of_edges():
            raise QTrainError("problem should be a graph with edges. Got one without.")
        return {"kind": "maxcut", "edges": problem}, _width(qubits, problem.number_of_nodes(), "the graph's nodes")
    if isinstance(problem, tuple) and len(problem) == 2:
        x, y = as_array(problem[0], "X"), as_array(problem[1], "y")
        if x.ndim != 2:
            raise QTrainError(f"X should have shape (samples, features). Got {x.shape}.")
        from qtrain.studies.tasks.own import are_classes

        readouts = len(set(y.tolist())) if y.ndim == 1 and are_classes(y) else 1 if y.ndim == 1 else y.shape[1]
        wanted = x.shape[1].bit_length() - 1 if x.dtype.kind == "c" else max(min(x.shape[1], FEATURES), readouts, 2)
        return {"kind": "data", "X": problem[0], "y": problem[1]}, wanted if qubits is None else qubits
    raise QTrainError(
        "problem should be a SparsePauliOp, Pauli terms or their file, a networkx graph, or data (X, y). "
        f"Got {type(problem).__name__}."
    )


def _width(asked: int | None, own: int, whose: str) -> int:
    if asked not in (None, own):
        raise QTrainError(f"qubits should be {own}, {whose}. Got {asked}.")
    return own


def _hamiltonian(problem: Any) -> tuple[SparsePauliOp, dict[str, Any]]:
    from qtrain.circuits.observables import as_observable
    from qtrain.studies.tasks.hamiltonian import read_hamiltonian, read_terms

    if isinstance(problem, Path) or (isinstance(problem, str) and Path(problem).suffix and "[" not in problem):
        if Path(problem).is_file() or isinstance(problem, Path):
            return read_hamiltonian(problem)[0], {"kind": "hamiltonian", "file": str(problem)}
    operator = read_terms(problem) if isinstance(problem, str) else as_observable(problem)
    return operator, {"kind": "hamiltonian", "terms": operator}


def _device_of(device: Any) -> dict[str, Any]:
    """The device table of a backend, coupling map, edges or name."""
    from qtrain.architecture.topology import TOPOLOGIES

    if isinstance(device, str):
        return {"topology": device} if device in TOPOLOGIES else {"name": device}
    if isinstance(device, Mapping):
        return dict(device)
    coupling = getattr(device, "coupling_map", device)
    coupling = getattr(coupling, "get_edges", lambda: coupling)()
    gates = [g for g in ("cx", "cz", "ecr", "rz", "sx", "x") if g in getattr(device, "operation_names", ())]
    try:
        edges = sorted({(min(int(a), int(b)), max(int(a), int(b))) for a, b in coupling})
    except (TypeError, ValueError):
        raise QTrainError(
            "device should be a Qiskit backend, a coupling map, pairs of qubits, or a name. "
            f"Got {type(device).__name__}."
        ) from None
    found: dict[str, Any] = {"edges": [list(edge) for edge in edges]}
    return found | ({"basis_gates": gates} if gates else {})

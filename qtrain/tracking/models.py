"""Winners and trained classifiers as MLflow models: JSON and a code file, nothing pickled; versions with a champion.

A winner's model takes rows of weights and gives the expectation value of its observable; a classifier's takes rows of
features and gives labels. ``mlflow models serve --env-manager local -m models:/NAME@champion`` answers over HTTP, to
``dataframe_split``, ``dataframe_records``, ``inputs``, ``instances`` and CSV. Columns with names (a winner's angles,
the features of a classifier that was fitted on a data frame) go by their names, and the signature says them; features
without names go by their place, in tables of any form.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qtrain.architecture.architecture import check_format
from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.files.reading import read_json
from qtrain.qml.classifier import TrainableQNNClassifier
from qtrain.qml.qnn import SIMULATED_QUBITS, local_observables
from qtrain.registry.registry import RegistryEntry, check_name, current_versions, entry_from_dict
from qtrain.simulators.statevector import values

FORMAT, REQUIRES = 1, "0.1"
CHAMPION = "champion"
_LOSS, _CONTENT = "qtrain.loss", "qtrain.content"
_TIDINGS = ("run_id", "versions", "report", "digest")  # of an entry: where and with what it was made
_FITTED = ("weights_", "readout_", "bias_", "low_", "high_", "classes_")


@dataclass(frozen=True)
class ModelVersion:
    """A logged model: ``uri`` names this version; ``champion``: whether the alias points to it now."""

    name: str
    version: str
    uri: str
    run_id: str
    champion: bool


def to_json(model: RegistryEntry | TrainableQNNClassifier) -> str:
    """All that a prediction needs, as JSON with a content id.

    Raises:
        QTrainError: a classifier that is not fitted, or another kind of model.
    """
    content: dict[str, Any]
    if isinstance(model, RegistryEntry):
        content = {"kind": "winner", "entry": dataclasses.replace(model, report=None).to_dict()}
    elif isinstance(model, TrainableQNNClassifier):
        if not hasattr(model, "weights_"):
            raise QTrainError("model should be fitted. Got a classifier that is not: call fit first.")
        rounds = model.architecture_.uploads if model.reuploads is None else int(model.reuploads)
        content = {
            "kind": "classifier", "architecture": model.architecture_.to_dict(), "num_qubits": model.num_qubits_,
            "reuploads": rounds, "n_features": model.n_features_in_,
            "columns": [str(name) for name in getattr(model, "feature_names_in_", ())],
            **{name: np.asarray(getattr(model, name)).tolist() for name in _FITTED},
        }  # fmt: skip
    else:
        raise QTrainError(f"model should be a RegistryEntry or a TrainableQNNClassifier. Got {type(model).__name__}.")
    head = {"format": FORMAT, "requires": REQUIRES, "content_id": _id(content)}
    return json.dumps({**head, "content": content}, indent=1)


def _id(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def predictor(path: str | Path) -> Callable[[Any], np.ndarray]:
    """The function rows → predictions of a model's JSON file.

    Raises:
        QTrainError: a file that cannot be read, is of a newer format, or whose content was altered.
    """
    data = read_json(Path(path), "model")
    if not isinstance(data, dict) or not isinstance(data.get("content"), dict):
        raise QTrainError(f"model should be a JSON object with its content. Got {str(path)!r}, which is not.")
    check_format(data, FORMAT, "model")
    content = data["content"]
    if data.get("content_id") != _id(content):
        raise QTrainError(
            f"model should have the content it was logged with. Got id {_id(content)}, and the file says "
            f"{data.get('content_id')}: it was altered."
        )
    return _of_winner(content) if content.get("kind") == "winner" else _of_classifier(content)


def _of_winner(content: Mapping[str, Any]) -> Callable[[Any], np.ndarray]:
    entry = entry_from_dict(content["entry"])
    if entry.num_qubits > SIMULATED_QUBITS:
        raise QTrainError(
            f"model should have at most {SIMULATED_QUBITS} qubits to be simulated. Got {entry.num_qubits}."
        )
    program = lower(entry.circuit())
    operator = (
        local_observables("mean", entry.num_qubits)[0]
        if entry.observable is None
        else as_observable(entry.observable, entry.num_qubits)
    )
    columns = _columns(content)
    return lambda rows: values(program, operator, table_of(rows, len(program.weights), columns))


def _of_classifier(content: Mapping[str, Any]) -> Callable[[Any], np.ndarray]:
    model = TrainableQNNClassifier(
        json.dumps(content["architecture"]), num_qubits=content["num_qubits"], reuploads=content["reuploads"]
    )
    for name in _FITTED:
        setattr(model, name, np.asarray(content[name]))
    model.n_features_in_, model.n_iter_ = content["n_features"], 0
    model._build(model.n_features_in_)
    columns = _columns(content)
    return lambda rows: model.predict(table_of(rows, model.n_features_in_, columns))


def table_of(rows: Any, width: int, columns: Sequence[str] = ()) -> np.ndarray:
    """(rows, width) numbers of an array, nested lists, a data frame or columns by name; ``columns`` go by their names.

    Raises:
        QTrainError: another width, columns that are not there, or what are no numbers.

    Example:
        >>> table_of([1, 2, 3], 3).shape
        (1, 3)
    """
    given = list(rows if isinstance(rows, Mapping) else getattr(rows, "columns", ()))
    missing = [name for name in columns if name not in given] if given or hasattr(rows, "columns") else []
    if missing:
        raise QTrainError(
            f"rows should name their {width} columns, {_first_names(columns)}. Got none of the name {missing[0]!r}."
        )
    try:
        if isinstance(rows, Mapping):
            rows = np.stack([np.asarray(rows[name], float) for name in columns or given], axis=-1)
        elif columns and given:
            rows = rows[list(columns)]
        table = np.atleast_2d(np.asarray(rows, float))
    except (TypeError, ValueError):
        raise QTrainError(f"rows should be numbers, {width} in each. Got something else.") from None
    if not np.isfinite(table).all():
        raise QTrainError(f"rows should be finite numbers, {width} in each. Got one that is missing or not finite.")
    if table.ndim != 2 or table.shape[1] != width:
        raise QTrainError(f"rows should have {width} numbers each. Got a table of shape {table.shape}.")
    return table


def _first_names(columns: Sequence[str]) -> str:
    return ", ".join(columns) if len(columns) <= 5 else f"{columns[0]}, {columns[1]}, …, {columns[-1]}"


def log_model(
    model: RegistryEntry | TrainableQNNClassifier,
    *,
    name: str | None = None,
    tracking_uri: str | None = None,
    loss: float | None = None,
    run_id: str | None = None,
) -> ModelVersion:
    """Log a model to MLflow and register it as a new version; one that is there already is left as it is.

    The alias ``champion`` goes to the version with the lowest ``loss``; to this one where nothing better is known.

    Args:
        model: a registered winner (``qtrain.load``), or a fitted classifier.
        name: of the registered model; None: the winner's own.
        tracking_uri: of MLflow; None: ``sqlite:///mlruns/mlflow.db``.
        loss: lower is better; None: the winner's task loss, for a classifier none.
        run_id: of the run it belongs to; None: the winner's, if the store has it, else a run of its own.

    Raises:
        QTrainError: a name that is no slug, a model that is not fitted, a store that does not answer.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    from qtrain.tracking.store import Store
    from qtrain.tracking.tracker import resolve_uri, told

    text = to_json(model)
    winner = isinstance(model, RegistryEntry)
    if name is None and not winner:
        raise QTrainError("name should be given for a classifier. Got none.")
    title = check_name(model.name if name is None and isinstance(model, RegistryEntry) else name)
    if loss is None and isinstance(model, RegistryEntry) and "task_loss" in model.objectives:
        loss = float(model.objectives["task_loss"])  # by name: JSON keeps no order
    uri = resolve_uri(tracking_uri)
    if uri is None:
        raise QTrainError('tracking_uri should name an MLflow store. Got "off".')
    store = Store(uri, title, f"model:{title}", {}, {"qtrain.kind": "model"})
    with _quiet(), _at(store.uri):
        told(uri, store.open)
        client = mlflow.MlflowClient(store.uri, registry_uri=store.uri)
        known = _known(client, title, _identity(text))
        if known is None:
            wanted = run_id or (model.run_id if isinstance(model, RegistryEntry) else None)
            known = _new_version(client, title, text, wanted, store.experiment)
        version, run = str(known.version), str(known.run_id)
        if loss is not None:
            client.set_model_version_tag(title, version, _LOSS, repr(loss))
        champion = _is_best(client, title, version, loss)
        if champion:
            client.set_registered_model_alias(title, CHAMPION, version)
    return ModelVersion(title, version, f"models:/{title}/{version}", run, champion)


def _identity(text: str) -> str:
    """The id of what a model computes and was judged by: a winner registered anew is the same model."""
    content = json.loads(text)["content"]
    if "entry" in content:
        content["entry"] = {k: v for k, v in content["entry"].items() if k not in _TIDINGS}
    return _id(content)


def _known(client: Any, title: str, identity: str) -> Any:
    """The version with this content, None if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        versions = client.search_model_versions(f"name='{title}'")
    except MlflowException:
        return None
    return next((v for v in versions if v.tags.get(_CONTENT) == identity), None)


def _new_version(client: Any, title: str, text: str, wanted: str | None, experiment: str) -> Any:
    import mlflow

    content = json.loads(text)["content"]
    with tempfile.TemporaryDirectory() as folder, _run(client, wanted, experiment, title) as run:
        path = Path(folder) / "model.json"
        path.write_text(text, encoding="utf-8")
        example = _example(content)
        logged = mlflow.pyfunc.log_model(
            name="model", python_model=str(Path(__file__).with_name("served_model.py")),
            artifacts={"model": str(path)}, signature=_signature(content, example, predictor(path)(example)),
            input_example=example, pip_requirements=_requirements(),
        )  # fmt: skip
    version = _version(client, title, logged.model_uri, run, logged.model_id)
    client.set_model_version_tag(title, version.version, _CONTENT, _identity(text))
    client.update_model_version(title, version.version, _description(content))
    return version


def _signature(content: Mapping[str, Any], example: Any, answers: np.ndarray) -> Any:
    """Of columns with names; without, of the answers alone, for MLflow would refuse or cut tables of other forms.

    The columns are optional to MLflow, so that it is the model that looks, and says in a sentence what is missing.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, DataType, Schema

    outputs = infer_signature(example, answers).outputs
    if not _columns(content):
        return ModelSignature(outputs=outputs)
    return ModelSignature(Schema([ColSpec(DataType.double, c, required=False) for c in _columns(content)]), outputs)


def _columns(content: Mapping[str, Any]) -> list[str]:
    """Names of the columns that a model goes by, [] where it goes by their place."""
    if content["kind"] == "classifier":
        return list(content.get("columns", ()))
    return [parameter.name for parameter in entry_from_dict(content["entry"]).circuit().parameters]


def _description(content: Mapping[str, Any]) -> str:
    """What a version says of itself, in Markdown."""
    if content["kind"] == "classifier":
        return f"Classifier on {content['num_qubits']} qubits: {content['n_features']} features to a label."
    entry = entry_from_dict(content["entry"])
    judged = ", ".join(f"{name} {value:.4g}" for name, value in entry.objectives.items())
    found = f", found by study {entry.study}" if entry.study else ""
    return (
        f"`{entry.architecture.summary}` on {entry.num_qubits} qubits{found}: angles in radians to the value of "
        f"`{entry.observable or 'the mean of Z'}`." + (f" {judged}." if judged else "")
    )


def _version(client: Any, title: str, source: str, run: str, model_id: str) -> Any:
    """A new version; the registered model is made with its first."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(title)
    except MlflowException:
        with contextlib.suppress(MlflowException):  # another process was faster
            client.create_registered_model(title)
    return client.create_model_version(title, source, run_id=run, model_id=model_id)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Advice that MLflow gives its own users, by warnings and by its log, is none for ours."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "mlflow.models.model", "mlflow.pyfunc")]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.showwarning = lambda *_, **__: None  # MLflow sets filters of its own
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before):
                logger.setLevel(level)


@contextlib.contextmanager
def _at(uri: str) -> Iterator[None]:
    """MLflow's fluent functions follow a global address, and a variable of the environment: set, and put back."""
    import mlflow

    variable = "MLFLOW_TRACKING_URI"
    named = os.environ.get(variable)
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)  # type: ignore[arg-type]  # None: nobody had set it
        if named is not None:
            os.environ[variable] = named


@contextlib.contextmanager
def _run(client: Any, wanted: str | None, experiment: str, title: str) -> Iterator[str]:
    """The wanted run where the store has it, else a new one."""
    import mlflow
    from mlflow.exceptions import MlflowException

    ended = None
    if wanted is not None:
        try:
            ended = client.get_run(wanted).info.status
        except MlflowException:
            wanted = None
    fresh = {"experiment_id": experiment, "run_name": f"model {title}"}
    options: dict[str, Any] = {"run_id": wanted} if wanted else fresh
    with mlflow.start_run(**options) as run:
        yield str(run.info.run_id)
    if ended is not None:
        client.update_run(wanted, status=ended)


def _example(content: Mapping[str, Any]) -> Any:
    """A data frame of what it takes: the ends of a classifier's features, a winner's trained angles."""
    import pandas  # type: ignore[import-untyped]

    if content["kind"] == "classifier":
        columns = _columns(content) or [f"x{k}" for k in range(content["n_features"])]
        return pandas.DataFrame([content["low_"], content["high_"]], columns=columns, dtype=float)
    columns, trained = _columns(content), entry_from_dict(content["entry"]).angles
    known = trained is not None and len(trained) == len(columns)
    return pandas.DataFrame([trained if known else np.zeros(len(columns))], columns=columns, dtype=float)


def _requirements() -> list[str]:
    pinned = current_versions()
    return [f"{name}=={pinned[name]}" for name in ("qtrain", "qiskit", "numpy", "numba") if name in pinned]


def _is_best(client: Any, title: str, version: str, loss: float | None) -> bool:
    """Whether no other version that is known to be better has the alias."""
    from mlflow.exceptions import MlflowException

    try:
        reigning = client.get_model_version_by_alias(title, CHAMPION)
    except MlflowException:
        return True
    if str(reigning.version) == version:
        return True
    known = reigning.tags.get(_LOSS)
    return known is None if loss is None else known is None or loss < float(known)

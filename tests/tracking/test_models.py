"""MLflow models: JSON and code alone, versions with a champion, predictions over HTTP like those at home."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from mlflow_checks import free_port, wait_for
from qiskit.quantum_info import SparsePauliOp, Statevector
from sklearn.datasets import load_iris

from qtrain.architecture.architecture import Architecture, Layer
from qtrain.errors import QTrainError
from qtrain.qml.classifier import TrainableQNNClassifier
from qtrain.registry.registry import RegistryEntry
from qtrain.tracking.models import log_model, predictor, to_json

FAMILY = Architecture((Layer(("ry",), "cx"),), 2, uploads=2)
ENTRY = RegistryEntry("served", FAMILY, 3, observable="ZZI - 0.5*IIX", objectives={"hardware_cost": 0.01, "task_loss": 0.2})


@pytest.fixture(scope="module")
def classifier():
    X, y = load_iris(return_X_y=True)
    return TrainableQNNClassifier(FAMILY, num_qubits=3, steps=20, random_state=0).fit(X[::3], y[::3])


def expected(rows):
    operator = SparsePauliOp(["ZZI", "IIX"], [1.0, -0.5])
    circuit = ENTRY.circuit()
    return [Statevector(circuit.assign_parameters(row)).expectation_value(operator).real for row in rows]


def test_winner_predicts_its_observable(tmp_path):
    (tmp_path / "m.json").write_text(to_json(dataclasses.replace(ENTRY, report={"summary": "all train"})))
    rows = np.random.default_rng(0).uniform(-3, 3, (4, 6))
    np.testing.assert_allclose(predictor(tmp_path / "m.json")(rows), expected(rows), atol=1e-12)


def test_classifier_comes_back_from_json(classifier, tmp_path):
    X, _ = load_iris(return_X_y=True)
    (tmp_path / "m.json").write_text(to_json(classifier))
    assert np.array_equal(predictor(tmp_path / "m.json")(X), classifier.predict(X))


def test_versions_and_the_champion(store):  # noqa: F811
    import mlflow

    before = mlflow.get_tracking_uri()
    first = log_model(ENTRY)
    worse = log_model(dataclasses.replace(ENTRY, objectives={"hardware_cost": 0.0, "task_loss": 0.3}))
    better = log_model(dataclasses.replace(ENTRY, objectives={"hardware_cost": 0.9, "task_loss": 0.1}))
    assert (first.champion, worse.champion, better.champion) == (True, False, True)
    assert [v.version for v in (first, worse, better)] == ["1", "2", "3"]
    assert mlflow.get_tracking_uri() == before
    client = mlflow.MlflowClient(f"sqlite:///{Path.cwd()}/mlruns/mlflow.db")
    assert str(client.get_model_version_by_alias("served", "champion").version) == "3"
    files = [p for p in Path("mlruns").rglob("*") if p.is_file()]
    assert not [p for p in files if p.suffix in (".pkl", ".pickle", ".joblib")]
    assert [p for p in files if p.name == "served_model.py"] and [p for p in files if p.name == "model.json"]
    (requirements, *_) = [p for p in files if p.name == "requirements.txt"]
    assert all("==" in line for line in requirements.read_text().split())


def test_served_over_http(store, classifier):  # noqa: F811
    found = log_model(classifier, name="iris", loss=0.1)
    uri = f"sqlite:///{Path.cwd()}/mlruns/mlflow.db"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "-m", "models:/iris@champion",
               "-h", "127.0.0.1", "-p", str(port), "-w", "1"]  # fmt: skip
    environment = os.environ | {"MLFLOW_TRACKING_URI": uri, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    X, _ = load_iris(return_X_y=True)
    with open("serve.log", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}/invocations"
        answer = ask(url, {"inputs": X[:7].tolist()}, server)
        others = {form: post(url, body) for form, body in bodies(X[:7], ["a", "b", "c", "d"]).items()}
        narrow, wide = (post(url, {"inputs": rows.tolist()}) for rows in (X[:2, :3], np.hstack([X[:2], X[:2, :1]])))
        frame = post(url, {"dataframe_split": {"data": X[:2, :3].tolist()}})
    finally:
        os.killpg(server.pid, 9)
        server.wait()
    assert answer["predictions"] == classifier.predict(X[:7]).tolist()
    assert {form: found for form, (status, found) in others.items() if (status, found) != (200, answer)} == {}
    assert narrow == frame == (400, "rows should have 4 numbers each. Got a table of shape (2, 3).")
    assert wide == (400, "rows should have 4 numbers each. Got a table of shape (2, 5).")
    assert found.uri == "models:/iris/1"


def bodies(rows, names):
    """The same rows in every form that a server of MLflow takes."""
    table = [dict(zip(names, row)) for row in rows.tolist()]
    lines = [",".join(names), *(",".join(map(repr, row)) for row in rows.tolist())]
    return {
        "dataframe_split": {"dataframe_split": {"columns": names, "data": rows.tolist()}},
        "dataframe_records": {"dataframe_records": table}, "instances by name": {"instances": table},
        "inputs by name": {"inputs": {name: rows[:, k].tolist() for k, name in enumerate(names)}},
        "CSV": "\n".join(lines) + "\n",
    }  # fmt: skip


def post(url, body):
    """(200, the answer), or another status and the message."""
    csv = isinstance(body, str)
    data = body if csv else json.dumps(body)
    headers = {"Content-Type": "text/csv" if csv else "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data.encode(), headers), timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["message"]


@pytest.fixture
def served_winner(store):
    """MLflow's own scoring server of a winner, in a thread: (url, what was logged)."""
    import threading

    import mlflow
    import uvicorn
    from mlflow.pyfunc import scoring_server

    found = log_model(ENTRY)
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlruns/mlflow.db")
    try:
        model = mlflow.pyfunc.load_model(found.uri)
    finally:
        mlflow.set_tracking_uri(None)
    server = uvicorn.Server(uvicorn.Config(scoring_server.init(model), port=(port := free_port()), log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{port}/invocations", model
    server.should_exit = True
    thread.join(30)


def test_columns_with_names_go_by_their_names(served_winner):
    url, model = served_winner
    names = [parameter.name for parameter in ENTRY.circuit().parameters]
    assert model.metadata.signature.inputs.input_names() == names
    rows = np.random.default_rng(1).uniform(-3, 3, (4, 6))
    answers = {form: post(url, body) for form, body in bodies(rows, names).items()}
    turned = post(url, {"dataframe_split": {"columns": names[::-1], "data": rows[:, ::-1].tolist()}})
    for form, (status, answer) in {**answers, "in another order": turned}.items():
        assert status == 200, (form, answer)
        np.testing.assert_allclose(answer["predictions"], expected(rows), atol=1e-12, err_msg=form)
    sentence = "rows should name their 6 columns, θ[0], θ[1], …, θ[5]. Got none of the name 'θ[5]'."
    assert post(url, {"dataframe_split": {"columns": names[:5], "data": rows[:, :5].tolist()}}) == (400, sentence)
    assert post(url, {"inputs": rows.tolist()}) == (400, sentence.replace("'θ[5]'", "'θ[0]'"))
    status, message = post(url, {"dataframe_records": [dict(zip(names, rows[0].tolist())), {names[0]: 1.0}]})
    assert status == 400 and message.startswith("rows should be finite numbers")


def test_classifier_of_a_data_frame_goes_by_its_columns(tmp_path):
    import pandas

    X, y = load_iris(return_X_y=True)
    frame = pandas.DataFrame(X[::5], columns=list("abcd"))
    model = TrainableQNNClassifier(FAMILY, num_qubits=3, steps=5, random_state=0).fit(frame, y[::5])
    (tmp_path / "m.json").write_text(to_json(model))
    predict = predictor(tmp_path / "m.json")
    assert np.array_equal(predict(frame[["d", "b", "a", "c"]]), model.predict(frame))
    assert np.array_equal(predict(frame.to_numpy()), model.predict(frame))
    with pytest.raises(QTrainError, match="rows should name their 4 columns, a, b, c, d. Got none of the name 'c'."):
        predict(frame[["a", "b", "d"]])


def test_the_same_model_is_one_version(store):
    import mlflow

    first = log_model(ENTRY)
    again = log_model(dataclasses.replace(ENTRY, versions={"qtrain": "99"}, run_id="elsewhere"))
    assert again == first and first.champion
    better = log_model(dataclasses.replace(ENTRY, objectives={"task_loss": 0.1}))
    back = log_model(ENTRY)
    assert (better.version, better.champion) == ("2", True) and (back.version, back.champion) == ("1", False)
    client = mlflow.MlflowClient(f"sqlite:///{Path.cwd()}/mlruns/mlflow.db")
    versions = client.search_model_versions("name='served'")
    assert len(versions) == 2 and all("`ZZI - 0.5*IIX`" in version.description for version in versions)
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert len(runs) == 2, "a model that is there needs no run"


def ask(url, data, server):
    """POST until the server is up."""
    request = urllib.request.Request(url, json.dumps(data).encode(), {"Content-Type": "application/json"})
    since = time.monotonic()
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)
        except OSError:
            printed = Path("serve.log").read_text()
            assert server.poll() is None and time.monotonic() - since < 180, printed
            time.sleep(0.5)


def test_altered_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "m.json"
    data = json.loads(to_json(ENTRY))
    data["content"]["entry"]["num_qubits"] = 4
    path.write_text(json.dumps(data))
    with pytest.raises(QTrainError, match=rf"Got id \w+, and the file says {data['content_id']}: it was altered"):
        predictor(path)
    path.write_text(json.dumps({**data, "format": 99, "requires": "9.1"}))
    with pytest.raises(QTrainError, match="install qtrain>=9.1"):
        predictor(path)
    path.write_text("{")
    with pytest.raises(QTrainError, match="model should be a JSON file that can be read"):
        predictor(path)


@pytest.mark.parametrize("model, options, message", [
    (TrainableQNNClassifier(), {"name": "a"}, "model should be fitted"),
    (3, {"name": "a"}, "model should be a RegistryEntry or a TrainableQNNClassifier. Got int."),
    (ENTRY, {"name": "../a"}, "name should be 1 to 64 of the characters"),
    (ENTRY, {"tracking_uri": "off"}, "tracking_uri should name an MLflow store"),
])  # fmt: skip
def test_bad_input_is_one_sentence(model, options, message):
    with pytest.raises(QTrainError, match=message):
        log_model(model, **options)


def test_command_line(store):  # noqa: F811
    from qtrain.registry.registry import register

    register(ENTRY)
    program = shutil.which("qtrain", path=str(Path(sys.executable).parent))
    for _ in range(2):
        done = subprocess.run([program, "model", "served"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("models:/served/1, the champion\n") and "mlflow models serve" in done.stdout
        assert done.stderr == "", "what MLflow advises its own users is not for ours"


def test_store_out_of_reach_is_one_sentence():
    with pytest.raises(QTrainError, match="Got 'http://127.0.0.1:9': Connection refused. Start the server"):
        log_model(ENTRY, tracking_uri="http://127.0.0.1:9")

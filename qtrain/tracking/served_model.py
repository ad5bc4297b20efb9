"""What an MLflow model of qtrain runs: MLflow copies this file beside the model's JSON, and nothing is pickled."""

from __future__ import annotations

import warnings
from typing import Any

from mlflow.exceptions import INVALID_PARAMETER_VALUE, MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from qtrain.errors import QTrainError
from qtrain.mlflow_models import predictor


class Refused(MlflowException):  # type: ignore[misc]
    """Wrong rows, HTTP 400. The sentence stays as it is: the server would put all data in front of it."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence
        super().__init__(sentence, error_code=INVALID_PARAMETER_VALUE)

    @property
    def message(self) -> str:
        return self._sentence

    @message.setter
    def message(self, longer: str) -> None:
        pass


class ServedModel(PythonModel):  # type: ignore[misc]
    """Reads the JSON artifact, predicts rows."""

    def load_context(self, context: Any) -> None:
        self.predictor = predictor(context.artifacts["model"])

    # without type hints: MLflow would read them as the signature, which is logged with the model
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        try:
            return self.predictor(model_input)
        except QTrainError as error:
            raise Refused(str(error)) from None


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # advice on type hints
    set_model(ServedModel())

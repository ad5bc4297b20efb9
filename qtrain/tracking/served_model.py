"""What an MLflow model of qtrain runs: MLflow copies this file beside the model's JSON, and nothing is pickled."""

from __future__ import annotations

import warnings
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from qtrain.mlflow_models import predictor


class ServedModel(PythonModel):  # type: ignore[misc]
    """Reads the JSON artifact, predicts rows."""

    def load_context(self, context: Any) -> None:
        self.predictor = predictor(context.artifacts["model"])

    # without type hints: MLflow would read them as the signature, which is logged with the model
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        return self.predictor(model_input)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # advice on type hints
    set_model(ServedModel())

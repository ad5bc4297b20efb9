"""Winners and classifiers as MLflow models; models that are logged import this name for as long as they live."""

from qtrain.tracking.models import ModelVersion as ModelVersion
from qtrain.tracking.models import log_model as log_model
from qtrain.tracking.models import predictor as predictor
from qtrain.tracking.models import to_json as to_json

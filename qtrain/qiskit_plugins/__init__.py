"""Winners in Qiskit's transpiler: what its plugin loaders import."""

from qtrain.qiskit_plugins.stage_plugins import QTrainInit as QTrainInit
from qtrain.qiskit_plugins.stage_plugins import TrainableAnsatzSynthesis as TrainableAnsatzSynthesis

"""breast-cancer-qnn, an ansatz found by qtrain: data in architecture.json, evidence in evidence.json."""

from qtrain.qiskit_plugins import TrainableAnsatzSynthesis


class Synthesis(TrainableAnsatzSynthesis):
    """Entry point ``trainable_ansatz.breast-cancer-qnn``: synthesises this ansatz, and no other."""

    architecture_name = "breast-cancer-qnn"

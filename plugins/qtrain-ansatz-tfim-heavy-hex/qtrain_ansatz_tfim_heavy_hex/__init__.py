"""tfim-heavy-hex, an ansatz found by qtrain: data in architecture.json, evidence in evidence.json."""

from qtrain.qiskit_plugins import TrainableAnsatzSynthesis


class Synthesis(TrainableAnsatzSynthesis):
    """Entry point ``trainable_ansatz.tfim-heavy-hex``: synthesises this ansatz, and no other."""

    architecture_name = "tfim-heavy-hex"

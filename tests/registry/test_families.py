"""A registered winner is recognised by its name, and goes on as its architecture does."""

from __future__ import annotations

from same_circuit import same

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.catalogue import qcnn
from qtrain.architecture.layer import Layer
from qtrain.diagnosis.families import recognize
from qtrain.registry import families  # noqa: F401 - adds the row
from qtrain.registry.registry import RegistryEntry, register


def test_winners(tmp_path, monkeypatch):
    monkeypatch.setenv("QTRAIN_HOME", str(tmp_path))
    layers = (Layer((), "su4", "even", pool=True, sharing="shared"), Layer(("ry",), "cx", "line"))
    winner = Architecture(layers, "log")
    assert recognize(winner.circuit(8)) is None
    register(RegistryEntry("halves", winner, 8))
    register(RegistryEntry("grown-at-one-width", qcnn().flat(4), 4))
    family = recognize(winner.circuit(8))
    assert family.name == "halves (registered)"
    assert same(family.at(12), winner.circuit(12))

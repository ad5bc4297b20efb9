"""Families of circuits: layers of named blocks on named graphs, for every number of qubits."""

from qtrain.architecture import catalogue as catalogue

"""Families of circuits: layers of named blocks on named graphs, for every number of qubits."""

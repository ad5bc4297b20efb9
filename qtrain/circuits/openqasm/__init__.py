"""OpenQASM 2 and 3 as tools write them: what Qiskit's readers lack, put in front of them."""

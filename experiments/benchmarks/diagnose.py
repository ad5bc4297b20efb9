"""The whole process of ``qtrain diagnose`` on 100 qubits and 10 layers: the very first time, and after.

python experiments/benchmarks/diagnose.py
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peers import maximum_mb
from qiskit import qpy
from qiskit.circuit.library import efficient_su2


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    circuit = efficient_su2(100, reps=10, entanglement="linear")
    with (folder / "circuit.qpy").open("wb") as file:
        qpy.dump(circuit, file)
    command = [
        str(Path(sys.executable).with_name("qtrain")), "diagnose", str(folder / "circuit.qpy"),
        "--observable", "Z" + "I" * 99, "--json",
    ]  # fmt: skip
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python keeps its byte code
    subprocess.run([*command[:1], "diagnose", "--help"], env=environment, capture_output=True, check=False)
    for name, goal in (("very first time", 15), ("again", 3), ("again", 3)):
        start = time.perf_counter()
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        memory = maximum_mb(resource.RUSAGE_CHILDREN)
        state = "" if result.returncode == 0 else f" FAILED: {result.stderr.strip()[-200:]}"
        print(f"diagnose n=100 layers=10, {name}: {seconds:.1f} s (goal {goal}), peak {memory:.0f} MB{state}")


if __name__ == "__main__":
    main()

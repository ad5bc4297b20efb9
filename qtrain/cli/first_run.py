"""The very first diagnosis: numba compiles its kernels, so a second process compiles those that are needed last.

Both write into numba's cache on disk and load from it what the other one has finished; they meet in the middle.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STAND_IN = 24  # qubits above which diagnose takes the same kernels as at any size


def _is_first() -> bool:
    """Whether a kernel that only a diagnosis needs, and late, has never been compiled by this Python."""
    from qtrain.kernels.truncation import path_weights

    try:
        folder = Path(path_weights._cache.cache_path)
    except AttributeError:  # numba without a cache: nothing to share
        return False
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    return not any(folder.glob(f"truncation.path_weights-*.{version}*.nbi"))


@contextmanager
def compiling_beside(num_qubits: int) -> Iterator[None]:
    """While the body runs, and only where nothing is cached and a second core is there: compile beside it.

    Args:
        num_qubits: of the circuit that is diagnosed; small ones take other kernels than large ones.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or not _is_first():
        yield
        return
    helper = subprocess.Popen(
        [sys.executable, "-m", "qtrain.cli.first_run", str(min(num_qubits, STAND_IN))],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        helper.kill()
        helper.wait()


def compile_backwards(num_qubits: int) -> None:
    """Every stage of a diagnosis on a stand-in, the last one first.

    Example:
        >>> compile_backwards(2)
    """
    from qiskit.circuit.library import efficient_su2

    from qtrain.circuits.observables import as_observable
    from qtrain.circuits.program import lower
    from qtrain.diagnosis.criteria import CRITERIA
    from qtrain.diagnosis.parts import Diagnosis

    circuit = efficient_su2(num_qubits, reps=1, entanglement="linear")
    problem = Diagnosis(lower(circuit), as_observable("Z" + "I" * (num_qubits - 1), num_qubits), circuit=circuit)
    for row in reversed(CRITERIA.values()):
        if row.field is not None:
            row.run(problem)


if __name__ == "__main__":
    compile_backwards(int(sys.argv[1]))

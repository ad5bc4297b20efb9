"""The very first diagnosis: what the second process compiles is what the first one needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

COMPILED = """
import json, sys
from numba.core.dispatcher import Dispatcher
{work}
found = set()
for name, module in list(sys.modules.items()):
    if name.startswith("qtrain.kernels."):
        for value in vars(module).values():
            if isinstance(value, Dispatcher):
                found |= {{f"{{value.py_func.__module__}}.{{value.__name__}}{{s}}" for s in value.signatures}}
print(json.dumps(sorted(found)))
"""
STAND_IN = "from qtrain.cli.first_run import compile_backwards; compile_backwards({n})"
DIAGNOSE = """
from qiskit.circuit.library import efficient_su2
import qtrain
qtrain.diagnose(efficient_su2({n}, reps=2, entanglement="linear"), "Z" + "I" * ({n} - 1))
"""


def compiled(work: str) -> set[str]:
    code = COMPILED.format(work=work)
    return set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout))


@pytest.mark.parametrize("stand_in, size", [(24, 40), (5, 5)])
def test_the_stand_in_takes_the_kernels_of_a_diagnosis(stand_in, size):
    beside = compiled(STAND_IN.format(n=stand_in))  # before the other, which then loads instead of compiling
    needed = compiled(DIAGNOSE.format(n=size))
    assert len(needed) > 10
    # the first stage, gradients, is the main process's own: its method depends on the circuit
    own = ("qtrain.kernels.weighted_paths.", "qtrain.kernels.pauli_paths.", "qtrain.kernels.particles.")
    assert not sorted(name for name in needed - beside if not name.startswith(own))


def test_a_second_process_is_started_only_when_nothing_is_compiled(tmp_path):
    code = (
        "import subprocess\n"
        "started = []\n"
        "class Popen:\n"
        "    def __init__(self, command, **options): started.append(command)\n"
        "    def kill(self): started.append('killed')\n"
        "    def wait(self): pass\n"
        "subprocess.Popen = Popen\n"
        "import os\n"
        "os.sched_getaffinity = lambda pid: {0, 1}\n"
        "from qtrain.cli.first_run import compiling_beside\n"
        "with compiling_beside(100): print(len(started))\n"
        "print(started[0][1:] if started else [], started[-1:])\n"
        "from qiskit.circuit.library import real_amplitudes\n"
        "from qiskit.quantum_info import SparsePauliOp\n"
        "from qtrain.circuits.pauli_tape import build_tape\n"
        "from qtrain.circuits.program import lower\n"
        "from qtrain.simulators.truncation_error import sample_paths\n"
        "if started: sample_paths(build_tape(lower(real_amplitudes(2, reps=1))), SparsePauliOp('IZ'), seed=0)\n"
        "started.clear()\n"
        "with compiling_beside(100): print(len(started))\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["1", "['-m', 'qtrain.cli.first_run', '24'] ['killed']", "0"]

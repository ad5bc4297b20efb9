"""Every benchmark, one after the other; peers in environments of their own.

make bench
"""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = ("gradients", "propagation", "light_cone", "dla", "sectors", "qaoa", "diagnose", "qnn", "search_overhead", "throughput", "search_throughput")


def main() -> int:
    packages = ", ".join(f"{name} {version(name)}" for name in ("qtrain", "qiskit", "numpy", "numba"))
    print(f"{date.today().isoformat()}, Python {platform.python_version()}, {packages}, {platform.machine()}")
    failed = []
    for name in SCRIPTS:
        print(f"== {name}", flush=True)
        if subprocess.run(
            [sys.executable, "-W", "ignore", str(HERE / f"{name}.py")], cwd=HERE, check=False
        ).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())

"""Environments of their own for the tools that benchmarks compare with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".bench"
PACKAGES = {
    "pennylane": ["pennylane", "pennylane-lightning"],
    "qulacs": ["qulacs"],
    "mindquantum": ["mindquantum"],
    "fastdla": ["fastdla"],
    "paulie": ["paulie"],
    "stim": ["stim"],
    "pauli-prop": ["pauli-prop"],
}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def environment(peer: str, python: str = sys.executable) -> Path | None:
    """The peer's Python, made on first use; None, and a line that names it as missing, where it does not install."""
    folder = FOLDER / peer
    binary = folder / "bin" / "python"
    done = folder / "installed"
    if done.exists():
        return binary
    if (folder / "missing").exists():
        print(f"missing: {peer} does not install on this Python")
        return None
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    result = subprocess.run(
        [str(binary), "-m", "pip", "install", "-q", "numpy", *PACKAGES[peer]],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        (folder / "missing").write_text(result.stderr)
        print(
            f"missing: {peer} does not install on this Python: {result.stderr.strip().splitlines()[-1][:160]}"
        )
        return None
    done.touch()
    return binary


def run(
    binary: Path | str, code: str, *arguments: object, timeout: float = 600, threads: int = 1
) -> dict | None:
    """Run a snippet that prints one line of JSON last; None, with its last line of error, where it fails."""
    extra = dict.fromkeys(ONE_THREAD, str(threads))
    try:
        result = subprocess.run(
            [str(binary), "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
            env={**os.environ, **extra}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"  (no answer in {timeout:g} s)")
        return None
    if result.returncode:
        print(f"  (failed: {(result.stderr.strip().splitlines() or ['no message'])[-1][:160]})")
        return None
    return json.loads(result.stdout.strip().splitlines()[-1])

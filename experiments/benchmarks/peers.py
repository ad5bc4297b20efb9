"""Environments of their own for the tools that benchmarks compare with, and the memory that either side takes."""

from __future__ import annotations

import json
import os
import resource
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
PEAK = """
import pathlib, resource, sys
status = pathlib.Path("/proc/self/status")  # on Linux ru_maxrss begins with the peak of the process that forked
kilobytes = status.read_text().split("VmHWM:")[1].split()[0] if status.exists() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("peak", kilobytes, file=sys.stderr)
"""
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


def forget_peak() -> None:
    """Count this process's peak memory anew, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def peak_mb() -> float:
    """Peak memory of this whole process, libraries included, since `forget_peak`."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(
    binary: Path | str, code: str, *arguments: object, timeout: float = 600, threads: int = 1
) -> dict | None:
    """Run a snippet that prints one line of JSON last; None, with its last line of error, where it fails.

    The process's peak memory is added as ``peak_mb``.
    """
    extra = dict.fromkeys(ONE_THREAD, str(threads))
    try:
        result = subprocess.run(
            [str(binary), "-c", code + PEAK, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
            env={**os.environ, **extra}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"  (no answer in {timeout:g} s)")
        return None
    if result.returncode:
        print(f"  (failed: {(result.stderr.strip().splitlines() or ['no message'])[-1][:160]})")
        return None
    kilobytes = int(result.stderr.rsplit("peak ", 1)[1].split()[0])
    return json.loads(result.stdout.strip().splitlines()[-1]) | {"peak_mb": kilobytes / 1024}

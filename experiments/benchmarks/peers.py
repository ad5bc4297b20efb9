"""Environments of their own for the tools that benchmarks compare with, and the memory that either side takes."""

from __future__ import annotations

import functools
import json
import os
import re
import resource
import shutil
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
    "aer": ["qiskit-aer"],
    "stim": ["stim"],
    "pauli-prop": ["pauli-prop"],
}
PEAK = """
import pathlib, resource, sys
status = pathlib.Path("/proc/self/status")  # on Linux ru_maxrss begins with the peak of the process that forked
bytes_on_mac = 1024 if sys.platform == "darwin" else 1
kilobytes = (status.read_text().split("VmHWM:")[1].split()[0] if status.exists()
             else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // bytes_on_mac)
print("peak", kilobytes, file=sys.stderr)
"""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@functools.cache
def interpreters() -> tuple[str, ...]:
    """Pythons that start: this one, then those on PATH and of pyenv, newest first."""
    found = [sys.executable]
    folders = [Path(folder) for folder in os.get_exec_path()]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False).stdout.strip()
        folders += sorted(Path(root, "versions").glob("*/bin"), reverse=True)
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        for path in (folder / name for folder in folders):
            if path.is_file() and not subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode:
                found.append(str(path))
                break
    return tuple(found)


def newest(package: str, python: str) -> tuple[int, ...] | None:
    """The newest release of a package that this Python can install."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "index", "versions", package]
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    match = re.match(r"\S+ \(([\d.]+)", printed)
    return tuple(map(int, match[1].strip(".").split("."))) if match else None


@functools.cache
def environment(peer: str) -> Path | None:
    """The peer's Python, made on first use; None, and a line that names it as missing, where it does not install.

    It is the Python that has the peer's newest release; this one where several have it. What is there of an older
    release is made anew: its figures would be no figures.
    """
    releases = {python: found for python in interpreters() if (found := newest(PACKAGES[peer][0], python))}
    if not releases:
        print(f"missing: no Python here installs {peer}")
        return None
    python = max(releases, key=lambda p: releases[p])  # of equal ones the first, this Python
    release = ".".join(map(str, releases[python]))
    folder = FOLDER / peer
    binary, done = folder / "bin" / "python", folder / "installed"
    if not done.exists() or done.read_text() != release:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        wanted = [f"{PACKAGES[peer][0]}=={release}", *PACKAGES[peer][1:]]
        result = subprocess.run(
            [str(binary), "-m", "pip", "install", "-q", "numpy", *wanted], capture_output=True, text=True, check=False
        )
        if result.returncode:
            print(f"missing: {peer} {release} does not install: {result.stderr.strip().splitlines()[-1][:160]}")
            return None
        done.write_text(release)
    version = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"peer {peer} {release}, {version}", flush=True)
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
        return maximum_mb(resource.RUSAGE_SELF)


def maximum_mb(who: int) -> float:
    """Peak memory of this process or of its children; the system counts kilobytes on Linux, bytes on macOS."""
    return resource.getrusage(who).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


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

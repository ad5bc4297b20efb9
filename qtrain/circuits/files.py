"""Circuits from files: OpenQASM 2 and 3, and QPY. Files are data: nothing in them is executed."""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import signal
import struct
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ParameterExpression, ParameterVector

from qtrain.circuits.angles import QUARTER, TOLERANCE
from qtrain.circuits.composites import MAX_DEPTH
from qtrain.circuits.lowering import MAX_GATES
from qtrain.errors import QTrainError

MAX_BITS = 100_000
MAX_BYTES = 512 * 1024**2
PROBE_BYTES = 2 * 1024**3
PROBE_SECONDS = 30
# Angles of these are Clifford at multiples of pi, not pi/2: half of them, or a control, comes in.
_HALVED = {"crx", "cry", "crz", "cp", "cu1", "cu3", "cu", "xx_plus_yy", "xx_minus_yy", "mcphase"}
_DECLARATION = re.compile(r"\b(?:qreg|creg)\s+\w+\s*\[\s*(\d+)\s*\]|\b(?:qubit|bit)\s*\[\s*(\d+)\s*\]")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def read_circuit(source: QuantumCircuit | str | Path, *, free_angles: bool | None = None) -> QuantumCircuit:
    """Read a circuit from a file.

    OpenQASM 2 cannot say which angles are trainable. Where a file has no free parameter, every rotation angle
    that is not a Clifford one becomes a parameter ``a[k]``, in time order, and a warning says so.

    Args:
        source: a path to a .qasm file (version 2 or 3) or a .qpy file with one circuit; or a circuit.
        free_angles: None: free the angles of files without parameters; True: of circuits too; False: keep them.

    Returns:
        The circuit; a QuantumCircuit is returned as it is unless ``free_angles`` is True.

    Raises:
        QTrainError: the file is missing, damaged, of another kind, or holds more than one circuit.

    Example:
        >>> path = Path("bell.qasm")
        >>> _ = path.write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; ry(0.3) q[0]; cx q[0], q[1];')
        >>> read_circuit(path, free_angles=True).num_parameters, read_circuit(path, free_angles=False).num_parameters
        (1, 0)
    """
    if isinstance(source, QuantumCircuit):
        return _freed(source, "circuit", announce=False) if free_angles and not source.parameters else source
    if not isinstance(source, (str, Path)):
        raise QTrainError(f"circuit should be a QuantumCircuit or a path. Got {type(source).__name__}.")
    path = Path(source)
    readers: dict[str, Callable[[Path, bytes], QuantumCircuit]] = {".qasm": _qasm, ".qasm3": _qasm, ".qpy": _qpy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise QTrainError(f"circuit should be a .qasm or .qpy file. Got {str(path)!r}.")
    circuit = reader(path, _bytes(path))
    if free_angles is False or circuit.parameters:
        return circuit
    return _freed(circuit, path.name, announce=free_angles is None)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():  # a folder, a pipe or a device would block or never end
            raise QTrainError(f"circuit should be a file that exists. Got {str(path)!r}.")
        if path.stat().st_size > MAX_BYTES:
            raise QTrainError(f"circuit should be a file of at most {MAX_BYTES} bytes. Got {path.stat().st_size}.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, QTrainError):
            raise
        raise QTrainError(f"circuit should be a readable file. Got {str(path)!r}: {error}.") from None


def _parsed(path: Path, kind: str, parse: Callable[[], Any]) -> Any:
    """Run a foreign parser; whatever it raises becomes one sentence."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            return parse()
    except BaseException as error:  # Rust panics derive from BaseException
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        text = _plain(str(error))
        if type(error) is not ValueError or not text:
            text = f"{type(error).__name__}{text and ': '}{text}"
        raise QTrainError(
            f"circuit should be a sound {kind} file. Got {path.name!r}, which could not be read ({text})."
        ) from None


def _plain(text: str) -> str:
    """A parser's message on one line, without colours and frames."""
    text = re.sub(r"(?:\x1b|\\x1b)\[[0-9;]*m|\\n", " ", text)  # Qiskit's QPY errors come escaped
    text = "".join(c if 32 <= ord(c) < 127 else " " for c in text)
    inner = re.search(r"Error: (.*?)(?: While parsing| at crates|$)", text)
    return " ".join((inner[1] if inner else text).split())[:200].strip(" .\"'")


def _qasm(path: Path, data: bytes) -> QuantumCircuit:
    from qtrain.circuits.openqasm import qasm2, qasm3

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise QTrainError(f"circuit should be a text file. Got {path.name!r}, which is not UTF-8.") from None
    code = _COMMENT.sub(" ", text)
    bits = sum(int((a or b)[:12]) for a, b in _DECLARATION.findall(code))
    if bits > MAX_BITS:
        raise QTrainError(f"circuit should declare at most {MAX_BITS} bits. Got {bits} in {path.name!r}.")
    if (long := re.search(r"(?<![\w.])\d{19,}(?![\w.])", code)) is not None:  # the parser panics past 64 bits
        raise QTrainError(f"circuit should hold whole numbers of 64 bits. Got {long[0][:40]} in {path.name!r}.")
    version = re.match(r"\s*OPENQASM\s+(\d+)", code)
    if not code.strip():
        raise QTrainError(f"circuit should be an OpenQASM file. Got {path.name!r}, which is empty.")
    if version is not None and version[1] not in ("2", "3"):
        raise QTrainError(f"circuit should be OpenQASM 2 or 3. Got version {version[1]} in {path.name!r}.")
    if version is not None and version[1] == "3":
        circuit = _parsed(path, "OpenQASM 3", lambda: qasm3.parse(text))
    else:
        circuit = _parsed(path, "OpenQASM 2", lambda: qasm2.parse(text, path.parent))
    return _only(path, [circuit])


def read_qpy(data: bytes, name: str) -> QuantumCircuit:
    """A circuit from the bytes of a QPY file with one circuit, which the errors call by this name.

    Raises:
        QTrainError: damaged bytes, or more than one circuit.
    """
    return _qpy(Path(name), data)


def _qpy(path: Path, data: bytes) -> QuantumCircuit:
    from qiskit import qpy

    if data[:6] != b"QISKIT":
        raise QTrainError(f"circuit should be a QPY file. Got {path.name!r}, which does not start like one.")
    wrong = _qpy_header(data)
    if wrong:
        raise QTrainError(f"circuit should be a sound QPY file. Got {path.name!r}, {wrong}.")

    def load() -> Any:
        return qpy.load(io.BytesIO(data))

    def rehearse_and_load() -> Any:
        if complaint := _rehearsed(load):
            raise ValueError(complaint)
        return load()

    return _only(path, _parsed(path, "QPY", rehearse_and_load))


def _rehearsed(load: Callable[[], Any]) -> str:
    """Load once in a forked process with a limit of memory and time; what went wrong there, or nothing.

    A damaged size deep in a file makes the reader abort, or fill the memory, before it sees the file's end.
    Costs some milliseconds. Where forking is not possible, or not safe beside other threads, nothing is tried.
    """
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return ""
    import resource

    import psutil

    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        try:
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(PROBE_SECONDS)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if sys.platform == "linux":  # elsewhere the limit of time has to do
                most = psutil.Process().memory_info().vms + PROBE_BYTES
                soft, hard = resource.getrlimit(resource.RLIMIT_AS)  # below ours, they may not be raised
                given = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
                resource.setrlimit(resource.RLIMIT_AS, (min([most, *given]), hard))
            load()
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {_plain(str(error))}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        complaint = pipe.read().decode()
    died = os.waitpid(child, 0)[1] != 0
    return "it exhausts memory or time" if died else complaint


def _qpy_header(data: bytes) -> str:
    """What is wrong with the sizes a QPY file declares; Qiskit allocates them before it reads on.

    Header: 6 bytes magic, QPY version, Qiskit version (3 bytes), number of programs (8 bytes), from version 10 on
    1 byte encoding, from 5 on 1 byte type, from 16 on the programs' offsets (8 bytes each); then the circuit's
    header. Versions 10 to 12 may hold symengine's own serialisation, which is not safe to load.
    """
    try:
        version, (programs,) = data[6], struct.unpack_from("!Q", data, 10)
        if programs != 1:
            return f"which holds {programs} circuits instead of one"
        if 10 <= version <= 12 and data[18:19] == b"e":
            return "which has symengine expressions: write it again with Qiskit 2 or later"
        place = 18 + (version >= 10) + (version >= 5)
        if version >= 16:
            (place,) = struct.unpack_from("!Q", data, place)
        layout = "!H1cHIIQIQI" if version >= 12 else "!H1cHIIQIQ" if version >= 2 else "!HdIIQIQ"
        sizes = struct.unpack_from(layout, data, place)
    except (struct.error, IndexError, OverflowError):
        return "which is cut off"
    first = 3 if version >= 2 else 2
    if max(sizes[first : first + 2]) > MAX_BITS:
        return f"which declares {max(sizes[first : first + 2])} bits; {MAX_BITS} is the most"
    if max(sizes[0], *sizes[first + 2 :]) > len(data):
        return "which declares more contents than it has bytes"
    return ""


def _only(path: Path, circuits: list[Any]) -> QuantumCircuit:
    if len(circuits) != 1 or not isinstance(circuits[0], QuantumCircuit):
        raise QTrainError(
            f"circuit should be a file with one circuit. Got {len(circuits)} programs in {path.name!r}."
        )
    if circuits[0].num_qubits == 0:
        raise QTrainError(f"circuit should have at least 1 qubit. Got none in {path.name!r}.")
    return circuits[0]


# --------------------------------------------------------------------------- angles that become parameters


def _freed(circuit: QuantumCircuit, name: str, *, announce: bool) -> QuantumCircuit:
    """Every non-Clifford rotation angle as a parameter ``a[k]``; the same circuit where there is none."""
    flat = circuit.copy_empty_like()
    for instruction in circuit.data:
        _expand(flat, instruction, 0)
    places = [(i, j) for i, instruction in enumerate(flat.data) for j in _free_places(instruction)]
    if not places:
        return circuit
    vector = dict(zip(places, ParameterVector("a", len(places))))
    out = circuit.copy_empty_like()
    for i, instruction in enumerate(flat.data):
        free = {j: vector[i, j] for j in _free_places(instruction)}
        if free:
            operation = instruction.operation.to_mutable()
            operation.params = [free.get(j, p) for j, p in enumerate(operation.params)]
            instruction = instruction.replace(operation=operation)
        out._append(instruction)
    if announce:
        warnings.warn(
            f"{name} has no free parameters: its {len(places)} rotation angles became a[0] to a[{len(places) - 1}] "
            f"(free_angles=False, --keep-angles of qtrain diagnose, keeps them).",
            stacklevel=3,
        )
    return out


def _expand(flat: QuantumCircuit, instruction: CircuitInstruction, depth: int) -> None:
    """Gates that the file defines itself are replaced by their definitions; Qiskit's own stay."""
    operation = instruction.operation
    home = str(type(operation).__module__)  # None for the gates that the QASM parser makes
    own = not home.startswith(("qiskit.circuit.library", "qiskit.circuit.measure"))
    if instruction.is_standard_gate() or instruction.is_directive() or instruction.is_control_flow() or not own:
        flat._append(instruction)
        return
    definition = getattr(operation, "definition", None)
    if definition is None:
        flat._append(instruction)
        return
    if depth > MAX_DEPTH or len(flat.data) > MAX_GATES:
        raise QTrainError(
            f"circuit should unfold to at most {MAX_GATES} gates in {MAX_DEPTH} levels. Got more in {operation.name!r}."
        )
    bits = dict(zip(definition.qubits, instruction.qubits)) | dict(zip(definition.clbits, instruction.clbits))
    for inner in definition.data:
        moved = inner.replace(qubits=[bits[b] for b in inner.qubits], clbits=[bits[b] for b in inner.clbits])
        _expand(flat, moved, depth + 1)


def _free_places(instruction: CircuitInstruction) -> list[int]:
    """Which entries of ``params`` are rotation angles that are no Clifford ones."""
    if instruction.name == "PauliEvolution":
        return [0]
    if instruction.name == "global_phase" or not (
        instruction.is_standard_gate() or instruction.name in ("mcphase", "pauli_product_rotation")
    ):
        return []
    step = 2 * QUARTER if instruction.name in _HALVED else QUARTER
    return [j for j, angle in enumerate(instruction.params) if _is_free(angle, step)]


def _is_free(angle: Any, step: float) -> bool:
    if isinstance(angle, ParameterExpression):
        angle = angle.numeric()
    value = complex(angle).real
    return math.isfinite(value) and abs(math.remainder(value, step)) > TOLERANCE

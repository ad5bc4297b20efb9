"""The registry: a folder of JSON files, one for each winner, and the winners of installed packages.

The folder is ``$QTRAIN_HOME``, or the user's data folder. Files are read as data: nothing is unpickled, evaluated or
imported. An installed package adds a winner through the entry-point group ``qtrain.architectures``: the entry
point's name is the winner's, its value a package that holds ``architecture.json`` (an entry without its evidence)
and, beside it, ``evidence.json``.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtrain.architecture.architecture import FORMAT, REQUIRES, Architecture, check_format
from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import read_json
from qtrain.files.writing import write_text
from qtrain.json_results import Shown, count, digest, encode, number

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

GROUP = "qtrain.architectures"
RESERVED = frozenset({"default", "all", "none", "con", "prn", "aux", "nul"})
"""Names that mean something else: the synthesis method "default", and devices of Windows."""

EVIDENCE = ("report", "objectives", "study", "run_id", "versions", "angles")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


def current_versions() -> dict[str, str]:
    """Versions of qtrain, of what it computes with, and of Python."""
    found = {"python": platform.python_version()}
    for name in ("qtrain", "qiskit", "numpy", "numba", "optuna"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def check_name(name: object) -> str:
    """``name`` if it is a slug that is not reserved; QTrainError otherwise.

    Example:
        >>> check_name("tfim-heavy-hex")
        'tfim-heavy-hex'
    """
    if not isinstance(name, str) or not _SLUG.fullmatch(name):
        raise QTrainError(
            f"name should be 1 to 64 of the characters a-z, 0-9, -, _, as in my-ansatz-2. Got {name!r}."
        )
    if name in RESERVED or re.fullmatch(r"(com|lpt)\d", name):
        raise QTrainError(f"name should not be a reserved word. Got {name!r}: choose another.")
    return name


def slug(text: str) -> str:
    """A registry name made of any text.

    Example:
        >>> slug("TFIM on heavy hex, 8"), slug("ising_2.0")
        ('tfim-on-heavy-hex-8', 'ising_2-0')
    """
    words = re.sub(r"[^a-z0-9_]+", "-", text.lower())[:64].strip("-_") or "ansatz"
    return f"{words[:57]}-ansatz" if words in RESERVED else words


@dataclass(frozen=True, repr=False)
class RegistryEntry(Shown):
    """A registered architecture and what is known about it.

    Args:
        name: its slug: lower-case letters, digits, hyphens.
        architecture: the family; ``num_qubits``: the width it was found at, used unless another is asked for.
        observable: what is measured, as text (None: not stated).
        report: the trainability report as plain data (None: none was made).
        objectives: the winner's objectives by name; ``study``: where it was found; ``run_id``: its MLflow run.
        versions: of the packages it was made with.
        angles: trained, in radians, one for each weight at ``num_qubits`` (of every upload); None: not known.

    Example:
        >>> from qtrain.architecture.catalogue import hva_tfim
        >>> RegistryEntry("tfim", hva_tfim(reps=4), 8).circuit().num_parameters
        8
    """

    name: str
    architecture: Architecture
    num_qubits: int
    observable: str | None = None
    report: Mapping[str, Any] | None = None
    objectives: Mapping[str, float] = field(default_factory=dict)
    study: str | None = None
    run_id: str | None = None
    versions: Mapping[str, str] = field(default_factory=current_versions)
    angles: Sequence[float] | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if not isinstance(self.architecture, Architecture):
            raise QTrainError(f"architecture should be an Architecture. Got {self.architecture!r}.")
        self.architecture.width(self.num_qubits)
        kinds: dict[str, type] = {"observable": str, "report": Mapping, "objectives": Mapping, "study": str,
                                  "run_id": str, "versions": Mapping}  # fmt: skip
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind) and (value is not None or name in ("objectives", "versions")):
                raise QTrainError(f"{name} should be a {kind.__name__}. Got {value!r}.")

        if self.angles is not None:
            count = self.architecture.num_parameters(self.num_qubits) * self.architecture.uploads
            numbers = isinstance(self.angles, (list, tuple)) and all(_is_angle(a) for a in self.angles)
            if not numbers or len(self.angles) != count:
                raise QTrainError(
                    f"angles should be {count} finite numbers, one for each weight at {self.num_qubits} qubits. "
                    f"Got {shortened(self.angles)}."
                )
            object.__setattr__(self, "angles", tuple(map(float, self.angles)))

    def _brief(self) -> str:
        size = count(self.architecture.num_parameters(self.num_qubits), "parameter")
        text = f"{self.name}, {count(self.num_qubits, 'qubit')}, {size}: {self.architecture.summary}"
        figures = ", ".join(f"{name} {number(value)}" for name, value in self.objectives.items())
        return f"{text} ({figures})" if figures else text

    def circuit(self, num_qubits: int | None = None) -> QuantumCircuit:
        """The registered circuit, or the family's member of another width."""
        return self.architecture.circuit(self.num_qubits if num_qubits is None else num_qubits)

    def qnn(self, num_qubits: int | None = None, **options: Any) -> Any:
        """A quantum neural network of it: see :func:`qtrain.qml.qnn.build_qnn` for the options.

        An estimator measures the registered observable, where there is one of this width.
        """
        from qtrain.qml.qnn import build_qnn

        if self.observable is not None and num_qubits in (None, self.num_qubits):
            if options.get("kind", "estimator") == "estimator":
                options.setdefault("observables", self.observable)
        options.setdefault("reuploads", self.architecture.uploads)
        return build_qnn(self.circuit(num_qubits), **options)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; :func:`entry_from_dict` reads it back."""
        data = {
            "format": FORMAT,
            "requires": REQUIRES,
            "name": self.name,
            "content_id": self.architecture.content_id,
            "architecture": self.architecture.to_dict(),
            "num_qubits": self.num_qubits,
            "observable": self.observable,
        }
        kept = [name for name in EVIDENCE if name != "angles" or self.angles is not None]
        return data | {name: encode(getattr(self, name)) for name in kept} | {"digest": self.digest}

    @property
    def digest(self) -> str:
        """Of what stands beside the architecture, whose content id tells for itself: 16 hexadecimal digits."""
        names = [name for name in EVIDENCE if getattr(self, name) is not None]
        beside = {name: encode(getattr(self, name)) for name in ("num_qubits", "observable", *names)}
        return digest(json.loads(json.dumps(beside)))


def _is_angle(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def entry_from_dict(data: object, *, source: str = "entry") -> RegistryEntry:
    """An entry from plain data; QTrainError for damaged data, an altered architecture or a newer format.

    Args:
        data: as written by :meth:`RegistryEntry.to_dict`.
        source: what the errors call it.
    """
    if not isinstance(data, Mapping):
        raise QTrainError(f"{source} should be a JSON object. Got {type(data).__name__}.")
    check_format(data, FORMAT, source)
    missing = [name for name in ("name", "content_id", "architecture", "num_qubits") if name not in data]
    if missing:
        raise QTrainError(f"{source} should hold {', '.join(missing)}. Got an entry without.")
    architecture = Architecture.from_dict(data["architecture"])
    if architecture.content_id != data["content_id"]:
        raise QTrainError(
            f"{source} should hold the architecture {data['content_id']}, by its content id. "
            f"Got {architecture.content_id}: it was altered after it was registered; register or install it again."
        )
    evidence = {name: data[name] for name in EVIDENCE if data.get(name) is not None}
    entry = RegistryEntry(data["name"], architecture, data["num_qubits"], data.get("observable"), **evidence)
    stated = data.get("digest")  # older entries have none
    if stated is not None and stated != entry.digest:
        raise QTrainError(
            f"{source} should hold the evidence it was registered with. Got other figures than those of its digest "
            f"{shortened(stated)}: it was altered; register or install it again."
        )
    return entry


def home() -> Path:
    """The registry's folder."""
    if os.environ.get("QTRAIN_HOME"):
        return Path(os.environ["QTRAIN_HOME"]).expanduser()
    from platformdirs import user_data_path

    return user_data_path("qtrain", appauthor=False)


def register(entry: RegistryEntry, *, overwrite: bool = False) -> Path:
    """Write an entry into the registry. Safe when several processes register at once.

    Args:
        entry: what to register.
        overwrite: replace an entry of the same name; otherwise only an equal one may be there.

    Returns:
        the file.

    Raises:
        QTrainError: the name is taken, here or by an installed package, or the folder cannot be written.

    Example:
        >>> from qtrain.architecture.catalogue import hva_tfim
        >>> register(RegistryEntry("tfim", hva_tfim(reps=4), 8)).name
        'tfim.json'
    """
    if not isinstance(entry, RegistryEntry):
        raise QTrainError(f"entry should be a RegistryEntry. Got {entry!r}.")
    from filelock import FileLock, Timeout

    folder = home()
    path = folder / f"{entry.name}.json"
    try:
        text = json.dumps(entry.to_dict(), indent=1, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise QTrainError(f"report and objectives should be plain JSON data. Got {error}.") from None
    installed = _installed().get(entry.name)
    if installed and _read_package(entry.name, installed).architecture != entry.architecture:
        raise QTrainError(
            f"name should not be that of an installed package's other architecture. Got {entry.name!r}."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=30):
            if path.exists() and not overwrite and path.read_text(encoding="utf-8") != text:
                raise QTrainError(
                    f"name should be free. Got {entry.name!r}, already in {folder}: pass overwrite=True."
                )
            write_text(path, text, "QTRAIN_HOME")
    except (OSError, Timeout) as error:
        raise QTrainError(f"QTRAIN_HOME should be a folder that can be written. Got {folder}: {error}.") from None
    return path


def names() -> tuple[str, ...]:
    """Names that :func:`load` knows, sorted: your own and those of installed packages.

    Example:
        >>> from qtrain.architecture.catalogue import hva_tfim
        >>> _ = register(RegistryEntry("tfim-9", hva_tfim(reps=4), 9))
        >>> "tfim-9" in names()
        True
    """
    folder = home()
    own = {path.stem for path in folder.glob("*.json") if _SLUG.fullmatch(path.stem)} if folder.is_dir() else set()
    return tuple(sorted(own | set(_installed())))


def load(name: str) -> RegistryEntry:
    """The registered architecture of that name.

    Raises:
        QTrainError: unknown name, damaged or altered entry (with both content ids), newer format, or a name that
            your own registry and an installed package use for different architectures.

    Example:
        >>> from qtrain.architecture.catalogue import hva_tfim
        >>> _ = register(RegistryEntry("tfim-8", hva_tfim(reps=4), 8))
        >>> load("tfim-8").circuit(12).num_qubits
        12
    """
    check_name(name)
    path = home() / f"{name}.json"
    own = entry_from_dict(read_json(path, str(path)), source=str(path)) if path.is_file() else None
    installed = _installed()
    if name in installed:
        theirs = _read_package(name, installed[name])
        if own is not None and own.architecture != theirs.architecture:
            raise QTrainError(
                f"name should mean one architecture. Got {name!r} for {own.architecture.content_id} in {path} and for "
                f"{theirs.architecture.content_id} in an installed package: rename the file or uninstall the package."
            )
        own = own or theirs
    if own is None:
        known = ", ".join(names()) or "none yet"
        raise QTrainError(f"name should be a registered architecture: {known}. Got {name!r}.")
    if own.name != name:
        raise QTrainError(f"{path} should hold the entry {name!r}. Got the entry {own.name!r}.")
    return own


def _installed() -> Mapping[str, str]:
    """Entry-point name → package, without importing either; looked for again when a folder of the path has changed."""
    return _installed_on(tuple((place := os.path.abspath(folder), _changed(place)) for folder in sys.path))


@lru_cache(maxsize=1)
def _installed_on(path: tuple[tuple[str, int], ...]) -> Mapping[str, str]:
    return {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}


def _changed(place: str) -> int:
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return 0


def _read_package(name: str, package: str) -> RegistryEntry:
    """The package's data files; the package itself is not imported."""
    spec = importlib.util.find_spec(package.partition(":")[0].partition(".")[0])
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "architecture.json"
        if path.is_file():
            evidence = path.with_name("evidence.json")
            data = read_json(path, str(path))
            more = read_json(evidence, str(evidence)) if evidence.is_file() else {}
            if isinstance(data, dict) and isinstance(more, dict):
                data.pop("digest", None)
                data = {key: value for key, value in more.items() if key in (*EVIDENCE, "digest")} | data
            return entry_from_dict(data, source=str(path))
    raise QTrainError(
        f"the package of {name!r} should hold architecture.json. Got {package} without it: reinstall it."
    )

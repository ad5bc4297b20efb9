"""Architecture: a frozen family of circuits, one for every number of qubits, with canonical JSON and a content id."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from qtrain.architecture.blocks import ROTATIONS, Gate, count_parameters
from qtrain.architecture.gates import Writer
from qtrain.architecture.grown import check_gates, plain_gates, read_gates
from qtrain.architecture.layer import Layer, names_from, one_of, whole
from qtrain.architecture.topology import Edges, check_edges
from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import parse_json
from qtrain.json_results import Shown, count

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

FORMAT = 1
REQUIRES = "0.1.0"
"""First release of qtrain that reads ``FORMAT``; written into every file for those that cannot."""

MAX_GATES = 500_000  # of a circuit that is written; counted while it is, before any library builds it
MANY = 100  # repetitions
SPELT_GATES = 12  # so many grown gates at most are spelt out in a line
INITIAL = ("none", "h", "neel", "singlets")


@dataclass(frozen=True, repr=False)
class Architecture(Shown):
    """A family of circuits: ``initial``, then ``layers`` repeated, then ``final_rotations``, then ``grown``.

    Args:
        layers: none only where gates are grown; something in the circuit has a free angle.
        repetitions: a whole number; ``"log"``: ⌈log₂ n⌉; ``"linear"``: n (at least one).
        initial: ``"none"``: |0…0⟩; ``"h"``: |+…+⟩; ``"neel"``: |…1010⟩ (X on odd qubits); ``"singlets"``: singlets on
            the pairs (0,1), (2,3), ….
        final_rotations: as a layer's rotations, independent, on the qubits that are left.
        edges: pairs for layers whose topology is ``"edges"``, such as a device's couplings; dropped where none is.
        num_qubits: for an architecture of one width; follows from ``edges`` if not given.
        uploads: how often a QNN of it encodes its data, each time followed by the whole ansatz with weights of its own
            (1907.02085). :meth:`circuit` is one such round, without data.
        grown: gates on named qubits, so for one width; their parameters are numbered from 0 in the order of first use.

    Raises:
        QTrainError: names the field, what was expected and what came.

    Example:
        >>> family = Architecture((Layer(("ry",), "cz", "brickwork"),), repetitions="log", final_rotations=("ry",))
        >>> family.num_parameters(4), family.num_parameters(8), family.content_id
        (12, 32, 'e50da3abc5d8a663')
        >>> family.circuit(4).count_ops()["cz"]
        6
        >>> print(Architecture((), grown=(Gate("x", (1,)), Gate("rxy", (0, 1), (0,)))))
        x 1 · rxy 0 1
    """

    layers: tuple[Layer, ...]
    repetitions: int | str = 1
    initial: str = "none"
    final_rotations: tuple[str, ...] = ()
    edges: Edges | None = None
    num_qubits: int | None = None
    uploads: int = 1
    grown: tuple[Gate, ...] = ()

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        if not isinstance(self.layers, (tuple, list)) or not all(isinstance(item, Layer) for item in self.layers):
            raise QTrainError(f"layers should be Layer objects. Got {self.layers!r}.")
        set_(self, "layers", tuple(self.layers))
        set_(self, "grown", check_gates(self.grown, self.num_qubits))
        if not self.layers and not self.grown:
            raise QTrainError("layers should hold at least one layer. Got none.")
        if not self.layers:
            set_(self, "repetitions", 1)
        set_(self, "final_rotations", names_from("final_rotations", self.final_rotations, ROTATIONS))
        one_of("initial", self.initial, INITIAL)
        if self.repetitions not in ("log", "linear"):
            whole("repetitions", self.repetitions, 'a whole number of at least 1, "log" or "linear"')
        whole("uploads", self.uploads, "a whole number of at least 1")
        if self.num_qubits is not None:
            whole("num_qubits", self.num_qubits, "a whole number of at least 1")
        free = any(ROTATIONS[r] for r in self.final_rotations) or count_parameters(self.grown) > 0
        if not free and not any(item.has_parameters for item in self.layers):
            raise QTrainError("layers should hold a gate with a free angle. Got fixed gates alone.")
        used = any(layer.entangler is not None and layer.topology == "edges" for layer in self.layers)
        if used and self.edges is None:
            raise QTrainError('edges should be given with the topology "edges". Got none.')
        if not used:
            set_(self, "edges", None)
        elif self.edges is not None:
            set_(self, "edges", check_edges(self.edges, self.num_qubits))
        if self.num_qubits is None and (self.edges is not None or self.grown):
            highest = [q for pair in self.edges or () for q in pair] + [q for gate in self.grown for q in gate.qubits]
            set_(self, "num_qubits", 1 + max(highest, default=0))

    def circuit(
        self, num_qubits: int | None = None, *, prefix: str = "θ", angles: Sequence[Any] | None = None
    ) -> QuantumCircuit:
        """The member of the family on ``num_qubits`` qubits.

        Args:
            num_qubits: the width; not needed where the architecture has its own.
            prefix: name of the ParameterVector; its elements are in time order, and so is ``circuit.parameters``.
            angles: numbers, Parameters or expressions to use in their place, one for each.

        Returns:
            a circuit whose metadata holds the content id and, where layers pool, the output qubits.

        Raises:
            QTrainError: no width, or a width that is not the architecture's own; not one angle for each parameter.
        """
        from qtrain.architecture.build import build  # Qiskit is imported only when a circuit is asked for

        width = self.width(num_qubits)
        circuit = build(self.gates(width), width, prefix=prefix, angles=angles)
        circuit.metadata = {"qtrain.architecture": self.content_id}
        if any(layer.pool for layer in self.layers):
            circuit.metadata["qtrain.output_qubits"] = list(self.output_qubits(width))
        return circuit

    def width(self, num_qubits: int | None = None) -> int:
        """``num_qubits``, or the architecture's own; QTrainError where they differ or neither is known."""
        if num_qubits is None and self.num_qubits is None:
            raise QTrainError(
                "num_qubits should be given: this architecture has a circuit for every width. Got None."
            )
        if num_qubits is not None:
            whole("num_qubits", num_qubits, "a whole number of at least 1")
            if self.num_qubits not in (None, num_qubits):
                raise QTrainError(
                    f"num_qubits should be {self.num_qubits}, this architecture's own. Got {num_qubits}."
                )
        return num_qubits or self.num_qubits or 1

    def depth(self, num_qubits: int | None = None) -> int:
        """How often the layers are repeated at this width."""
        n = self.width(num_qubits)
        if self.repetitions == "log":
            return max(1, math.ceil(math.log2(n)))
        return n if self.repetitions == "linear" else int(self.repetitions)

    def gates(self, num_qubits: int | None = None) -> tuple[Gate, ...]:
        """All gates in time order; the free angles are numbered in the order of their first use."""
        return self._written(num_qubits)[0]

    def _written(self, num_qubits: int | None) -> tuple[tuple[Gate, ...], tuple[int, ...]]:
        """The gates, and the qubits that pooling leaves."""
        width, depth = self.width(num_qubits), self.depth(num_qubits)
        if width > MAX_GATES or depth > MAX_GATES:
            raise QTrainError(
                f"num_qubits and repetitions should be at most {MAX_GATES}. Got {shortened(max(width, depth))}."
            )
        writer = Writer(width, self.edges)
        written = writer.write(self.initial, self.layers, depth, self.final_rotations)
        pair = 0  # of repetitions, the first ones: without pooling the others are as long
        if depth > MANY and not any(layer.pool for layer in self.layers):
            pair = sum(1 for _ in Writer(width, self.edges).write("none", self.layers, 2, ()))
        gates = () if pair * depth > 4 * MAX_GATES else tuple(itertools.islice(written, MAX_GATES + 1))
        if pair * depth > 4 * MAX_GATES or len(gates) > MAX_GATES:
            raise QTrainError(
                f"num_qubits and repetitions should make at most {MAX_GATES} gates. Got more at {width} qubits, "
                f"repeated {depth} times."
            )
        grown = (gate.renumbered(writer.parameters.__add__) for gate in self.grown)
        return (*gates, *grown), tuple(writer.active)

    def flat(self, num_qubits: int | None = None) -> Architecture:
        """The same circuit at this width, every gate of it ``grown``; its parameters keep their places.

        Example:
            >>> flat = Architecture((Layer(("rx",), "cz"),)).flat(2)
            >>> print(flat)
            rx 0 · rx 1 · cz 0 1
        """
        return Architecture((), grown=self.gates(num_qubits), num_qubits=self.width(num_qubits), uploads=self.uploads)

    def num_parameters(self, num_qubits: int | None = None) -> int:
        """Free angles at this width."""
        return count_parameters(self.gates(num_qubits))

    def resolved_edges(self, num_qubits: int | None = None) -> Edges:
        """Every pair of qubits (lower first) that some gate joins, sorted."""
        return tuple(sorted({(min(g.qubits), max(g.qubits)) for g in self.gates(num_qubits) if len(g.qubits) == 2}))

    def output_qubits(self, num_qubits: int | None = None) -> tuple[int, ...]:
        """Qubits that pooling leaves: all of them where no layer pools."""
        return self._written(num_qubits)[1]

    def to_dict(self) -> dict[str, Any]:
        """Plain data without the fields that have their default."""
        return {"format": FORMAT, "requires": REQUIRES, **_content(self)}

    def to_json(self) -> str:
        """Canonical JSON: equal architectures give equal text."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    @property
    def content_id(self) -> str:
        """First 16 hexadecimal digits of the sha256 of the canonical content."""
        text = json.dumps(_content(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Inverse of :meth:`to_json`; QTrainError for damaged text, unknown keys and newer formats.

        Example:
            >>> family = Architecture((Layer(("rx",)),))
            >>> Architecture.from_json(family.to_json()) == family
            True
        """
        try:
            data = parse_json(text)
        except (ValueError, TypeError, AttributeError) as error:
            raise QTrainError(f"text should be an architecture's JSON. Got text that is not JSON: {error}.") from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Inverse of :meth:`to_dict`, with the errors of :meth:`from_json`."""
        if not isinstance(data, Mapping):
            raise QTrainError(f"architecture should be a JSON object. Got {type(data).__name__}.")
        check_format(data, FORMAT, "architecture")
        content = {key: value for key, value in data.items() if key not in ("format", "requires")}
        _known_keys("architecture", content, cls)
        layers = content.pop("layers", ())
        if not isinstance(layers, Sequence) or not all(isinstance(layer, Mapping) for layer in layers):
            raise QTrainError(f"layers should be a list of JSON objects. Got {layers!r}.")
        for layer in layers:
            _known_keys("layer", layer, Layer)
        if "grown" in content:
            content["grown"] = read_gates(content["grown"])
        return cls(tuple(Layer(**layer) for layer in layers), **content)

    def _brief(self) -> str:
        width = "" if self.num_qubits is None else f"{count(self.num_qubits, 'qubit')}, "
        return width + self.summary

    def __str__(self) -> str:
        start = [] if self.initial == "none" else [self.initial]
        body = " · ".join(f"[{layer}]" for layer in self.layers)
        times = {"linear": "n", "log": "log n"}.get(str(self.repetitions), self.repetitions)
        repeated = [f"{body} × {times}"] if body else []
        final = [" ".join(self.final_rotations)] if self.final_rotations else []
        data = [] if self.uploads == 1 else [f"data × {self.uploads}"]
        return " · ".join([*start, *repeated, *final, *map(str, self.grown), *data])

    @property
    def summary(self) -> str:
        """As text for a line: of many grown gates, how many of each name.

        Example:
            >>> Architecture((Layer(("rx",), "rzz"),), 9).flat(3).summary
            '45 gates: 27 rx, 18 rzz'
        """
        if len(self.grown) <= SPELT_GATES:
            return str(self)
        counts = ", ".join(f"{count} {name}" for name, count in Counter(g.name for g in self.grown).most_common())
        rest = str(dataclasses.replace(self, grown=())) + " · " if self.layers else ""
        return f"{rest}{len(self.grown)} gates: {counts}"


def check_format(data: Mapping[str, Any], known: int, what: str) -> None:
    """Refuse a newer file format, and name the release of qtrain that reads it."""
    found = data.get("format", known)
    if type(found) is not int or found < 1:
        raise QTrainError(f"{what} should state its format as a whole number. Got {found!r}.")
    if found > known:
        needed = data.get("requires")
        release = f"qtrain>={needed}" if isinstance(needed, str) else "a newer qtrain"
        raise QTrainError(f"{what} should be of format {known} or older. Got format {found}: install {release}.")


def _content(value: Architecture | Layer) -> dict[str, Any]:
    changed = {}
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.default is dataclasses.MISSING or item != field.default:
            plain = {"layers": lambda found: [_content(x) for x in found], "grown": plain_gates}
            changed[field.name] = plain[field.name](item) if field.name in plain else item
    return changed


def _known_keys(what: str, data: Mapping[str, Any], kind: type[Any]) -> None:
    known = [field.name for field in dataclasses.fields(kind)]
    unknown = sorted(str(key) for key in data if key not in known)
    if unknown:
        raise QTrainError(f"{what} should hold {', '.join(known)} only. Got {', '.join(unknown)}.")

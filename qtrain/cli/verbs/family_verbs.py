"""``qtrain scaling``: how the gradients of a family of circuits go on with the number of qubits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtrain.cli.options import Json, Seed, Shots, Start
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.diagnosis.families.family import Family
    from qtrain.diagnosis.results import Scaling

FAMILY = (
    "A library ansatz (efficient_su2, hva_tfim, sim_6, …), a registered name, an architecture's .toml or .json, "
    "module:function (n -> circuit), or a circuit file that is recognised."
)
MOST_SIZES, MOST_REPETITIONS = 100, 2000
MEASURED = 'What is measured at every width: "Z0", "Zlast", "Z^n", "mean Z", "sum ZZ + 0.5*sum X", ….'


def scaling(
    family: Annotated[str, typer.Argument(help=FAMILY)],
    observable: Annotated[str, typer.Option("--observable", "-O", help=MEASURED)],
    sizes: Annotated[
        str | None, typer.Option(help="Numbers of qubits: 4,6,8 or 4-10.  [default: up to eight that tell the law]")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the ansatz, such as reps=2 or entanglement=linear; repeatable.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw V over n, to .png, .svg or .pdf.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print a line per size instead of tables.")] = False,
    json: Json = False,
    shots: Shots = 10_000,
    seed: Seed = 0,
    initialization: Start = "uniform",
    seconds: Annotated[float | None, typer.Option(help="For all sizes together.  [default: 10 for each]")] = None,
) -> None:
    """Say how gradients shrink with the number of qubits: constant, polynomial, or a barren plateau."""
    from qtrain.budget import Budget
    from qtrain.cli.terminal import print_json, print_views
    from qtrain.cli.verbs.circuit_verbs import check_figure
    from qtrain.diagnosis.scaling import scaling as scale

    if csv and json:
        raise QTrainError("csv and json should not both be asked for. Got both.")
    check_figure(plot, Path(family), argument="plot")
    numbers = None if sizes is None else read_sizes(sizes)
    chosen = read_family(family, read_options(option or ()))
    found = scale(
        chosen, read_observable(observable, chosen), numbers, initialization=initialization, shots=shots, seed=seed,
        budget=None if seconds is None else Budget(seconds=seconds, resolution=1e-9),
    )  # fmt: skip
    if json:
        print_json(found.to_record())
    elif csv:
        typer.echo(as_csv(found), nl=False)
    else:
        from qtrain.views.tables import scaling_view

        print_views(scaling_view(found, title=f"{chosen.name}, {observable}", remark=chosen.remark))
    if plot is not None:
        from qtrain.files.writing import replaced
        from qtrain.views.figures.frame import figure_of
        from qtrain.views.figures.scaling import plot_scaling

        with replaced(plot, "plot") as beside:
            figure_of(plot_scaling(found)).savefig(beside)


def read_sizes(text: str) -> list[int]:
    """``4,6,8``, ``4-8`` or both: whole numbers, ascending.

    Example:
        >>> read_sizes("4-6, 10")
        [4, 5, 6, 10]
    """
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*(?:(?:-|–|\.\.|…)\s*(\d{1,4}))?\s*", part)
        first, last = (0, 0) if match is None else (int(match[1]), int(match[2] or match[1]))
        if not 1 <= first <= last:
            raise QTrainError(f"sizes should be whole numbers of qubits such as 4,6,8 or 4-10. Got {text!r}.")
        found.update(range(first, last + 1))
    if len(found) > MOST_SIZES:
        raise QTrainError(f"sizes should be at most {MOST_SIZES} numbers of qubits. Got {len(found)} of them.")
    return sorted(found)


def read_options(texts: list[str] | tuple[str, ...]) -> dict[str, Any]:
    """``key=value`` each: numbers, true and false, JSON lists, or words.

    Example:
        >>> read_options(["reps=3", "entanglement=linear", "su2_gates=rx,rz"])
        {'reps': 3, 'entanglement': 'linear', 'su2_gates': ['rx', 'rz']}
    """
    options: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", key.strip()):
            raise QTrainError(f"option should be a name and a value, such as reps=3. Got {text!r}.")
        options[key.strip()] = _value(value.strip())
    return options


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.startswith("["):
        from qtrain.files.reading import parse_json

        try:
            return parse_json(text)
        except ValueError:
            raise QTrainError(f"option should have a JSON list where it starts with a bracket. Got {text!r}.") from None
    if "," in text:
        return [_value(part.strip()) for part in text.split(",")]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def read_family(source: str, options: dict[str, Any]) -> Family:
    """A family by name, of a file, or of a Python function.

    Raises:
        QTrainError: none of these, options that it does not take, a circuit that is not recognised.
    """
    from qtrain.diagnosis.families import FAMILIES

    suffix = Path(source).suffix.lower()
    if suffix in (".toml", ".json"):
        return _of_architecture(Path(source).stem, _read_architecture(Path(source)), options)
    if suffix in (".qasm", ".qpy"):
        return _of_circuit(Path(source), options)
    if ":" in source:
        return _of_function(source, options)
    named = {name: row for name, row in FAMILIES.items() if row.build is not None}
    if source in named:
        return _of_row(source, options)
    from qtrain.registry.registry import load, names

    if source in names():
        return _of_architecture(source, load(source).architecture, options)
    import difflib

    close = difflib.get_close_matches(source, [*named, *names()], n=1, cutoff=0.6)
    known = ", ".join(name for name in named if not name.startswith("sim_"))
    raise QTrainError(
        f"family should be one of {known}, sim_1 to sim_19, a registered name, a file, or module:function. "
        f"Got {source!r}{f' (did you mean {close[0]!r}?)' if close else ''}."
    )


def _of_row(name: str, options: dict[str, Any]) -> Family:
    from qtrain.diagnosis.families import FAMILIES, Family
    from qtrain.diagnosis.families.library import title

    row = FAMILIES[name]
    unknown = [key for key in options if key not in row.options]
    if unknown:
        known = ", ".join(row.options) or "none"
        raise QTrainError(f"option should be one that {name} takes: {known}. Got {unknown[0]!r}.")
    for key, value in options.items():
        check_option(key, value, row.options[key])
    chosen = {**row.options, **options}
    build = row.build
    assert build is not None
    pairs = chosen.get("entanglement")
    places = _whole_numbers(pairs) if isinstance(pairs, list) else []

    def member(n: int) -> Any:
        if not all(0 <= q < n for q in places):  # the library would make a circuit that it cannot read itself
            raise QTrainError(f"option entanglement should name qubits 0 to {n - 1}. Got {pairs}.")
        return build(n, **chosen)

    return Family(title(name, chosen, row.options), member)


def _whole_numbers(nested: Any) -> list[int]:
    if isinstance(nested, list):
        return [number for item in nested for number in _whole_numbers(item)]
    return [nested] if isinstance(nested, int) else []


def check_option(key: str, value: Any, default: Any) -> None:
    """A value of the kind that the option has by default; a list may stand for a word (gates, pairs of qubits).

    Raises:
        QTrainError: another kind, or a number out of all proportion.
    """
    if isinstance(default, bool):
        kind, right = "true or false", isinstance(value, bool)
    elif key == "reps":
        kind = f'a whole number from 0 to {MOST_REPETITIONS}, or "n" or "log" where the family has it'
        whole = isinstance(value, int) and not isinstance(value, bool)
        right = value in ("n", "log") or (whole and 0 <= value <= MOST_REPETITIONS)
    else:
        kind, right = "a word, or a list", isinstance(value, list) or (isinstance(value, str) and value != "")
    if not right:
        raise QTrainError(f"option {key} should be {kind}, such as {key}={default}. Got {str(value)[:60]!r}.")


def _read_architecture(path: Path) -> Any:
    from qtrain.architecture.architecture import Architecture
    from qtrain.files.reading import parse_toml, read_json, read_text
    from qtrain.registry.registry import entry_from_dict

    if path.suffix.lower() == ".toml":
        text = read_text(path, "family")
        try:
            data = parse_toml(text)
        except ValueError as error:
            raise QTrainError(f"family should be a TOML file. Got {path}: {error}.") from None
    else:
        data = read_json(path, "family")
    if isinstance(data, dict) and "content_id" in data and "architecture" in data:
        return entry_from_dict(data, source=str(path)).architecture
    if isinstance(data, dict) and isinstance(data.get("architecture"), dict):
        data = data["architecture"]
    return Architecture.from_dict(data)


def _of_architecture(name: str, architecture: Any, options: dict[str, Any]) -> Family:
    from qtrain.diagnosis.families import Family

    _no_options(options, "an architecture, which states its own")
    if architecture.num_qubits is not None:
        raise QTrainError(
            f"family should have a circuit for every width. Got {name}, which is of {architecture.num_qubits} qubits "
            "alone, as it has gates or edges of its own."
        )
    return Family(f"{name}: {architecture}", architecture.circuit)


def _of_circuit(path: Path, options: dict[str, Any]) -> Family:
    from qtrain.circuits.files import read_circuit
    from qtrain.diagnosis.families import recognize
    from qtrain.registry import families  # noqa: F401 - registered winners are families too

    _no_options(options, "a circuit file, which is recognised as it is")
    found = recognize(read_circuit(path))
    if found is None:
        raise QTrainError(
            f"family should be a circuit whose layers are known at every width. Got {path}, which is not recognised: "
            "give module:function, or an architecture."
        )
    return found


def _of_function(source: str, options: dict[str, Any]) -> Family:
    """``module:function``, or ``file.py:function``."""
    import functools

    from qtrain.diagnosis.families import Family

    function = _imported(source)
    return Family(source.rpartition(":")[2], functools.partial(function, **options) if options else function)


def _imported(source: str) -> Callable[..., Any]:
    import importlib
    import importlib.util
    import sys

    where, _, name = source.rpartition(":")
    try:
        if where.endswith(".py"):
            spec = importlib.util.spec_from_file_location(Path(where).stem, where)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            sys.path.insert(0, str(Path.cwd()))
            module = importlib.import_module(where)
    except (Exception, SystemExit) as error:  # the module's own code may raise anything
        raise QTrainError(
            f"family should be a module that can be imported and a function in it. "
            f"Got {source!r}: {type(error).__name__}: {error}."
        ) from None
    function = getattr(module, name, None)
    if not callable(function):
        raise QTrainError(f"family should be a function (n -> QuantumCircuit) of {where}. Got {name!r}.")
    return function  # type: ignore[no-any-return]


def _no_options(options: dict[str, Any], what: str) -> None:
    if options:
        raise QTrainError(f"option should not be given with {what}. Got {next(iter(options))!r}.")


def read_observable(text: str, family: Family) -> Callable[[int], SparsePauliOp]:
    """What is measured at every width: text for every width, or Pauli strings of one width, continued.

    Raises:
        QTrainError: a text that is neither, or strings whose continuation is not clear.
    """
    from qtrain.circuits.sized_observables import EXPECTED, sized_observable
    from qtrain.cli.verbs.circuit_verbs import read_observable as read
    from qtrain.diagnosis.families import observable_at

    text = read(text)
    if re.search(r"[IXYZ]{2,}", re.sub(r"(sum|mean|all|ring)\s+[XYZ]+", "", text)):
        found = observable_at(text)
        if found is None:
            raise QTrainError(f"observable should be {EXPECTED}. Got {text[:60]!r}, whose other widths are not clear.")
        return found
    return sized_observable(text)


def as_csv(found: Scaling) -> str:
    """A line per size: n, median V, its lower quartile, the standard error of log V."""
    import numpy as np

    rows = [f"{n},{v:.9g},{low:.9g},{error:.3g}"
            for n, v, low, error in zip(found.sizes, *map(np.atleast_1d, (found.variance, found.low, found.error)))]
    return "\n".join(["qubits,median_variance,lower_quartile,standard_error_of_log", *rows]) + "\n"

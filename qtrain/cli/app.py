"""The command line: ``qtrain diagnose | molecule | search | compare | worker | list | show | package | report``, ….

Each verb imports what it needs when it runs, so that ``qtrain --help`` answers at once.

Exit codes: 0 fine; 1 a ``--fail-if`` condition holds; 2 wrong input; 3 the search failed; 70 a bug in qtrain;
130 interrupted; 141 whoever read the output has gone.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtrain.cli.options import LISTED, Backend, Jobs, Json, Scheduler, Spec, Storage, Tracking
from qtrain.cli.terminal import announce, let_go, print_json, print_views, say, terminal
from qtrain.cli.verbs import (
    audit_verb,
    diagnose_verb,
    explain_verb,
    family_verbs,
    improve_verbs,
    page_verbs,
    pretrain_verb,
    registry_verbs,
    shadow_verbs,
)
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.studies.result import SearchResult

WRONG_INPUT, SEARCH_FAILED, BUG, INTERRUPTED, PIPE_CLOSED = 2, 3, 70, 130, 141
_UsageError: type[Any] = typer.BadParameter.__mro__[1]  # Click's, which Typer may bring under another name

app = typer.Typer(
    name="qtrain",
    help="Search, explain and install quantum circuit ansätze that can be trained.",
    epilog="Exit codes: 0 fine, 1 a --fail-if condition holds, 2 wrong input, 3 the search failed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from qtrain import __version__

        typer.echo(f"qtrain {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command(epilog="Example: qtrain search experiments/001_tfim_heavy_hex/config.toml --trials 50 --jobs 2")
def search(
    context: typer.Context,
    spec: Spec,
    trials: Annotated[int | None, typer.Option(help="Trials in all, those of an earlier start counted.")] = None,
    jobs: Jobs = 1,
    seed: Annotated[int | None, typer.Option(help="Seed; the spec's own if not given.")] = None,
    storage: Storage = None,
    tracking_uri: Tracking = None,
    name: Annotated[str | None, typer.Option(help="Registry name of the winner; the study's if not given.")] = None,
    backend: Backend = None,
    scheduler: Scheduler = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the search would cost.")] = False,
    json: Json = False,
) -> None:
    """Search an architecture, record every trial, register the winner. Started again, it continues."""
    from qtrain.cli.verbs import study_verbs

    if dry_run:
        plan = study_verbs.plan(spec, trials=trials, jobs=jobs, seed=seed)
        if json:
            print_json(plan)
        else:
            from qtrain.views import tables

            print_views(tables.pairs(plan))
        return
    with _stopped_at_once(context):
        result = study_verbs.search(
            spec, n_trials=trials, n_jobs=jobs, seed=seed, storage=storage, tracking_uri=tracking_uri, name=name,
            backend=backend, scheduler=scheduler, console=terminal(stderr=True),
        )  # fmt: skip
    _show_search(context, result, json)


@app.command(epilog="Example: qtrain compare ising.toml --seeds 5 --jobs 2 -o ising-compared.json")
def compare(
    spec: Spec,
    seeds: Annotated[int, typer.Option(help="Runs of every method: seeds 0, 1, ….")] = 5,
    rivals: Annotated[
        list[str] | None,
        typer.Option(help="A rival, such as shelf or adapt; may be given again.  [default: all that suit the task]"),
    ] = None,
    vary: Annotated[
        str | None, typer.Option(help="Key of the spec that gets the seed too, such as task.seed.")
    ] = None,
    evaluations: Annotated[
        int | None, typer.Option(help="Gradient evaluations of each rival.  [default: what the search took]")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="JSON file of the runs.  [default: mlruns/<study>-compared.json]"),
    ] = None,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Compare a search with what one would do without it, by equal means. Started again, it continues."""
    from qtrain.cli.verbs import study_verbs

    found = study_verbs.compare(
        spec, rivals=rivals, seeds=seeds, vary=vary, evaluations=evaluations, output=output, jobs=jobs,
        say=lambda line: say(line, err=True),
    )  # fmt: skip
    if json:
        print_json(found.to_dict())
    else:
        from qtrain.views import comparison_tables

        print_views(comparison_tables.comparison_view(found))


@app.command(epilog="Example: qtrain worker spec.toml --storage postgresql://user@host/qtrain")
def worker(
    context: typer.Context,
    spec: Spec,
    storage: Annotated[
        str,
        typer.Option(
            help="Where the study is: a database URL, or grpc://host:port of Optuna's proxy in front of it "
            "(optuna.storages.run_grpc_proxy_server)."
        ),
    ],
    jobs: Jobs = 1,
    tracking_uri: Tracking = None,
    backend: Backend = None,
    scheduler: Scheduler = None,
    json: Json = False,
) -> None:
    """Join a study that other processes or hosts work on, until it has its trials."""
    from qtrain.cli.verbs import study_verbs

    with _stopped_at_once(context):
        result = study_verbs.search(
            spec, join=True, storage=storage, n_jobs=jobs, tracking_uri=tracking_uri, backend=backend,
            scheduler=scheduler, console=terminal(stderr=True),
        )  # fmt: skip
    _show_search(context, result, json)
    if not json:
        say(f"Register the winner with: qtrain register {spec} --storage {result.storage}")


app.command(epilog=diagnose_verb.EXAMPLE)(diagnose_verb.diagnose)
app.command("list", epilog="Example: qtrain list --json")(registry_verbs.list_)
app.command(epilog="Example: qtrain show tfim-heavy-hex")(registry_verbs.show)


@app.command(epilog='Example: qtrain molecule "Li 0 0 0; H 0 0 1.6" --active 2,5 -o lih.json')
def molecule(
    geometry: Annotated[str, typer.Argument(help='Atoms with their coordinates: "Li 0 0 0; H 0 0 1.6".')],
    output: Annotated[Path, typer.Option("--output", "-o", help="File that is written.")],
    active: Annotated[str | None, typer.Option(help="Active electrons and orbitals: 2,5.  [default: all]")] = None,
    basis: Annotated[str, typer.Option(help="Basis set that PySCF knows.")] = "sto-3g",
    unit: Annotated[str, typer.Option(help="Of the coordinates: angstrom or bohr.")] = "angstrom",
    charge: Annotated[int, typer.Option(help="Of the molecule.")] = 0,
    spin: Annotated[int, typer.Option(help="Electrons up minus electrons down.")] = 0,
) -> None:
    """Write a molecule's Hamiltonian on qubits, for a task of the kind "molecule"; needs qtrain[chemistry]."""
    from qtrain.cli.verbs import circuit_verbs

    say(circuit_verbs.write_molecule(geometry, output, active, basis=basis, unit=unit, charge=charge, spin=spin))


app.command(epilog="Example: qtrain register ising-8 --name my-winner")(registry_verbs.register)
app.command(epilog="Example: qtrain package tfim-heavy-hex -o plugins")(registry_verbs.package)
app.command(epilog="Example: qtrain model tfim-heavy-hex")(registry_verbs.model)
app.command(epilog="Example: qtrain explain concentrated")(explain_verb.explain)
app.command(epilog='Example: qtrain scaling efficient_su2 --option entanglement=linear -O "Z^n"')(family_verbs.scaling)
app.command(epilog="Example: qtrain report ansatz.qasm --observable ZII -o report.html")(page_verbs.report)
app.command(epilog=improve_verbs.EXAMPLE)(improve_verbs.improve)
app.command(epilog=pretrain_verb.EXAMPLE)(pretrain_verb.pretrain)
app.command(epilog=audit_verb.EXAMPLE)(audit_verb.audit)
app.add_typer(shadow_verbs.shadows, short_help="Acquire classical shadows of circuits on a device, and read them.")


def _verb(command: typer.models.CommandInfo) -> str:
    return command.name or command.callback.__name__  # type: ignore[union-attr]


app.registered_commands.sort(key=lambda command: list(LISTED).index(_verb(command)))
for _command in app.registered_commands:
    _command.short_help = LISTED[_verb(_command)]


def _show_search(context: typer.Context, result: SearchResult, as_json: bool) -> None:
    from qtrain.cli.verbs import study_verbs

    if as_json:
        print_json(result.to_dict())
    else:
        from qtrain.views import study_tables

        print_views(study_tables.search_view(result))
    if result.interrupted:
        ended = sum(result.counts.values()) - result.counts["running"]
        kept = f"interrupted; {ended} of {result.spec.trials} trials have ended, and are kept in {result.storage}"
        _fail(f"{kept}. {_again(context)}", INTERRUPTED)
    if result.winner is None:
        _fail(f"the search found no winner: {study_verbs.why_no_winner(result)}", SEARCH_FAILED)


@contextlib.contextmanager
def _stopped_at_once(context: typer.Context) -> Iterator[None]:
    """A second Ctrl-C in a search: the trials that ran are lost, and evaluated again."""
    try:
        yield
    except KeyboardInterrupt:
        _fail(f"stopped at once; every trial that had ended is kept. {_again(context)}", INTERRUPTED)


def _again(context: typer.Context) -> str:
    """How to go on with a search that was stopped; a password is not said again."""
    from qtrain.tracking.tracker import without_password

    return f"Go on with: {shlex.join(['qtrain', *map(without_password, context.find_root().obj)])}"


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; wrong input is one sentence on stderr and exit code 2."""
    announce()
    words = sys.argv[1:] if args is None else list(args)
    try:
        code = app(args=words, prog_name="qtrain", obj=words, standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            sys.exit(WRONG_INPUT)
        where = error.ctx.command_path if error.ctx is not None else "qtrain"
        said = error.format_message().rstrip(".")
        _fail(f"{said}{'' if said.endswith('?') else '.'} Try: {where} --help", WRONG_INPUT)
    except QTrainError as error:
        _fail(str(error), WRONG_INPUT)
    except BrokenPipeError:
        let_go()
        sys.exit(PIPE_CLOSED)
    except OSError as error:
        if error.filename is None:  # whoever writes files names them: this is stdout
            let_go()
        where = error.filename or "the terminal, or what stdout goes to"
        _fail(f"a file could not be read or written: {where}: {error.strerror or error}.", WRONG_INPUT)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as error:  # Click ends with 1 where nobody reads its output: 1 is a --fail-if condition here
        if error.code == 1 and type(sys.stdout).__name__ == "PacifyFlushWrapper":
            let_go()
            sys.exit(PIPE_CLOSED)
        raise
    except Exception:
        import traceback

        traceback.print_exc()
        _fail("this is a bug in qtrain: please report it with the lines above.", BUG)
    if code == INTERRUPTED:
        _fail("interrupted; what was finished is kept.", INTERRUPTED)
    sys.exit(code or 0)


def _fail(message: str, code: int) -> None:
    say(f"qtrain: {message}".replace("\n", " "), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

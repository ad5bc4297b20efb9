"""Studies that have run, or are running: read back from their storage, and written as a page."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.studies.result import SearchResult


def names_study(source: str, storage: str | None) -> bool:
    """Whether a source is a study: a spec, a journal, or a name that is not registered but has a journal here."""
    from qtrain.registry.registry import names
    from qtrain.studies.run.storage import default_journal

    if storage is not None or Path(source).suffix in (".toml", ".journal"):
        return True
    return not Path(source).suffix and source not in names() and default_journal(source).is_file()


def study_report(source: str, output: Path, *, storage: str | None = None) -> str:
    """Write the page of a study; a sentence about it.

    Raises:
        QTrainError: a study that is not there.
    """
    from qtrain.files.writing import write_text
    from qtrain.views.study_page import study_page

    result = stored_study(source, storage)
    write_text(output, study_page(result), "output")
    return f"Wrote {output}: {len(result.trials)} trials of {result.study}."


def stored_study(source: str, storage: str | None = None) -> SearchResult:
    """A study as it stands, also while it runs: a journal is read from a copy, and left as it is.

    Args:
        source: its name, its spec file, or its journal. storage: journal file or database URL; None: the default one.

    Raises:
        QTrainError: no such study, or one that qtrain did not run.
    """
    from qtrain.studies.spec.search_spec import read_spec

    given = read_spec(source) if source.endswith(".toml") else None
    if source.endswith(".journal"):
        if storage is not None:
            raise QTrainError(f"storage should be left out where the study is given by its journal. Got {storage!r}.")
        title, storage = None, source
    else:
        title = source if given is None else given.name
    with _opened(storage, title) as (opened, where):
        result = read_study(opened, where, title or _only(opened, where), given)
    return _named(result)


def journal_of(storage: str | None, title: str | None) -> Path | None:
    """The journal file that holds the study; None: it is in a database.

    Raises:
        QTrainError: there is none.
    """
    from qtrain.studies.run.storage import default_journal

    if "://" in str(storage or ""):
        file = Path(str(storage).removeprefix("sqlite:///").partition("?")[0])
        if str(storage).startswith("sqlite:///") and not file.is_file():  # opened, it would be made
            raise QTrainError(f"storage should be a database that exists. Got {storage!r}: there is no such file.")
        return None
    journal = Path(storage) if storage else default_journal(str(title))
    if not journal.is_file():
        raise QTrainError(
            f"study should have run in this folder, with its journal {journal}. Got {title or storage!r}, "
            f"which has none: give --storage, or change to the folder it ran in."
        )
    return journal


@contextmanager
def _opened(storage: str | None, title: str | None) -> Iterator[tuple[Any, str]]:
    from qtrain.studies.run.storage import open_storage

    journal = journal_of(storage, title)
    if journal is None:
        with open_storage(storage, str(title)) as found:
            yield found
        return
    with tempfile.TemporaryDirectory(prefix="qtrain-study-") as folder:
        copy = Path(folder) / "study.journal"
        try:
            shutil.copyfile(journal, copy)
        except OSError as error:
            raise QTrainError(f"study should be a readable file. Got {journal}: {error.strerror}.") from None
        try:
            with open_storage(str(copy), str(title)) as (opened, _):
                yield opened, str(journal)
        except QTrainError as error:
            raise QTrainError(str(error).replace(str(copy), str(journal))) from None


def _only(opened: Any, where: str) -> str:
    import optuna

    found = sorted(optuna.get_all_study_names(opened))
    if len(found) != 1:
        known = ", ".join(found) or "none"
        raise QTrainError(f"study should be named where a storage holds several: {known}. Got {where}: use --storage.")
    return str(found[0])


def read_study(opened: Any, where: str, title: str, given: Any) -> SearchResult:
    """The study of that title as it stands in an open storage; ``given``: a spec whose rule counts, or None."""
    import optuna

    from qtrain.studies.result import summarise
    from qtrain.studies.run.record import to_record
    from qtrain.studies.spec.search_spec import read_spec

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        stored = optuna.load_study(study_name=title, storage=opened)
    except KeyError:
        known = ", ".join(sorted(optuna.get_all_study_names(opened))) or "none"
        raise QTrainError(f"study should be one of those in {where}: {known}. Got {title!r}.") from None
    attributes, trials = stored.user_attrs, stored.get_trials(deepcopy=False)
    if "qtrain:spec" not in attributes or not trials:
        raise QTrainError(f"study should be one that qtrain search has run. Got {title!r} in {where}, which is not.")
    spec = given or read_spec({**attributes["qtrain:spec"], "trials": len(trials)})
    full = {t.number: attributes[key] for t in trials if (key := f"qtrain:full:{t.number}") in attributes}
    records = [to_record(trial) for trial in trials]
    return summarise(spec, records, full, storage=where, tracking_uri=None, interrupted=False)


def _named(result: SearchResult) -> SearchResult:
    """With the name that its winner is registered under, where that is still the study's own."""
    from qtrain.registry.registry import load, slug

    if result.winner is None:
        return result
    name = slug(result.study)
    try:
        same = load(name).architecture.content_id == result.winner.architecture_id
    except QTrainError:
        return result
    return dataclasses.replace(result, name=name) if same else result

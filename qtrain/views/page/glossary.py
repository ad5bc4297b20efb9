"""The words of the pages, explained: ``assets/glossary.toml`` as a table that other packages may add to."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from qtrain.extensions import Table


@dataclass(frozen=True)
class Term:
    """``word``: as it stands on a page; ``meaning``: two sentences at most.

    ``see``: keys of other rows; ``also``: other words that mean the same.
    """

    word: str
    meaning: str
    see: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


TERMS: Table[Term] = Table("term")
for _key, _row in tomllib.loads(
    files("qtrain.views.page").joinpath("assets", "glossary.toml").read_text(encoding="utf-8")
).items():
    TERMS.add(_key, Term(_row["word"], _row["meaning"], tuple(_row.get("see", ())), tuple(_row.get("also", ()))))

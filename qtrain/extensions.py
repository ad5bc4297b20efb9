"""Tables of rows that anyone can add to, and the modules in which other packages add theirs.

A row (an objective, a task, a sampler, a gradient method, a criterion, a topology…) is added beside its code, by one
call. Another package adds rows in a module of its own and names that module in the entry points group
``qtrain.extensions``; a search's spec may also name such modules, as ``extensions = ["my_module"]``.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from qtrain.errors import QTrainError

GROUP = "qtrain.extensions"
Row = TypeVar("Row")


class Table(Generic[Row]):
    """Rows by name, in the order in which they were added.

    Args:
        argument: what error sentences call the name, such as "sampler".

    Example:
        >>> greetings: Table[str] = Table("greeting")
        >>> _ = greetings.add("hello", "Hello!")
        >>> greetings["hello"], list(greetings)
        ('Hello!', ['hello'])
        >>> greetings["helo"]
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: greeting should be 'hello'. Got 'helo' (did you mean 'hello'?).
    """

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self._rows: dict[str, Row] = {}

    def add(self, name: str, row: Row, *, before: str | None = None, replace: bool = False) -> Row:
        """Add a row, and give it back.

        Args:
            name: its name; ``before``: the row it stands in front of, where the order matters.
            replace: put it in the place of the row of this name (a notebook's cell that runs again).

        Raises:
            QTrainError: a name that is taken by another row, or that is no name.
        """
        if not isinstance(name, str) or not name:
            raise QTrainError(f"{self.argument} should have a name. Got {name!r}.")
        if self._rows.get(name, row) is not row and not replace:
            raise QTrainError(f"{self.argument} should have a name that is free. Got {name!r}: pass replace=True.")
        if before is None or name == before:
            self._rows[name] = row
        else:
            self[before]  # refuses what is not there
            rest = [item for item in self._rows.items() if item[0] != name]
            place = [key for key, _ in rest].index(before)
            self._rows = dict([*rest[:place], (name, row), *rest[place:]])
        return row

    def remove(self, name: str) -> Row:
        """Take a row out again, and give it back."""
        row = self[name]
        del self._rows[name]
        return row

    def __getitem__(self, name: str) -> Row:
        if name not in self:
            names = list(self._rows)
            close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.7)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            expected = ("one of " if len(names) > 1 else "") + (", ".join(map(repr, names)) or "added first")
            raise QTrainError(f"{self.argument} should be {expected}. Got {name!r}{hint}.")
        return self._rows[name]

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        if name not in self._rows:
            load_installed()
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        load_installed()
        return iter(list(self._rows))

    def __len__(self) -> int:
        load_installed()
        return len(self._rows)

    def items(self) -> list[tuple[str, Row]]:
        """(name, row) of every row, in the table's order."""
        return [(name, self._rows[name]) for name in self]

    def values(self) -> list[Row]:
        """Every row, in the table's order."""
        return [row for _, row in self.items()]


@lru_cache(maxsize=1)
def load_installed() -> None:
    """Import the modules that installed packages name in the entry points group ``qtrain.extensions``, once.

    Raises:
        QTrainError: one of them does not import.
    """
    from importlib.metadata import entry_points

    load_modules(entry.module for entry in entry_points(group=GROUP))


def load_modules(names: Iterable[str]) -> None:
    """Import modules that add rows.

    Raises:
        QTrainError: one of them does not import.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise QTrainError(
                f"extensions should be modules that can be imported. Got {name!r}: {error}. Install its package."
            ) from None

"""Tables that lose nothing where the terminal is narrow: a row then becomes a few lines below each other."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

READABLE = 14  # columns that text needs to be read when it is folded


class FittingTable(Table):
    """A table whose rows are written one below the other where its columns would be too narrow to read.

    Example:
        >>> table = FittingTable("cause", "advice", box=None)
        >>> table.add_row("dead: outside the light cone", "remove, or measure more qubits")
        >>> console = Console(width=24)
        >>> with console.capture() as seen:
        ...     console.print(table)
        >>> print("\\n".join(line.rstrip() for line in seen.get().splitlines()))
        dead: outside the light
        cone
          advice: remove, or
          measure more qubits
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = [[_text(cell, console) for cell in column.cells] for column in self.columns]
        heads = [_text(column.header, console) for column in self.columns]
        if self._needed(heads, rows) <= options.max_width:
            yield from super().__rich_console__(console, options)
            return
        for cells in zip(*rows, strict=True):
            first, *rest = cells
            yield Text.assemble((f"{heads[0]} ", "bold") if heads[0].plain in ("#", "qubits") else "", first)
            for head, cell in zip(heads[1:], rest, strict=True):
                if cell.plain.strip():
                    line = Text.assemble((head.plain, "bold"), ": " if head.plain else "", cell)
                    yield Padding(line, (0, 0, 0, 2))

    def _needed(self, heads: list[Text], rows: list[list[Text]]) -> int:
        """The columns of a terminal in which every cell can be read."""
        total = 0
        for column, head, cells in zip(self.columns, heads, rows, strict=True):
            widest = max((text.cell_len for text in (head, *cells)), default=0)
            total += widest if column.no_wrap else min(widest, READABLE)
        return total + 2 * (len(self.columns) - 1)


def _text(cell: object, console: Console) -> Text:
    return cell if isinstance(cell, Text) else console.render_str(str(cell), highlight=False)

"""Plain tables for the terminal."""

from typing import Any

from rich.table import Table
from rich.text import Text

from peeler.text import label


def plain_table(*columns: str) -> Table:
    """A table without lines; a column without a name has no heading."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def add_row(table: Table, *cells: object) -> None:
    """Add cells as they are: a name may hold what rich would take for markup."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells))


def swatch(colour: str | None) -> Text:
    """``#rrggbb`` after a square of that colour."""
    return Text.assemble(("■ ", colour), colour) if colour else Text()


def short(value: Any, longest: int = 300) -> str:
    """A value on one line, without control characters; what is too long is cut and its length told."""
    text = value if isinstance(value, str) else repr(value)
    line = label(text, longest)
    return line if len(text) <= longest else f"{line} ({len(text)} characters)"

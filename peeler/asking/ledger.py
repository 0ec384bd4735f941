"""The one file by which the processes of a batch share what is spent and whose turn it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from peeler.errors import StoreError

SPENDING = "spending.sqlite"
"""What the file is called in the folder of a run or batch; next to it ``-journal`` while it is written."""
FORMAT = 1
PATIENCE = 60.0
"""Seconds to wait for another process to finish its transaction."""

TABLES = """
CREATE TABLE spent (
    scope TEXT, owner TEXT, calls INTEGER, cached INTEGER, money REAL, input INTEGER, output INTEGER,
    PRIMARY KEY (scope, owner)
);
CREATE TABLE reserved (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT, money REAL, until REAL);
CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL, until REAL, tokens INTEGER,
    begun INTEGER DEFAULT 0, ended INTEGER DEFAULT 0
);
CREATE TABLE marks (name TEXT PRIMARY KEY, value REAL);
"""


class Ledger:
    """A small SQLite file. It holds no connection, so it can be handed to other threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """All that is done inside happens at once, or not at all when it raises or the process is killed.

        A ``durable`` one outlives a power cut, too, which takes its time. Raises StoreError when the file cannot be
        used.
        """
        try:
            with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as connection:
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
                connection.execute("BEGIN IMMEDIATE")
                self._prepare(connection)
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as problem:
            raise StoreError(f"{self.path}: cannot be used ({problem})") from problem

    def begin(self, now: float) -> None:
        """Forget whose turn it was before a restart; for the one process that holds the lock of the folder.

        What was spent stays, and so does what was asked in the minute before ``now``, in seconds since 1970; what was
        asked after it was by a clock that went wrong.
        """
        with self.transaction() as connection:
            connection.execute("DELETE FROM turns WHERE NOT begun OR at > ?", (now,))
            connection.execute("UPDATE turns SET ended = 1")
            connection.execute("UPDATE reserved SET until = 0")
            connection.execute("DELETE FROM marks WHERE name = 'pause'")

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for table in TABLES.split(";\n"):
                connection.execute(table)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        elif version != FORMAT:
            raise StoreError(f"{self.path}: is of another version; use --force or another output folder")

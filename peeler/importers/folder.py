"""A stack folder, or the run that it lies in, as a stack."""

from pathlib import Path

from peeler.errors import InputError, StoreError
from peeler.protocols import Imported
from peeler.stack_files import STACK_FILE, read_stack


class FolderImporter:
    """Reads ``stack.json`` and its layers, in the folder or in the folder ``stack`` in it."""

    def read(self, path: Path) -> Imported:
        """The stack in the folder ``path``. Raises InputError."""
        folder = next((place for place in (path, path / "stack") if (place / STACK_FILE).is_file()), None)
        if folder is None:
            raise InputError(f"{path}: there is no {STACK_FILE} in it, and no layer_png/layer_0.png")
        try:
            return Imported(read_stack(folder))
        except StoreError as problem:
            raise InputError(str(problem)) from problem

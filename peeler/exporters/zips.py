"""Zip files that depend on what is in them and on nothing else."""

from collections.abc import Iterable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip file can hold."""
FILE = 0o644 << 16
"""How a plain file is marked."""


def zip_bytes(members: Iterable[tuple[str, bytes]], stored: Iterable[str] = ()) -> bytes:
    """A zip file of named members in their order; those in ``stored`` are not compressed."""
    plain, buffer = set(stored), BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, data in members:
            info = ZipInfo(name, LONG_AGO)
            info.create_system, info.external_attr = 3, FILE
            info.compress_type = ZIP_STORED if name in plain else ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()

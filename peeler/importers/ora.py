"""OpenRaster as a stack: what Krita, GIMP, MyPaint and others have written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element
from zipfile import ZipFile

import numpy as np

from peeler import particulars
from peeler.errors import InputError
from peeler.geometry import RGBA, Box
from peeler.importers.likeness import likeness
from peeler.importers.limits import Allowance, bytes_of, check_canvas, decoding, png_pixels
from peeler.importers.markup import local, parse
from peeler.particulars import Found
from peeler.protocols import Imported
from peeler.text import label

MOST_MEMBERS = 10_000
MOST_MEMBER_BYTES = 256 * 2**20
"""Unpacked."""
MOST_MARKUP = 16 * 2**20
KEPT = "peeler.json"
PLAIN = {"", "svg:src-over"}


class OraImporter:
    """Reads the pixels of all layers, and of members of the file only those that they name."""

    def read(self, path: Path) -> Imported:
        """The stack in the file ``path``. Raises InputError."""
        data = bytes_of(path)
        with decoding(path, "OpenRaster file"), ZipFile(BytesIO(data)) as archive:
            members = _Members(path, archive)
            root = parse(members.take("stack.xml", MOST_MARKUP), path)
            size = check_canvas(path, int(root.get("w", "0")), int(root.get("h", "0")))
            stacks = [child for child in root if local(child) == "stack"]
            if local(root) != "image" or not stacks:
                raise InputError(f"{path}: has no stack of layers")
            reading = _Reading(members, Allowance(path))
            found = list(reading.layers(stacks[0], ("", 1.0, True)))[::-1]
            kept = particulars.read(members.take(KEPT, MOST_MARKUP)) if KEPT in members.names else {}
            stack = particulars.restored(size, found, kept)
            picture = _merged(members, size)
        return Imported(stack, tuple(reading.notes) + likeness(stack, picture))


class _Members:
    """What is in a zip file, unpacked within limits."""

    def __init__(self, path: Path, archive: ZipFile) -> None:
        self.path, self._archive = path, archive
        self.names = set(archive.namelist())
        if len(self.names) > MOST_MEMBERS:
            raise InputError(f"{path}: holds more than {MOST_MEMBERS} files")

    def take(self, name: str, most: int = MOST_MEMBER_BYTES) -> bytes:
        """One member. Raises InputError when it is not there, has an odd name or is larger than ``most`` bytes."""
        parts = name.replace("\\", "/").split("/")
        if name.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in name:
            raise InputError(f"{self.path}: names a layer {label(name)!r}, which is no place in the file")
        if name not in self.names:
            raise InputError(f"{self.path}: {label(name)!r} is missing in it")
        with self._archive.open(name) as member:
            # What the directory says about the size is not to be believed.
            data = member.read(most + 1)
        if len(data) > most:
            raise InputError(f"{self.path}: {label(name)!r} has more than {most // 2**20} MiB when it is unpacked")
        return data


@dataclass
class _Reading:
    members: _Members
    allowance: Allowance
    notes: list[str] = field(default_factory=list)

    def layers(self, stack: Element, place: tuple[str, float, bool]) -> Iterator[Found]:
        """The layers of a stack, top first; ``place`` is what the stacks around it are called, opacity, visibility."""
        outer, faded, shown = place
        for entry in stack:
            name, opacity = label(entry.get("name", "")), faded * _opacity(entry)
            visible = shown and entry.get("visibility", "visible") != "hidden"
            if entry.get("composite-op", "") not in PLAIN:
                self.notes.append(f"{name or 'a layer'!r} has a blend mode, which is taken as normal")
            if local(entry) == "stack":
                inner = particulars.inside(outer, name or "group")
                yield from self.layers(entry, (inner, opacity, visible))
            elif local(entry) == "layer" and entry.get("src"):
                yield self._found(entry, name, (outer, opacity, visible))
            else:
                self.notes.append(f"{name or local(entry)!r} is no layer of pixels and is left out")

    def _found(self, entry: Element, name: str, place: tuple[str, float, bool]) -> Found:
        source, (group, opacity, visible) = entry.get("src", ""), place
        pixels = png_pixels(self.members.take(source), self.allowance)
        x, y = round(float(entry.get("x", "0"))), round(float(entry.get("y", "0")))
        box = Box(x, y, x + pixels.shape[1], y + pixels.shape[0])
        return Found(name or "layer", box, pixels, opacity, visible, group, key=source)


def _opacity(entry: Element) -> float:
    opacity = float(entry.get("opacity", "1"))
    return min(max(opacity, 0.0), 1.0) if np.isfinite(opacity) else 1.0


def _merged(members: _Members, size: tuple[int, int]) -> RGBA | None:
    """The picture that the layers are said to make, if it is there and has the size of the canvas."""
    if "mergedimage.png" not in members.names:
        return None
    return png_pixels(members.take("mergedimage.png"), Allowance(members.path))

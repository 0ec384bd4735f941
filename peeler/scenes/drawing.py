"""Shapes, and the sheet that a motif draws them on."""

from dataclasses import dataclass, field, replace

from peeler.scenes.forms import joined
from peeler.scenes.paths import Affine, Path


@dataclass(frozen=True)
class Shape:
    """One flat shape.

    ``part_of`` is the id of the shape that it is drawn on, None if it stands by itself. ``plain`` shapes are small
    or thin: no style gives them an outline or shading.
    """

    path: Path
    fill: str
    id: str
    title: str
    part_of: str | None = None
    plain: bool = False

    def mapped(self, affine: Affine) -> "Shape":
        return replace(self, path=self.path.mapped(affine))


@dataclass
class Sheet:
    """Collects the shapes of a motif, bottom first, and gives them ids."""

    shapes: list[Shape] = field(default_factory=list)

    def add(self, title: str, path: Path, fill: str, on: str | None = None, plain: bool = False) -> str:
        """Lay a shape on top; ``on`` is the id of the shape that it belongs to.

        Returns the id of the new shape. Nothing is laid for an empty path.
        """
        name = title.replace(" ", "-")
        taken = {shape.id for shape in self.shapes}
        number = 1
        while (unique := name if number == 1 else f"{name}-{number}") in taken:
            number += 1
        if path.loops:
            self.shapes.append(Shape(path, fill, unique, title, on, plain))
        return unique

    def mark(self, title: str, path: Path, fill: str, on: str | None = None) -> str:
        """Lay a plain shape on top."""
        return self.add(title, path, fill, on, plain=True)

    def pair(
        self, title: str, left: Path, fill: str, on: str | None = None, plain: bool = False, x: float = 256
    ) -> None:
        """Lay a shape and its mirror image: as two shapes, or as one if they are plain."""
        right = left.mirrored(x)
        if plain:
            self.mark(f"{title} pair", joined(left, right) if left.box[2] > x else left + right, fill, on)
            return
        self.add(f"left {title}", left, fill, on)
        self.add(f"right {title}", right, fill, on)

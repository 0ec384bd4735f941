"""The committed test set: which scenes it holds, and drawing it again byte for byte."""

from collections.abc import Callable, Iterator
from pathlib import Path

from peeler.scenes.motifs import FAMILIES
from peeler.scenes.render import picture, png_bytes
from peeler.scenes.scene import Scene, scene

COUNT = 250
_TURNS = (
    "flat outlined badge shaded sticker halved spotlight-outlined flat duotone outlined grounded sticker-shaded "
    "badge flat linework sticker badge-outlined flat spotlight"
).split()
_STRIDE, _OFFSET = 5, 8


def plan(count: int = COUNT, seed: int = 0) -> Iterator[tuple[str, str, str, int]]:
    """(name, family, style, seed) of every picture: all families in turn, in another style every round."""
    families = list(FAMILIES)
    for index in range(count):
        family, turn = families[index % len(families)], index // len(families)
        style = _TURNS[(index % len(families) * _OFFSET + turn * _STRIDE) % len(_TURNS)]
        yield f"{family}-{style}-{index:03d}", family, style, seed + index


def draw_testset(
    folder: Path, count: int = COUNT, seed: int = 0, on_picture: Callable[[int, int], None] | None = None
) -> None:
    """Write ``folder``/png/NAME.png and ``folder``/svg/NAME.svg for ``count`` scenes; byte for byte the same every
    time.

    ``on_picture`` is told (drawn, count) after every picture.
    """
    for kind in ("png", "svg"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for index, (name, family, style, number) in enumerate(plan(count, seed), 1):
        _write(folder, name, scene(family, style, number))
        if on_picture:
            on_picture(index, count)


def _write(folder: Path, name: str, drawn: Scene) -> None:
    svg = drawn.svg
    (folder / "svg" / f"{name}.svg").write_bytes(svg.encode())
    (folder / "png" / f"{name}.png").write_bytes(png_bytes(picture(svg)))

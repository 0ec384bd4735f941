"""The frames of a peeling as published: ``layer_png/layer_0.png`` is the picture, ``layer_k.png`` is k removals on."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from peeler.errors import InputError
from peeler.geometry import RGB
from peeler.inputs import MAX_PIXELS, read_picture
from peeler.protocols import Imported
from peeler.sequences import stack_of_frames

FRAMES = "layer_png"
"""The folder of the frames in that of a picture."""
MOST_FRAMES = 200
MOST_PIXELS = 8 * MAX_PIXELS
"""Of all frames together."""
_FRAME = re.compile(r"layer_(0|[1-9]\d{0,3})\.png")


class SequenceImporter:
    """Reads frames from the folder ``layer_png``, or from the folder that holds it."""

    def read(self, path: Path) -> Imported:
        """The stack that was peeled off in the folder ``path``. Raises InputError."""
        stack, notes = stack_of_frames(list(_frames(path)))
        return Imported(stack, notes)


def frames_folder(path: Path) -> Path | None:
    """The folder of the frames that ``path`` is or holds; None if there are none."""
    return next((place for place in (path, path / FRAMES) if (place / "layer_0.png").is_file()), None)


def _frames(path: Path) -> Iterator[RGB]:
    folder = frames_folder(path)
    if folder is None:
        raise InputError(f"{path}: there is no layer_0.png in it, nor in {FRAMES}")
    try:
        found = sorted(int(match[1]) for file in folder.iterdir() if (match := _FRAME.fullmatch(file.name)))
    except OSError as problem:
        raise InputError(f"{folder}: cannot be listed ({problem.strerror})") from problem
    if len(found) > MOST_FRAMES:
        raise InputError(f"{folder}: has {len(found)} frames; {MOST_FRAMES} are read")
    if gap := sorted(set(range(found[-1] + 1)) - set(found)):
        raise InputError(f"{folder}: layer_{gap[0]}.png is missing")
    size: tuple[int, int] | None = None
    for number in found:
        picture = read_picture(folder / f"layer_{number}.png")
        if size is None:
            size = picture.size
            if size[0] * size[1] * len(found) > MOST_PIXELS:
                raise InputError(f"{folder}: {len(found)} frames of {size[0]} × {size[1]} are too many pixels")
        if picture.size != size:
            told = " × ".join(map(str, picture.size))
            raise InputError(f"{folder}: layer_{number}.png is {told}, layer_0.png {size[0]} × {size[1]}")
        yield _on_white(picture.pixels)


def _on_white(pixels: RGB) -> RGB:
    """Frames are laid on white, as where they come from."""
    if pixels.shape[2] == 3:
        return pixels
    cover = pixels[..., 3:].astype(np.uint32)
    mixed: RGB = ((pixels[..., :3] * cover + 255 * (255 - cover) + 127) // 255).astype(np.uint8)
    return mixed

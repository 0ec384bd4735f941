"""The peeling as an animated WebP, without loss."""

from pathlib import Path

from PIL import Image

from peeler.exporters.peeling import frames
from peeler.files import replacing
from peeler.stack import LayerStack


class WebpExporter:
    """Writes an animation; the same stack always gives the same bytes."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the file ``path``, at once or not at all. Raises StoreError."""
        pictures = list(frames(stack))
        first, *rest = (Image.fromarray(frame.pixels) for frame in pictures)
        with replacing(path) as unfinished:
            first.save(
                unfinished,
                "WEBP",
                save_all=True,
                append_images=rest,
                duration=[frame.milliseconds for frame in pictures],
                loop=0,
                lossless=True,
                method=3,
            )

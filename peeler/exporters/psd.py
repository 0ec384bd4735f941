"""A stack as a PSD: cropped, named layers in groups, and the picture that they make together.

The library would paint that picture itself, slowly and not to the last bit, so that ours is put in its place.
"""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image
from psd_tools import PSDImage
from psd_tools.api.layers import Group as PsdGroup
from psd_tools.constants import BlendMode, Compression, Resource, Tag
from psd_tools.psd.image_resources import ImageResource

from peeler import particulars
from peeler.exporters.grouping import grouped
from peeler.files import replacing
from peeler.geometry import RGBA
from peeler.stack import Layer, LayerStack

XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:peeler="urn:peeler"><peeler:layers>{}</peeler:layers></rdf:Description></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)
"""Where programs keep what they do not know themselves (Adobe, XMP Specification Part 1, §7)."""


class PsdExporter:
    """Writes a stack as a PSD; the same stack always gives the same bytes."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the file ``path``, at once or not at all. Raises StoreError."""
        data = psd_bytes(stack)
        with replacing(path) as unfinished:
            unfinished.write_bytes(data)


def psd_bytes(stack: LayerStack) -> bytes:
    """The file. Groups have the blend mode Normal: some programs show nothing of those that pass through."""
    document = PSDImage.new("RGBA", stack.size)
    kept: dict[str, particulars.Particulars] = {}
    for group in grouped(stack):
        place: PSDImage | PsdGroup = document
        if not group.is_one:
            place = document.create_group(name="group", blend_mode=BlendMode.NORMAL)
            place.name = group.shown
        for layer in group.layers:
            number = len(kept) + 1
            _add(place, layer, number)
            kept[str(number)] = particulars.particulars(layer, group.shown)
    packet = XMP.format(escape(particulars.written(kept).decode("ascii")))
    document.image_resources[Resource.XMP_METADATA] = ImageResource(key=Resource.XMP_METADATA, data=packet.encode())
    return _with_picture(document, stack.composite())


def _add(place: "PSDImage | PsdGroup", layer: Layer, number: int) -> None:
    made = place.create_pixel_layer(
        Image.fromarray(layer.pixels),
        left=layer.box.x0,
        top=layer.box.y0,
        opacity=round(255 * layer.opacity),
        compression=Compression.RLE,
    )
    # Names outside Mac Roman cannot be given when a layer is made.
    made.name = particulars.shown_name(layer)
    made.visible = layer.visible
    made.tagged_blocks.set_data(Tag.LAYER_ID, number)


def _with_picture(document: PSDImage, picture: RGBA) -> bytes:
    """The file with ``picture`` as what its layers make together; the library has no public way to say so."""
    record = document._record
    planes = list(_on_white(picture))
    layers = record.layer_and_mask_information.layer_info
    if picture[..., 3].min() == 255:
        record.header.channels = 3
    else:
        planes.append(picture[..., 3])
        if layers is not None:
            # A negative count says that the fourth channel is transparency, and colours then are those on white.
            layers.layer_count = -abs(layers.layer_count)
    record.image_data.compression = Compression.RLE
    record.image_data.set_data([plane.tobytes() for plane in planes], record.header)
    buffer = BytesIO()
    record.write(buffer)
    return buffer.getvalue()


def _on_white(picture: RGBA) -> Iterable[np.ndarray]:
    cover = picture[..., 3].astype(np.uint32)
    for channel in range(3):
        yield ((picture[..., channel] * cover + 255 * (255 - cover) + 127) // 255).astype(np.uint8)

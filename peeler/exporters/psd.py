"""A stack as a PSD: cropped, named layers in groups, and the picture that they make together.

The library would paint that picture itself, slowly and not to the last bit, and would go through all layers for each
new one. So the records of the file, which it knows as well, are put together here.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import count
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from psd_tools import PSDImage
from psd_tools.constants import BlendMode, ChannelID, Compression, Resource, SectionDivider, Tag
from psd_tools.psd import layer_and_mask as records
from psd_tools.psd.image_resources import ImageResource
from psd_tools.psd.tagged_blocks import TaggedBlocks

from peeler import particulars
from peeler.exporters.grouping import Group, grouped, with_groups
from peeler.files import replacing
from peeler.geometry import RGBA, Box
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


Record = tuple[records.LayerRecord, records.ChannelDataList]


def psd_bytes(stack: LayerStack) -> bytes:
    """The file. Groups have the blend mode Normal: some programs show nothing of those that pass through."""
    document = PSDImage.new("RGBA", stack.size)
    members, numbers = grouped(stack), count(1)
    if found := list(_records(members, numbers)):
        document._record.layer_and_mask_information = _section(found)
    kept = {
        str(number): particulars.particulars(layer, around)
        for number, (around, layer) in enumerate(with_groups(members), start=1)
    }
    packet = XMP.format(escape(particulars.written(kept).decode("ascii")))
    document.image_resources[Resource.XMP_METADATA] = ImageResource(key=Resource.XMP_METADATA, data=packet.encode())
    return _with_picture(document, stack.composite())


def _pixels(layer: Layer, number: int) -> Record:
    channels = records.ChannelDataList()
    for plane in (3, 0, 1, 2):
        channels.append(made := records.ChannelData(Compression.RLE))
        made.set_data(layer.pixels[..., plane].tobytes(), layer.box.width, layer.box.height, 8)
    record = _record(particulars.shown_name(layer), layer.box, channels)
    record.opacity = round(255 * layer.opacity)
    record.flags.visible = layer.visible
    record.tagged_blocks.set_data(Tag.LAYER_ID, number)
    return record, channels


def _records(members: Sequence[Group | Layer], numbers: Iterator[int]) -> Iterator[Record]:
    """Those of a group lie between two records without pixels, of which the upper one is the group."""
    for member in members:
        if isinstance(member, Layer):
            yield _pixels(member, next(numbers))
        else:
            yield _marker("</Layer group>", SectionDivider.BOUNDING_SECTION_DIVIDER)
            yield from _records(member.members, numbers)
            yield _marker(member.shown, SectionDivider.OPEN_FOLDER, BlendMode.NORMAL)


def _marker(name: str, kind: SectionDivider, blend_mode: BlendMode | None = None) -> Record:
    channels = records.ChannelDataList()
    for _ in range(4):
        channels.append(records.ChannelData(Compression.RAW))
    record = _record(name, Box(0, 0, 0, 0), channels)
    record.tagged_blocks.set_data(Tag.SECTION_DIVIDER_SETTING, kind, blend_mode=blend_mode)
    return record, channels


def _record(name: str, box: Box, channels: records.ChannelDataList) -> records.LayerRecord:
    """What a layer is called, where it lies, and what its four channels are, of which the first is its transparency."""
    infos = [records.ChannelInfo(ChannelID(place - 1), len(one.data) + 2) for place, one in enumerate(channels)]
    record = records.LayerRecord(box.y0, box.x0, box.y1, box.x1, infos)
    # Older programs read the name in Mac Roman, all others that of the tagged block.
    record.name = name if _is_mac_roman(name) else "?"
    record.tagged_blocks = TaggedBlocks()
    record.tagged_blocks.set_data(Tag.UNICODE_LAYER_NAME, name)
    return record


def _is_mac_roman(name: str) -> bool:
    try:
        return bool(name.encode("macroman"))
    except UnicodeEncodeError:
        return False


def _section(found: list[Record]) -> records.LayerAndMaskInformation:
    layers, channels = records.LayerRecords(), records.ChannelImageData()
    for record, planes in found:
        layers.append(record)
        channels.append(planes)
    info = records.LayerInfo(len(found), layers, channels)
    return records.LayerAndMaskInformation(info, records.GlobalLayerMaskInfo(), TaggedBlocks())


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

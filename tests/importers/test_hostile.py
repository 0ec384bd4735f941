"""Files that are made to do harm: a clear error, little memory, and nothing read or written that is not theirs."""

import resource
import struct
import zlib
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from PIL import Image

from peeler import registry
from peeler.errors import InputError
from peeler.exporters.ora import ora_bytes
from peeler.files import png_bytes
from peeler.importers import limits, ora, svg
from peeler.protocols import Imported
from tests.awkward_stacks import STACKS

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="20" height="10">{}</svg>'
)
STACK_XML = '<image w="20" h="10"><stack>{}</stack></image>'
LAYER = '<layer name="a" src="data/a.png" x="0" y="0"/>'
PATCH = png_bytes(np.full((4, 4, 4), 255, dtype=np.uint8))


def read(name: str, data: bytes, folder: Path) -> Imported:
    (folder / "file").write_bytes(data)
    before = sorted(folder.rglob("*"))
    try:
        return registry.importer(name).read(folder / "file")
    finally:
        assert sorted(folder.rglob("*")) == before


def refused(name: str, data: bytes, folder: Path, told: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=told) as caught:
        read(name, data, folder)
    assert "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000, "kilobytes"


def archive(members: dict[str, bytes | str]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of so many pixels, of which hardly any are there."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


BILLION = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [BILLION, OUTSIDE, '<!DOCTYPE svg SYSTEM "http://127.0.0.1/x.dtd">'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_encoding(declared: str, encoding: str, tmp_path: Path) -> None:
    drawing = f'<?xml version="1.0" encoding="{encoding}"?>{declared}' + SVG.format("<title>&a;</title>")
    refused("svg", drawing.encode(encoding), tmp_path, "declares a document type")
    stack = f'<?xml version="1.0" encoding="{encoding}"?>{declared}' + STACK_XML.format(LAYER)
    refused("ora", archive({"stack.xml": stack.encode(encoding), "data/a.png": PATCH}), tmp_path, "document type")


# OpenRaster


@pytest.mark.parametrize(
    "name", ["../a.png", "/etc/passwd", "data/../../a.png", "C:\\a.png", "..\\a.png", "data/a\\..\\..\\b"]
)
def test_names_that_lead_out_of_an_archive(name: str, tmp_path: Path) -> None:
    markup = STACK_XML.format(LAYER.replace("data/a.png", name))
    refused("ora", archive({"stack.xml": markup, name: PATCH}), tmp_path, "is no place in the file")


def test_what_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ora, "MOST_MARKUP", 2**20)
    refused("ora", archive({"stack.xml": b" " * (2**20 + 1)}), tmp_path, "more than 1 MiB when it is unpacked")
    many = {f"data/{number}": b"" for number in range(10_001)}
    refused("ora", archive({"stack.xml": STACK_XML.format(LAYER), **many}), tmp_path, "holds more than 10000 files")


def test_a_size_in_the_directory_that_is_a_lie(tmp_path: Path) -> None:
    data = bytearray(ora_bytes(STACKS["parts"]))
    place = data.index(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 2**31)
    (tmp_path / "file").write_bytes(data)
    registry.importer("ora").read(tmp_path / "file")  # the first member is not read


@pytest.mark.parametrize("size", [(60_000, 60_000), (20_000, 10_000), (7_000, 7_000)])
def test_layers_that_are_said_to_be_huge(size: tuple[int, int], tmp_path: Path) -> None:
    members = {"stack.xml": STACK_XML.format(LAYER), "data/a.png": bomb(*size)}
    refused("ora", archive(members), tmp_path, "more than a picture may have|damaged or no OpenRaster")


def test_one_picture_that_is_many_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_LAYER_PIXELS", 100 * 16)
    data = archive({"stack.xml": STACK_XML.format(LAYER * 101), "data/a.png": PATCH})
    refused("ora", data, tmp_path, "its layers have more than")
    data = archive({"stack.xml": STACK_XML.format(LAYER * 2001), "data/a.png": PATCH})
    monkeypatch.setattr(limits, "MOST_LAYER_PIXELS", 2**40)
    refused("ora", data, tmp_path, "has more than 2000 layers")


@pytest.mark.parametrize(
    "size", ['w="0" h="5"', 'w="-3" h="5"', 'w="99999" h="5"', 'w="9000" h="9000"', 'w="x" h="5"', ""]
)
def test_canvases_that_cannot_be(size: str, tmp_path: Path) -> None:
    markup = STACK_XML.replace('w="20" h="10"', size).format(LAYER)
    refused("ora", archive({"stack.xml": markup, "data/a.png": PATCH}), tmp_path, "canvas of|is too large|damaged")


@pytest.mark.parametrize(
    "attribute", ['x="nan"', 'x="inf"', 'x="1e400"', 'opacity="nan"', 'opacity="-5"', 'x="99999999999"']
)
def test_numbers_that_are_none(attribute: str, tmp_path: Path) -> None:
    markup = STACK_XML.format(f'<layer name="a" src="data/a.png" {attribute}/>')
    data = archive({"stack.xml": markup, "data/a.png": PATCH})
    if attribute.startswith("x") and "999" not in attribute:
        refused("ora", data, tmp_path, "is damaged")
    else:
        assert len(read("ora", data, tmp_path).stack.layers) == 1


def test_stacks_in_stacks(tmp_path: Path) -> None:
    markup = STACK_XML.format("<stack>" * 200 + LAYER + "</stack>" * 200)
    refused("ora", archive({"stack.xml": markup, "data/a.png": PATCH}), tmp_path, "more than 100 deep")


@pytest.mark.parametrize("kept", [b"{", b"[]", b'{"data/000.png": {"id": ""}}', b"\xff\xff", b"[" * 100_000])
def test_damaged_particulars_lose_no_layer(kept: bytes, tmp_path: Path) -> None:
    data = archive({"stack.xml": STACK_XML.format(LAYER), "data/a.png": PATCH, "peeler.json": kept})
    assert [layer.name for layer in read("ora", data, tmp_path).stack.layers] == ["a"]


# PSD


@pytest.mark.parametrize(
    ("version", "height", "width", "depth", "mode", "told"),
    [
        (1, 300_000, 300_000, 8, 3, "is too large"),
        (2, 300_000, 1, 8, 3, "is too large"),
        (1, 0, 10, 8, 3, "canvas of 10 × 0"),
        (1, 10, 10, 8, 4, "only PSD files in RGB or grey"),
        (1, 10, 10, 32, 3, "only PSD files in RGB or grey"),
        (1, 10, 10, 8, 99, "only PSD files in RGB or grey"),
    ],
)
def test_headers_that_promise_too_much(
    version: int, height: int, width: int, depth: int, mode: int, told: str, tmp_path: Path
) -> None:
    header = struct.pack(">4sH6xHIIHH", b"8BPS", version, 4, height, width, depth, mode)
    refused("psd", header + bytes(200), tmp_path, told)


def test_a_psd_of_layers_that_are_not_there(tmp_path: Path) -> None:
    """Thirty thousand records of layers, each as large as the canvas may be, and no pixels."""
    record = (
        struct.pack(">iiiiH", 0, 0, 6000, 6000, 0)
        + b"8BIMnorm"
        + bytes([255, 0, 8, 0])
        + struct.pack(">I", 12)
        + bytes(12)
    )
    layers = struct.pack(">h", 30_000) + record * 30_000
    info = struct.pack(">I", len(layers)) + layers
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 6000, 6000, 8, 3)
    data = header + bytes(8) + struct.pack(">I", len(info)) + info + bytes(2)
    refused("psd", data, tmp_path, "layers|damaged")


# SVG


def test_pictures_from_elsewhere_are_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (20, 10), "#ff0000").save(secret)
    inner = SVG.format('<rect width="9" height="9"/>').encode()
    uri = f"data:image/svg+xml;base64,{b64encode(inner).decode()}"
    for target in (str(secret), secret.as_uri(), "secret.png", "http://127.0.0.1/a.png", uri):
        for element in (
            f'<image width="20" height="10" href="{target}"/>',
            f'<image width="20" height="10" xlink:href="{target}"/>',
            f'<filter id="f"><feImage href="{target}"/></filter><rect width="9" height="9" filter="url(#f)"/>',
            f'<rect width="20" height="10" fill="url({target}#a)"/>',
            f'<use href="{target}#a"/>',
            f'<style>@import url({target}); rect {{ fill: url({target}) }}</style><rect width="0" height="9"/>',
        ):
            found = read("svg", SVG.format(element).encode(), tmp_path)
            assert not any(layer.pixels[..., 0].any() for layer in found.stack.layers)


def test_pictures_of_its_own_stay(tmp_path: Path) -> None:
    image = f'<image width="4" height="4" href="data:image/png;base64,{b64encode(PATCH).decode()}"/>'
    assert read("svg", SVG.format(image).encode(), tmp_path).stack.layers[0].box[2:] == (4, 4)
    large = f'<image width="4" height="4" href="data:image/png;base64,{b64encode(bomb(30_000, 30_000)).decode()}"/>'
    assert not read("svg", SVG.format(large).encode(), tmp_path).stack.layers


def test_scripts_and_foreign_objects_are_left_out(tmp_path: Path) -> None:
    inside = "<script>alert(1)</script><foreignObject><p/></foreignObject><animate/>"
    inside += '<rect width="9" height="9" onload="x()"/>'
    found = read("svg", SVG.format(inside).encode(), tmp_path)
    assert len(found.stack.layers) == 1
    assert found.notes == ("2 elements that a drawing need not have, or from other files, left out",)


def test_uses_of_uses(tmp_path: Path) -> None:
    uses = ["".join(10 * [f'<use href="#a{number - 1}"/>']) for number in range(1, 9)]
    levels = [f'<g id="a{number}">{inside}</g>' for number, inside in enumerate(uses, 1)]
    drawing = SVG.format(f'<defs><g id="a0"><rect width="1" height="1"/></g>{"".join(levels)}</defs><use href="#a8"/>')
    refused("svg", drawing.encode(), tmp_path, "is damaged or no SVG")
    around = SVG.format('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>')
    refused("svg", around.encode(), tmp_path, "is damaged or no SVG")


def test_more_elements_than_a_drawing_has(tmp_path: Path) -> None:
    refused("svg", SVG.format("<g>" * 120 + "</g>" * 120).encode(), tmp_path, "more than 100 deep")
    refused("svg", SVG.format("<g/>" * 300_001).encode(), tmp_path, "more than 300000 elements")
    refused("svg", SVG.format('<rect width="1" height="1"/>' * 2001).encode(), tmp_path, "more than 2000 layers")


def test_layers_that_take_too_long_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "MOST_RENDERED", 200 * 9)
    refused("svg", SVG.format('<rect width="1" height="1"/>' * 10).encode(), tmp_path, "10 layers of 20 × 10 pixels")


@pytest.mark.parametrize(
    "attributes",
    [
        'width="1e9" height="1e9"',
        'width="99999" height="1"',
        'width="0" height="5"',
        'width="-4" height="5"',
        'viewBox="0 0 nan 5"',
        'viewBox="0 0 0 5"',
        'viewBox="0 0 1e308 1e308"',
        'width="100%" height="100%"',
        "",
    ],
)
def test_drawings_without_a_size_that_can_be(attributes: str, tmp_path: Path) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><rect width="1" height="1"/></svg>'
    refused("svg", drawing.encode(), tmp_path, "size|viewBox|is too large")


@pytest.mark.parametrize(
    "shape",
    [
        '<path d="M nan nan L 1 1"/>',
        '<rect width="NaN" height="1e400"/>',
        '<path d="M0 0L1e39 1e39L0 5Z"/>',
        '<g transform="matrix(nan 0 0 0 0 0)"><rect width="5" height="5"/></g>',
        '<rect width="5" height="5" opacity="nan"/>',
        '<rect width="5" height="5" style="opacity:;display:"/>',
        '<text font-size="1e30">a</text>',
        f'<path d="{"M0 0L1 1" * 20_000}"/>',
    ],
)
def test_odd_numbers_in_a_drawing(shape: str, tmp_path: Path) -> None:
    assert len(read("svg", SVG.format(shape).encode(), tmp_path).stack.layers) == 1


def test_a_packed_drawing_is_told(tmp_path: Path) -> None:
    refused("svg", b"\x1f\x8b\x08" + bytes(100), tmp_path, "not well-formed")


# Folders


def test_a_folder_that_promises_too_much(tmp_path: Path) -> None:
    row = {"id": "a", "name": "a", "file": "00-a.png", "box": [0, 0, 6000, 6000]}
    (tmp_path / "stack.json").write_text(f'{{"size": [6000, 6000], "layers": [{str(row).replace(chr(39), chr(34))}]}}')
    (tmp_path / "00-a.png").write_bytes(bomb(6000, 6000))
    with pytest.raises(InputError):
        registry.importer("folder").read(tmp_path)
    (tmp_path / "00-a.png").unlink()
    (tmp_path / "00-a.png").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="is not a PNG"):
        registry.importer("folder").read(tmp_path)

"""What replies claim, in pixels."""

import base64
import io
import json
import random
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from peeler.dialogue import Reply
from peeler.geometry import Box, Mask, Pixels
from peeler.replies import Claims, GraphReply, LocaliseReply, claims, read_reply
from peeler.replies.decoding import colour_of

SIZE = (200, 100)
CORNERS = [100, 250, 500, 750]
BOX = Box(50, 10, 150, 50)


def element(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": f"the {id}", "colour": "red", "box_2d": CORNERS} | more


def claimed(*elements: dict[str, Any], located: list[dict[str, Any]] | None = None, **more: Any) -> Claims:
    graph = GraphReply.model_validate({"elements": elements} | more)
    return claims(graph, None if located is None else LocaliseReply.model_validate({"items": located}), SIZE)


def reasons(said: Claims) -> dict[str, str]:
    return dict(said.dropped)


def png(pixels: Pixels | Image.Image) -> str:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels.astype(np.uint8) * 255)
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def disc(width: int, height: int) -> Pixels:
    y, x = np.mgrid[:height, :width]
    inside: Pixels = ((x + 0.5) / width - 0.5) ** 2 + ((y + 0.5) / height - 0.5) ** 2 < 0.25
    return inside


def on_canvas(pixels: Pixels, box: Box = BOX) -> Mask:
    return Mask.of(pixels, (box.x0, box.y0))


def test_an_element_is_put_into_pixels() -> None:
    said = claimed(element("e1", colour="#0a141e", part_of="hat"), description="a hat")
    assert said.elements[0] == ("e1", "the e1", (10, 20, 30), BOX, None, "hat")
    assert (said.description, said.background_only, said.dropped) == ("a hat", False, ())


def test_only_background_is_no_element() -> None:
    said = claimed(background_only=True)
    assert said == Claims(background_only=True)


@pytest.mark.parametrize(
    ("corners", "reason"),
    [
        ([0, 0, 0, 0], "it is empty"),
        ([500, 500, 400, 700], "it is empty"),
        ([100, 1000, 200, 1300], "it lies off the canvas"),
        ([-400, 0, -1, 900], "it lies off the canvas"),
        ([0, 0, 1000, 1000], "it is the whole canvas"),
        ([-50, 4, 1002, 1200], "it is the whole canvas"),
    ],
)
def test_a_box_that_says_nothing_is_dropped_and_the_element_kept(corners: list[int], reason: str) -> None:
    said = claimed(element("e1", box_2d=corners))
    assert said.elements[0].box is None
    assert said.dropped == (("box of e1", reason),)


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ([-100, -100, 500, 500], Box(0, 0, 100, 50)),
        ([900, 900, 2000, 2000], Box(180, 90, 200, 100)),
        ([500, 500, 500.5, 500.5], Box(100, 50, 101, 51)),
        ([999.9, 999.9, 1000, 1000], Box(199, 99, 200, 100)),
    ],
)
def test_a_box_is_clipped_and_keeps_a_pixel(corners: list[float], box: Box) -> None:
    said = claimed(element("e1", box_2d=corners))
    assert (said.elements[0].box, said.dropped) == (box, ())


def test_an_element_said_twice_is_one() -> None:
    again = element("e2", name="THE E1", box_2d=[101, 250, 500, 749])
    edges = [
        {"source": "e2", "target": "e3", "kind": "occludes"},
        {"source": "e1", "target": "e2", "kind": "interrupted_shape"},
    ]
    said = claimed(element("e1"), again, element("e3", colour="blue"), edges=edges, topmost=["e1", "e2"], wanted=["e2"])
    assert [claim.id for claim in said.elements] == ["e1", "e3"]
    assert said.edges == (("e1", "e3", "occludes"),)
    assert (said.topmost, said.wanted) == (("e1",), ("e1",))
    assert reasons(said)["e2 (THE E1)"] == "it is e1 again"


def test_an_outline_in_the_same_box_is_another_element() -> None:
    said = claimed(element("e1"), element("e2", name="the e1", colour="black"), element("e3"))
    assert len(said.elements) == 3


def test_an_id_belongs_to_the_first() -> None:
    said = claimed(element("e1"), element("e1", name="a cat"))
    assert [claim.name for claim in said.elements] == ["the e1"]
    assert reasons(said) == {"e1 (a cat)": "the e1 has the same id"}


def test_edges_join_two_known_elements() -> None:
    def edge(source: str, target: str) -> dict[str, str]:
        return {"source": source, "target": target, "kind": "occludes"}

    said = claimed(
        *(element(id) for id in ("e1", "e2")),
        edges=[edge("e1", "e2"), edge("e1", "e2"), edge("e1", "e1"), edge("e9", "e2"), edge("e1", "../../x")],
        topmost=["e1", "e2", "e7"],
        wanted=["e2", "all"],
    )
    assert said.edges == (("e1", "e2", "occludes"),)
    assert (said.topmost, said.wanted) == (("e1",), ("e2",))
    assert reasons(said) == {
        "e1 occludes e1": "both ends are one element",
        "e9 occludes e2": "no element is called e9",
        "e1 occludes ../../x": "no element is called ../../x",
        "topmost: e7": "no element has this id",
        "topmost: e2": "e1 covers it",
        "wanted: all": "no element has this id",
    }


@pytest.mark.parametrize(
    ("words", "colour"),
    [
        ("#FF8000", (255, 128, 0)),
        ("#f80", (255, 136, 0)),
        ("Dark Red", (139, 0, 0)),
        ("light-blue", (173, 216, 230)),
        ("very pale grey", (128, 128, 128)),
        ("rgb(999, 0, 0)", None),
        ("transparent", None),
        ("#12", None),
        ("", None),
        ("red" * 1000, None),
    ],
)
def test_colours(words: str, colour: tuple[int, int, int] | None) -> None:
    assert colour_of(words) == colour


def test_a_mask_fills_its_box() -> None:
    said = claimed(element("e1"), located=[{"id": "e1", "box_2d": CORNERS, "mask": png(disc(100, 40))}])
    assert said.elements[0].mask == on_canvas(disc(100, 40))
    assert said.dropped == ()


def test_a_mask_is_brought_to_the_size_of_its_box() -> None:
    said = claimed(element("e1"), located=[{"id": "e1", "box_2d": CORNERS, "mask": png(disc(256, 256))}])
    mask = said.elements[0].mask
    assert mask is not None and mask.iou(on_canvas(disc(100, 40))) > 0.97


def test_of_a_mask_over_the_border_the_part_on_the_canvas_is_taken() -> None:
    half = np.zeros((50, 100), dtype=bool)
    half[:, 50:] = True
    item = {"id": "e1", "box_2d": [0, -250, 500, 250], "mask": png(half)}
    said = claimed(element("e1"), located=[item])
    assert said.elements[0].box == said.elements[0].mask.box == Box(0, 0, 50, 50)  # type: ignore[union-attr]


def test_a_mask_is_a_probability() -> None:
    levels = np.tile(np.array([0, 127, 128, 255], dtype=np.uint8).repeat(25), (40, 1))
    said = claimed(element("e1"), located=[{"id": "e1", "box_2d": CORNERS, "mask": png(Image.fromarray(levels))}])
    mask = said.elements[0].mask
    assert mask is not None and mask.box == Box(100, 10, 150, 50)


def test_an_item_may_name_its_element() -> None:
    text = json.dumps(
        [{"box_2d": [0, 0, 500, 500], "mask": None, "label": "THE E1"}, {"box_2d": CORNERS, "label": "?"}]
    )
    located = read_reply(Reply(text), LocaliseReply)
    said = claims(GraphReply.model_validate({"elements": [element("e1")]}), located, SIZE)
    assert said.elements[0].box == Box(0, 0, 100, 50)
    assert reasons(said) == {"place of ?": "no element has this id"}


def test_the_first_place_counts() -> None:
    said = claimed(element("e1"), located=[{"id": "e1", "box_2d": [0, 0, 500, 500]}, {"id": "e1", "box_2d": CORNERS}])
    assert said.elements[0].box == Box(0, 0, 100, 50)
    assert reasons(said) == {"place of e1": "it is given twice"}


def test_without_a_usable_place_the_first_box_stands() -> None:
    said = claimed(element("e1"), located=[{"id": "e1", "box_2d": [0, 0, 1000, 1000], "mask": "", "polygon": []}])
    assert said.elements[0].box == BOX
    assert reasons(said) == {"box of e1": "it is the whole canvas"}


def header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\r" + body + struct.pack(">I", zlib.crc32(body))


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        ("<start_of_mask><seg_12><seg_4>", "the mask is in tokens that only the model itself can read"),
        ("<seg_12>" * 256, "the mask is in tokens that only the model itself can read"),
        ("x" * 300_000, "the mask does not end"),
        ("not base64!", "the mask is no base64"),
        ("data:image/png;base64,iVBORw0KGgo", "the mask is no base64"),
        ("iVBORw0KGgoAAAAN", "the mask is no PNG"),
        (data_url(b"GIF89a" + bytes(40)), "the mask is no PNG"),
        (data_url(header(60_000, 60_000)), "the mask has 60000 × 60000 pixels; the limit is 2048 a side"),
        (data_url(header(0, 9)), "the mask has 0 × 9 pixels; the limit is 2048 a side"),
        (data_url(header(9, 9)), "the mask is a damaged PNG"),
        (data_url(header(9, 9) + b"\x00\x00\x00\x01IDATx"), "the mask is a damaged PNG"),
        (png(np.zeros((9, 9), dtype=bool)), "the mask is empty"),
        ("https://example.org/mask.png", "the mask is no base64"),
    ],
)
def test_a_junk_mask_leaves_the_box(mask: str, reason: str) -> None:
    said = claimed(element("e1"), located=[{"id": "e1", "box_2d": CORNERS, "mask": mask}])
    assert said.elements[0][3:5] == (BOX, None)
    assert said.dropped == (("mask of e1", reason),)


def test_a_mask_of_everything_says_nothing() -> None:
    item = {
        "id": "e1",
        "mask": png(np.ones((9, 9), dtype=bool)),
        "polygon": [[0, 0], [0, 1000], [1000, 1000], [1000, 0]],
    }
    said = claimed(element("e1"), located=[item])
    assert said.elements[0][3:5] == (BOX, None)
    assert reasons(said) == {"mask of e1": "it is the whole canvas", "outline of e1": "it is the whole canvas"}


def test_an_outline_is_filled() -> None:
    square = [[100, 250], [100, 750], [500, 750], [500, 250]]
    said = claimed(element("e1", box_2d=None), located=[{"id": "e1", "mask": "<seg_1>", "polygon": square}])
    mask = said.elements[0].mask
    assert mask is not None and mask.iou(on_canvas(np.ones((40, 100), dtype=bool))) > 0.95
    assert said.elements[0].box == mask.box


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([[1, 1], [5, 5]], "the outline has fewer than three points"),
        ([[-900, -900], [-900, -800], [-800, -800]], "the mask is empty"),
    ],
)
def test_an_outline_without_an_inside_is_dropped(points: list[list[int]], reason: str) -> None:
    said = claimed(element("e1"), located=[{"id": "e1", "polygon": points}])
    assert said.elements[0][3:5] == (BOX, None)
    assert said.dropped == (("outline of e1", reason),)


def test_whatever_is_said_stays_on_the_canvas() -> None:
    mask = png(disc(3, 5))
    for seed in range(300):
        chance = random.Random(seed)
        places = [chance.choice([chance.uniform(-1200, 2200), chance.randint(-1, 1001), 0, 1000]) for _ in range(16)]
        polygon = [places[number : number + 2] for number in range(0, 16, 2)]
        size = chance.randint(1, 40), chance.randint(1, 40)
        graph = GraphReply.model_validate({"elements": [element("e1", box_2d=places[4:8])]})
        item = {"id": "e1", "box_2d": places[:4], "mask": chance.choice([mask, None]), "polygon": polygon}
        located = LocaliseReply.model_validate({"items": [item]})
        claim = claims(graph, located, size).elements[0]
        for box in filter(None, (claim.box, claim.mask and claim.mask.box)):
            assert box.area and box.intersect(Box.whole(size)) == box

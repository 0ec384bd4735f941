"""The picture of a layer graph: everything is on it, nothing overlaps, hostile names do no harm."""

import re
import time
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
import resvg_py

from peeler.geometry import Box, Mask
from peeler.graph import Edge, Element, LayerGraph
from peeler.graph_drawing import CARD, draw_graph

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "a\"b'c&d",
    "]]>",
    "nul\0byte",
    "😀🎩" * 40,
    "x" * 10_000,
    "",
    "\ud800 lone",
    "\u202eback",
]


def element(number: int, name: str = "", part_of: str | None = None, masked: bool = True) -> Element:
    x, y = 10 * (number % 20), 10 * (number // 20)
    mask = Mask.of(np.ones((12, 30), dtype=bool), (x, y)) if masked else None
    box = Box(x, y, x + 30, y + 12)
    return Element(
        id=f"e{number}", name=name or f"part {number}", colour="#c0392b", box=box, mask=mask, part_of=part_of
    )


def chain(count: int) -> LayerGraph:
    edges = [Edge(kind="occludes", source=f"e{i}", target=f"e{j}") for i, j in combinations(range(count), 2)]
    return LayerGraph(elements=tuple(element(i) for i in range(count)), edges=tuple(edges))


def drawn(graph: LayerGraph) -> ElementTree.Element:
    return ElementTree.fromstring(draw_graph(graph, (300, 300)))


def cards(root: ElementTree.Element) -> list[tuple[int, int]]:
    found = [
        rect
        for rect in root.iter(f"{SVG}rect")
        if rect.get("width") == str(CARD[0]) and rect.get("height") == str(CARD[1])
    ]
    return [(int(rect.attrib["x"]), int(rect.attrib["y"])) for rect in found]


def texts(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_rows_follow_the_peel_order() -> None:
    root = drawn(chain(4))
    rows = [y for _, y in cards(root)]
    assert rows == sorted(rows)
    assert len(set(rows)) == 4
    assert [text for text in texts(root) if re.fullmatch(r"e\d", text)] == ["e0", "e1", "e2", "e3"]


def test_arrows_that_follow_from_others_are_counted_instead() -> None:
    root = drawn(chain(5))
    assert len([path for path in root.iter(f"{SVG}path") if path.get("marker-end") and len(path)]) == 4
    assert any("6 that follow are not drawn" in text for text in texts(root))


def test_interrupted_shapes_are_joined_by_dashes() -> None:
    twins = LayerGraph(
        elements=(element(0), element(1), element(2)),
        edges=(
            Edge(kind="interrupted_shape", source="e0", target="e1"),
            Edge(kind="interrupted_shape", source="e0", target="e2", reason="same ink"),
            Edge(kind="occludes", source="e2", target="e1"),
        ),
    )
    dashed = [path for path in drawn(twins).iter(f"{SVG}path") if path.get("stroke-dasharray") and len(path)]
    assert len(dashed) == 2
    assert "same ink" in (dashed[1][0].text or "")


@pytest.mark.parametrize("count", [0, 1, 3, 9, 47, 130])
def test_cards_never_overlap_and_stay_on_the_page(count: int) -> None:
    graph = LayerGraph(
        elements=tuple(element(i) for i in range(count)),
        edges=tuple(Edge(kind="occludes", source=f"e{i}", target=f"e{i // 3}") for i in range(1, count) if i != i // 3),
    )
    root = drawn(graph)
    places = cards(root)
    assert len(places) == count
    assert all(
        x + CARD[0] <= int(root.attrib["width"]) and y + CARD[1] <= int(root.attrib["height"]) for x, y in places
    )
    for (x0, y0), (x1, y1) in combinations(places, 2):
        assert abs(x0 - x1) >= CARD[0] or abs(y0 - y1) >= CARD[1]


def test_the_shape_has_its_colour_in_the_picture() -> None:
    svg = draw_graph(LayerGraph(elements=(element(0),)), (300, 300))
    pixels = np.asarray(_rendered(svg))
    red = (pixels[..., :3] == (0xC0, 0x39, 0x2B)).all(axis=2)
    assert 48 * 15 <= np.count_nonzero(red) <= 48 * 26  # a 30 × 12 bar enlarged to 48 pixels


def _rendered(svg: str) -> np.ndarray:
    import cv2

    png = np.frombuffer(bytes(resvg_py.svg_to_bytes(svg_string=svg)), dtype=np.uint8)
    return cv2.cvtColor(cv2.imdecode(png, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


def test_hostile_names_are_only_text() -> None:
    elements = tuple(element(i, name) for i, name in enumerate(HOSTILE))
    edges = tuple(Edge(kind="occludes", source="e0", target=f"e{i}", reason=HOSTILE[i]) for i in range(1, len(HOSTILE)))
    root = drawn(LayerGraph(elements=elements, edges=edges))
    kinds = {node.tag.removeprefix(SVG) for node in root.iter()}
    assert kinds <= {"svg", "defs", "marker", "path", "rect", "text", "title", "g"}
    assert max(len(text) for text in texts(root)) < 60
    assert any("<script>" in text for text in texts(root))


def test_a_cycle_and_a_missing_mask_are_drawn_all_the_same() -> None:
    edges = [Edge(kind="occludes", source=f"e{i}", target=f"e{(i + 1) % 3}", weight=0.5 + i / 10) for i in range(3)]
    root = drawn(
        LayerGraph(elements=tuple(element(i, masked=False, part_of="e0") for i in range(3)), edges=tuple(edges))
    )
    assert len(cards(root)) == 3
    assert len([path for path in root.iter(f"{SVG}path") if path.get("marker-end") and len(path)]) == 3


def test_the_same_graph_gives_the_same_text() -> None:
    assert draw_graph(chain(8), (300, 300)) == draw_graph(chain(8), (300, 300))


def test_thirty_elements_take_a_few_milliseconds() -> None:
    graph = chain(30)
    draw_graph(graph, (300, 300))
    best = min(_seconds(graph) for _ in range(5))
    assert best < 0.03  # measured: 4 ms alone on a laptop core


def _seconds(graph: LayerGraph) -> float:
    start = time.process_time()
    draw_graph(graph, (300, 300))
    return time.process_time() - start

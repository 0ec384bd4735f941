import numpy as np
import pytest

from peeler.claimed_order import with_claimed_order
from peeler.claimed_places import place
from peeler.geometry import RGB, Box, Mask
from peeler.graph import Edge, Element, LayerGraph
from peeler.grounding import match, named, part_of
from peeler.replies import Claim, Claims
from peeler.replies.decoding import ClaimedEdge

RED, BLUE, GREEN = (200, 0, 0), (0, 0, 200), (0, 160, 0)


def shape(id: str, box: Box, colour: tuple[int, int, int], whole: Box | None = None) -> Element:
    def mask(of: Box) -> Mask:
        return Mask.of(np.ones((of.height, of.width), np.bool_), of[:2])

    return Element(
        id=id,
        name=f"shape {id}",
        colour="#" + bytes(colour).hex(),
        box=whole or box,
        mask=mask(box),
        shape=mask(whole or box),
    )


HEAD = shape("e1", Box(10, 30, 50, 60), RED, Box(10, 20, 50, 60))
HAT = shape("e2", Box(5, 10, 55, 30), GREEN)
EYE = shape("e3", Box(18, 40, 24, 46), BLUE)
TWIN = shape("e4", Box(34, 40, 40, 46), BLUE)
SEEN = LayerGraph(
    elements=(HEAD, HAT, EYE, TWIN),
    edges=(
        Edge(kind="occludes", source="e2", target="e1", weight=0.5, reason="it interrupts the other"),
        Edge(kind="occludes", source="e3", target="e1", weight=5, reason="it lies inside the other"),
        Edge(kind="occludes", source="e4", target="e1", weight=5, reason="it lies inside the other"),
    ),
)


def believed(*claims: Claim) -> dict[str, tuple[str, ...]]:
    return match(Claims(claims), SEEN)[0]


def reasons(*claims: Claim) -> list[str]:
    return [dropped.reason for dropped in match(Claims(claims), SEEN)[2]]


def test_a_claim_is_the_shape_in_its_place_and_colour() -> None:
    said = Claim("a", "hat", GREEN, Box(4, 11, 56, 30)), Claim("b", "head", RED, Box(9, 21, 51, 60))
    assert believed(*said) == {"a": ("e2",), "b": ("e1",)}


def test_a_box_may_go_around_what_shows_or_around_the_whole() -> None:
    for box in (Box(10, 30, 50, 60), Box(10, 20, 50, 60)):
        assert believed(Claim("a", "head", RED, box)) == {"a": ("e1",)}


def test_a_mask_goes_before_a_box() -> None:
    said = Claim("a", "eye", None, Box(0, 30, 60, 60), EYE.mask)
    assert believed(said) == {"a": ("e3",)}


def test_a_claim_of_look_alikes_is_several_shapes() -> None:
    said = Claim("a", "two eyes", BLUE, Box(18, 40, 40, 46))
    assert [set(elements) for elements in believed(said).values()] == [{"e3", "e4"}]


def test_other_colours_in_a_box_are_no_pieces() -> None:
    assert believed(Claim("a", "head", RED, Box(10, 20, 50, 60))) == {"a": ("e1",)}


def test_two_claims_do_not_share_a_shape() -> None:
    said = Claim("a", "left", BLUE, Box(18, 40, 24, 46)), Claim("b", "also left", BLUE, Box(17, 40, 24, 46))
    assert believed(*said) == {"a": ("e3",)}
    assert reasons(*said) == ["e3 lies there, and a fits it better"]


@pytest.mark.parametrize(
    "claim, reason",
    [
        (Claim("a", "scarf", GREEN, Box(10, 62, 50, 64)), "no shape of the picture fits it"),
        (Claim("a", "eye", (255, 255, 0), Box(18, 40, 24, 46)), "what lies there is #0000c8"),
        (Claim("a", "something"), "it says neither where it is nor in what colour"),
        (Claim("a", "sun", (255, 255, 0)), "no shape of the picture fits it"),
        (Claim("a", "everything", (90, 0, 90), Box(0, 0, 64, 63)), "no shape of the picture has this place and colour"),
    ],
)
def test_what_contradicts_the_pixels_is_dropped_with_the_reason(claim: Claim, reason: str) -> None:
    assert believed(claim) == {}
    assert reasons(claim) == [reason]


def test_without_boxes_colours_and_words_have_to_do() -> None:
    assert believed(Claim("a", "hat", GREEN), Claim("b", "face", (210, 10, 0))) == {"a": ("e2",), "b": ("e1",)}


def test_names_come_from_the_model_and_unnamed_shapes_keep_theirs() -> None:
    said = Claims((Claim("a", "two eyes", BLUE, Box(18, 40, 40, 46)), Claim("b", "head", RED, HEAD.box)), wanted=("b",))
    elements = {item.id: item for item in named(said, SEEN, match(said, SEEN)[0], targeted=True)}
    assert {id: item.name for id, item in elements.items()} == {
        "e1": "head",
        "e2": "shape e2",
        "e3": "two eyes",
        "e4": "two eyes 2",
    }
    assert elements["e4"].part_of == "e3"
    assert [id for id, item in elements.items() if item.wanted] == ["e1"]
    assert not any(item.wanted for item in named(said, SEEN, match(said, SEEN)[0], targeted=False))


def test_a_part_of_something_named_is_a_part_of_that_element() -> None:
    said = Claims((Claim("a", "head", RED), Claim("b", "eye", BLUE, part_of="Head"), Claim("c", "x", part_of="hat")))
    of = {"a": ("e1",), "b": ("e3",)}
    assert [part_of(claim, said, of) for claim in said.elements] == [None, "e1", "hat"]


# Order


def ordered(*edges: str) -> tuple[set[tuple[str, str]], list[str], LayerGraph]:
    """Who lies on whom when the model says ``a>b``, what was not believed, and the graph."""
    stated = tuple(ClaimedEdge(*edge.split(">"), "occludes") for edge in edges)  # type: ignore[arg-type]
    graph, dropped = with_claimed_order(SEEN, Claims(edges=stated), {id: (id,) for id in ("e1", "e2", "e3", "e4")})
    return {(edge.source, edge.target) for edge in graph.occlusions}, [item.reason for item in dropped], graph


def test_what_the_outlines_leave_open_the_model_decides() -> None:
    edges, dropped, graph = ordered("e1>e2")
    assert ("e1", "e2") in edges and ("e2", "e1") not in edges and not dropped
    assert not graph["e1"].shape.overlap(graph["e2"].mask), "what comes on top has nothing under the other"  # type: ignore


def test_what_the_outlines_are_sure_of_stands() -> None:
    edges, dropped, _ = ordered("e1>e3")
    assert ("e3", "e1") in edges
    assert dropped == ["the outlines say otherwise: it lies inside the other"]


def test_shapes_that_do_not_touch_have_no_order() -> None:
    assert ordered("e3>e4")[1] == ["they do not touch"]


def test_no_circle_is_believed() -> None:
    touching = shape("e5", Box(10, 5, 30, 12), BLUE)
    seen = SEEN.model_copy(update={"elements": (*SEEN.elements, touching)})
    said = Claims(edges=(ClaimedEdge("e2", "e5", "occludes"), ClaimedEdge("e5", "e2", "occludes")))
    graph, dropped = with_claimed_order(seen, said, {id: (id,) for id in ("e2", "e5")})
    assert not graph.acyclic()[1]
    assert len(dropped) == 0, "a later word on what only the model said may turn it round"


def test_pieces_of_one_shape_have_one_colour() -> None:
    stated = ClaimedEdge("e3", "e4", "interrupted_shape"), ClaimedEdge("e1", "e3", "interrupted_shape")
    graph, dropped = with_claimed_order(SEEN, Claims(edges=stated), {id: (id,) for id in ("e1", "e3", "e4")})
    assert [(edge.source, edge.target) for edge in graph.edges if edge.kind != "occludes"] == [("e3", "e4")]
    assert dropped[0].reason == "one is #c80000 and the other #0000c8"


# Pictures that are not flat


def photograph() -> RGB:
    return np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8)


def test_elsewhere_masks_and_boxes_are_the_elements() -> None:
    said = Claims(
        (Claim("1", "cat", None, Box(5, 5, 40, 40), part_of="pets"), Claim("2", "bow", RED, Box(10, 10, 20, 20))),
        wanted=("2",),
    )
    placed = place(said, photograph(), targeted=True)
    cat, bow = placed.graph.elements
    assert [(edge.source, edge.target) for edge in placed.graph.edges] == [("2", "1")], "the small one lies on top"
    assert cat.mask and bow.mask and not cat.mask.overlap(bow.mask)
    assert cat.mask.area == 35 * 35 - 100 and cat.part_of == "pets" and (cat.wanted, bow.wanted) == (False, True)
    assert cat.shape is None, "nobody knows what is hidden"


def test_the_model_says_what_lies_on_top() -> None:
    boxes = Claim("1", "cat", None, Box(5, 5, 40, 40)), Claim("2", "bow", None, Box(10, 10, 20, 20))
    placed = place(Claims(boxes, (ClaimedEdge("1", "2", "occludes"),)), photograph(), targeted=False)
    assert [item.id for item in placed.graph.elements] == ["1"]
    assert placed.dropped[0].reason == "nothing of it shows"


def test_claims_without_a_place_of_their_own_are_dropped() -> None:
    said = Claims(
        (Claim("1", "cat", None, Box(5, 5, 40, 40)), Claim("2", "pet", None, Box(5, 5, 40, 40)), Claim("3", "x"))
    )
    placed = place(said, photograph(), targeted=False)
    assert [item.reason for item in placed.dropped] == ["1 is in the same place", "it does not say where it is"]


def test_ids_are_harmless() -> None:
    said = Claims((Claim("../../a b", "x", None, Box(1, 1, 9, 9)), Claim("猫", "y", None, Box(20, 20, 29, 29))))
    assert [item.id for item in place(said, photograph(), targeted=False).graph.elements] == ["a-b", "element"]

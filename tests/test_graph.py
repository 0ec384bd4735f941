import numpy as np
import pytest
from pydantic import ValidationError

from peeler.geometry import Box, Mask
from peeler.graph import Edge, Element, LayerGraph

SQUARE = Box(0, 0, 4, 4)


def element(name: str, box: Box = SQUARE, part_of: str | None = None) -> Element:
    mask = Mask.of(np.ones((box.height, box.width), dtype=bool), origin=(box.x0, box.y0))
    return Element(id=name, name=name, colour="#102030", box=box, mask=mask, part_of=part_of)


def over(source: str, target: str, weight: float = 1.0) -> Edge:
    return Edge(kind="occludes", source=source, target=target, weight=weight)


def graph(names: str, *edges: Edge) -> LayerGraph:
    return LayerGraph(elements=tuple(element(name) for name in names), edges=edges)


def test_what_nothing_occludes_is_topmost() -> None:
    seen = graph("abcd", over("a", "b"), over("b", "c"), Edge(kind="interrupted_shape", source="a", target="d"))
    assert [item.id for item in seen.topmost()] == ["a", "d"]
    assert [item.id for item in seen.without(["a"]).topmost()] == ["b", "d"]


def test_the_order_respects_every_occlusion() -> None:
    seen = graph("abcd", over("a", "b"), over("b", "c"), over("d", "a"))
    assert [item.id for item in seen.bottom_to_top()] == ["c", "b", "a", "d"]


def test_elements_of_one_height_keep_their_order() -> None:
    assert [item.id for item in graph("dbca").bottom_to_top()] == list("dbca")
    assert [item.id for item in graph("abcd", over("a", "c")).bottom_to_top()] == list("bcad")


def test_a_cycle_has_no_order() -> None:
    with pytest.raises(ValueError, match="cycle"):
        graph("ab", over("a", "b"), over("b", "a")).bottom_to_top()


def test_each_cycle_is_cut_at_its_weakest_edge() -> None:
    weak = over("c", "a", weight=0.2)
    tangled = graph("abc", over("a", "b"), over("b", "c", 0.5), weak)
    acyclic, cut = tangled.acyclic()
    assert cut == (weak,)
    assert [item.id for item in acyclic.topmost()] == ["a"]
    assert acyclic.acyclic() == (acyclic, ())


@pytest.mark.parametrize("seed", range(10))
def test_a_random_tangle_comes_apart(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = "abcdefgh"
    pairs = {tuple(random.choice(list(names), 2, replace=False)) for _ in range(25)}
    tangled = graph(names, *(over(str(one), str(two), float(random.random())) for one, two in sorted(pairs)))
    acyclic, cut = tangled.acyclic()
    assert len(acyclic.bottom_to_top()) == len(names)
    assert len(acyclic.edges) + len(cut) == len(tangled.edges)


def test_what_is_removed_goes_with_its_edges_and_parts() -> None:
    seen = LayerGraph(elements=(element("face"), element("eye", part_of="face")), edges=(over("eye", "face"),))
    left = seen.without(["face"])
    assert [item.id for item in left.elements] == ["eye"]
    assert left["eye"].part_of is None and not left.edges
    with pytest.raises(KeyError):
        left["face"]


def test_ids_are_carried_over_by_overlap() -> None:
    before = LayerGraph(elements=(element("sun", Box(0, 0, 10, 10)), element("sea", Box(20, 0, 30, 10))))
    after = LayerGraph(
        elements=(element("sea", Box(0, 1, 10, 10)), element("new", Box(50, 0, 60, 10), part_of="sea")),
        edges=(over("new", "sea"),),
    )
    carried = after.carrying_ids_from(before)
    assert [item.id for item in carried.elements] == ["sun", "new"]
    assert carried.edges == (over("new", "sun"),)
    assert carried["new"].part_of == "sun"


def test_a_new_element_does_not_take_an_id_that_was_carried() -> None:
    before = LayerGraph(elements=(element("a", Box(0, 0, 10, 10)),))
    after = LayerGraph(elements=(element("x", Box(0, 0, 10, 10)), element("a", Box(50, 0, 60, 10))))
    assert [item.id for item in after.carrying_ids_from(before).elements] == ["a", "a-2"]


@pytest.mark.parametrize(
    "elements, edges, message",
    [
        (("a", "a"), (), "share an id"),
        (("a",), (("a", "b"),), "unknown element 'b'"),
        (("a",), (("a", "a"),), "edge to itself"),
    ],
)
def test_inconsistent_graphs_are_refused(
    elements: tuple[str, ...], edges: tuple[tuple[str, str], ...], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        LayerGraph(elements=tuple(map(element, elements)), edges=tuple(over(*ends) for ends in edges))


def test_a_graph_survives_being_stored() -> None:
    seen = graph("abc", over("a", "b", weight=1 / 3), over("b", "c"))
    assert LayerGraph.model_validate_json(seen.model_dump_json()) == seen

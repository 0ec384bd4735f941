import pytest

from peeler.choice import choose, objects_of, wanted_ids
from peeler.geometry import Box
from peeler.graph import Edge, Element, LayerGraph


def graph(*elements: Element, above: str = "") -> LayerGraph:
    """Elements and edges: ``above="a>b b>c"``."""
    edges = [pair.split(">") for pair in above.split()]
    return LayerGraph(
        elements=elements, edges=tuple(Edge(kind="occludes", source=high, target=low) for high, low in edges)
    )


def thing(
    id: str, name: str = "", part_of: str | None = None, colour: str = "#000000", wanted: bool = False
) -> Element:
    return Element(id=id, name=name or id, colour=colour, box=Box(0, 0, 9, 9), part_of=part_of, wanted=wanted)


def ids(elements: tuple[Element, ...]) -> list[str]:
    return [element.id for element in elements]


HAT = graph(
    thing("head"),
    thing("hat", "green hat", "hat"),
    thing("band", "red band", "hat"),
    thing("leaf"),
    above="hat>head band>hat leaf>hat",
)


def test_what_lies_on_top() -> None:
    assert ids(choose(HAT)) == ["band", "leaf"]


def test_an_object_goes_as_one_when_nothing_else_covers_it() -> None:
    assert ids(choose(HAT, "objects")) == ["leaf"], "the hat waits for it"
    assert ids(choose(HAT.without(["leaf"]), "objects")) == ["hat", "band"], "each before what lies on it"


def test_objects_that_enfold_each_other_are_taken_apart() -> None:
    knot = graph(thing("a1", part_of="a"), thing("b"), thing("a2", part_of="a"), above="a2>b b>a1")
    assert ids(choose(knot, "objects")) == ["a2"]
    assert ids(choose(knot.without(["a2"]), "objects")) == ["b"]


def test_an_object_may_be_an_element() -> None:
    face = graph(thing("face"), thing("eye", part_of="face"), thing("pupil", part_of="eye"), thing("sun"))
    assert objects_of(face) == {"face": "face", "eye": "face", "pupil": "face", "sun": "sun"}


def test_parts_of_each_other_do_not_go_round_for_ever() -> None:
    assert set(objects_of(graph(thing("a", part_of="b"), thing("b", part_of="a")))) == {"a", "b"}


@pytest.mark.parametrize("target", ["the hat", "Hats", "green hat", "HAT"])
def test_what_the_user_names_and_what_covers_it(target: str) -> None:
    assert wanted_ids(HAT, [target]) == {"hat", "band", "leaf"}
    assert ids(choose(HAT, targets=[target])) == ["band", "leaf"]


def test_what_is_not_named_stays() -> None:
    bare = HAT.without(["hat", "band", "leaf"])
    assert choose(bare, targets=["the hat"]) == ()
    assert choose(HAT, targets=["the chat"]) == (), "words count, not letters"
    assert choose(HAT, targets=["the"]) == ()


def test_a_model_may_know_what_the_user_means() -> None:
    seen = graph(thing("e1", "black oval", wanted=True), thing("e2", "grey oval"))
    assert ids(choose(seen, targets=["spectacles"])) == ["e1"]


def test_a_crowd_goes_in_groups_of_look_alikes() -> None:
    colours = {"a": "#ff0000", "b": "#00ff00", "c": "#ff0000", "d": "#00ff00", "e": "#0000ff"}
    crowd = graph(*(thing(id, colour=colour) for id, colour in colours.items()))
    assert ids(choose(crowd, at_once=9)) == list("abcde")
    assert ids(choose(crowd, at_once=3)) == ["b", "d", "e"], "the last of the graph lie highest"
    assert ids(choose(crowd, at_once=2)) == ["e"]
    assert ids(choose(crowd.without("e"), at_once=1)) == ["d"], "too many look-alikes are parted"


def test_an_object_is_not_split_by_the_limit() -> None:
    assert ids(choose(HAT.without(["leaf"]), "objects", at_once=1)) == ["hat", "band"]

"""Elements of a picture that has no flat shapes: what a model says is all there is to go by."""

import numpy as np

from peeler.geometry import RGB, Mask, Pixels
from peeler.graph import Edge, Element, LayerGraph
from peeler.grounding import Belief, Grounded
from peeler.replies import Claim, Claims, Dropped
from peeler.text import slug, unique

SAME_PLACE = 0.9
"""Claims whose places overlap this much (intersection over union) speak of one thing."""
ON_TOP = 0.5
"""What has this share of its place inside a larger one is taken to lie on it, if the model says nothing else."""


def place(said: Claims, canvas: RGB, targeted: bool) -> Grounded:
    """The elements that ``said`` claims, each where its mask is, or its box; what covers it is left out of it."""
    size = canvas.shape[1], canvas.shape[0]
    places, dropped = _places(said, size)
    edges = _edges(said, places)
    order = LayerGraph(elements=tuple(_bare(claim) for claim in places), edges=edges).acyclic()[0]
    claims, ids, taken = {claim.id: claim for claim in places}, dict[str, str](), set[str]()
    elements = []
    for item in order.elements:
        above = [
            claim for claim in places if any((e.source, e.target) == (claim.id, item.id) for e in order.occlusions)
        ]
        shown = places[claims[item.id]].copy()
        for claim in above:
            shown &= ~places[claim]
        if shown.any():
            ids[item.id] = unique(slug(item.id, "element"), taken)
            elements.append(_element(ids[item.id], claims[item.id], shown, canvas, targeted and item.id in said.wanted))
        else:
            dropped.append(Dropped(f"{item.id} ({item.name})", "nothing of it shows"))
    joined = tuple(
        edge.model_copy(update={"source": ids[edge.source], "target": ids[edge.target]})
        for edge in order.edges
        if edge.source in ids and edge.target in ids
    )
    believed = tuple(Belief(claim.id, claim.name, (ids[claim.id],), 1.0) for claim in places if claim.id in ids)
    return Grounded(LayerGraph(elements=tuple(elements), edges=joined), believed, tuple(dropped))


def _places(said: Claims, size: tuple[int, int]) -> tuple[dict[Claim, Pixels], list[Dropped]]:
    """Where each claim is, height × width of the canvas; not those that are nowhere or where another one is."""
    places: dict[Claim, Pixels] = {}
    dropped = []
    for claim in said.elements:
        if claim.box is None:
            dropped.append(Dropped(f"{claim.id} ({claim.name})", "it does not say where it is"))
            continue
        pixels = np.zeros((size[1], size[0]), np.bool_)
        pixels[claim.box.slices] = True
        pixels = claim.mask.on(size) if claim.mask else pixels
        twin = next((other for other, there in places.items() if _iou(pixels, there) >= SAME_PLACE), None)
        if twin is not None:
            dropped.append(Dropped(f"{claim.id} ({claim.name})", f"{twin.id} is in the same place"))
        else:
            places[claim] = pixels
    return places, dropped


def _edges(said: Claims, places: dict[Claim, Pixels]) -> tuple[Edge, ...]:
    """What the model says; of claims that overlap without a word, the one mostly inside the other is on top."""
    known = {claim.id for claim in places}
    edges = [
        Edge(kind=edge.kind, source=edge.source, target=edge.target, reason="the model says so")
        for edge in said.edges
        if {edge.source, edge.target} <= known
    ]
    told = {frozenset((edge.source, edge.target)) for edge in edges if edge.kind == "occludes"}
    for small, pixels in places.items():
        for large, ground in places.items():
            if frozenset((small.id, large.id)) in told or np.count_nonzero(pixels) >= np.count_nonzero(ground):
                continue
            share = np.count_nonzero(pixels & ground) / np.count_nonzero(pixels)
            if share >= ON_TOP:
                reason = "it lies inside the other"
                edges.append(Edge(kind="occludes", source=small.id, target=large.id, weight=share / 2, reason=reason))
    return tuple(edges)


def _bare(claim: Claim) -> Element:
    assert claim.box is not None, "asked only of claims that say where they are"
    return Element(id=claim.id, name=claim.name, colour="#000000", box=claim.box)


def _element(id: str, claim: Claim, shown: Pixels, canvas: RGB, wanted: bool) -> Element:
    mask = Mask.of(shown)
    colour = "#" + bytes(np.median(canvas[shown], axis=0).astype(np.uint8)).hex()
    return Element(
        id=id, name=claim.name or id, colour=colour, box=mask.box, mask=mask, part_of=claim.part_of, wanted=wanted
    )


def _iou(one: Pixels, other: Pixels) -> float:
    return int(np.count_nonzero(one & other)) / max(1, int(np.count_nonzero(one | other)))

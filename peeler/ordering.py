"""Names in an order that respects what must come first."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import TypeVar

Name = TypeVar("Name", str, int)


def in_order(names: Sequence[str], below: Mapping[str, Collection[str]]) -> list[str]:
    """``names``, as near to the order in which they are given as can be when all that is ``below`` one comes before it.

    Raises ValueError on a cycle.
    """
    place = {name: index for index, name in enumerate(names)}
    sorter = TopologicalSorter({name: below.get(name, ()) for name in names})
    try:
        sorter.prepare()
    except CycleError as problem:
        raise ValueError(f"the graph has a cycle: {' > '.join(problem.args[1])}") from None
    order: list[str] = []
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heappush(ready, (place[name], name))
        order.append(heappop(ready)[1])
        sorter.done(order[-1])
    return order


def in_order_together(
    names: Sequence[str], below: Mapping[str, Collection[str]], whole: Mapping[str, str]
) -> list[str]:
    """``in_order``, but next to each other those that have the same ``whole``.

    Wholes of which each has something below the other, as two rings in each other, are kept together as one. Raises
    ValueError on a cycle.
    """
    whole_of = {name: whole.get(name, name) for name in names}
    members: dict[str, list[str]] = {}
    for name, one in whole_of.items():
        members.setdefault(one, []).append(name)
    under = {one: {whole_of[low] for name in inside for low in below.get(name, ())} for one, inside in members.items()}
    place = {one: index for index, one in enumerate(members)}
    tied = {min(knot, key=place.__getitem__): knot for knot in knots(under)}
    first_of = {one: first for first, knot in tied.items() for one in knot}
    knots_under = {
        first: {first_of[low] for one in knot for low in under[one]} - {first} for first, knot in tied.items()
    }
    order: list[str] = []
    for first in in_order(sorted(tied, key=place.__getitem__), knots_under):
        inside = [name for one in sorted(tied[first], key=place.__getitem__) for name in members[one]]
        order += in_order(inside, {name: set(below.get(name, ())).intersection(inside) for name in inside})
    return order


def knots(ways: Mapping[Name, Collection[Name]]) -> list[list[Name]]:
    """The names of ``ways`` in groups within which one comes from each to each along them; those that hang together at
    all where every way goes back, too.

    Strongly connected components: Tarjan, *Depth-first search and linear graph algorithms*, 1972.
    """
    found: list[list[Name]] = []
    seen: dict[Name, int] = {}
    lowest: dict[Name, int] = {}
    open_names: list[Name] = []
    for start in ways:
        path: list[tuple[Name, Iterator[Name]]] = [] if start in seen else [(start, iter(ways[start]))]
        while path:
            name: Name = path[-1][0]
            if name not in seen:
                seen[name] = lowest[name] = len(seen)
                open_names.append(name)
            step = next((other for other in path[-1][1] if other not in seen), None)
            if step is not None:
                path.append((step, iter(ways[step])))
                continue
            path.pop()
            lowest[name] = min([lowest[name], *(lowest[other] for other in ways[name] if other in lowest)])
            if lowest[name] == seen[name]:
                knot = open_names[open_names.index(name) :]
                del open_names[-len(knot) :]
                for other in knot:
                    del lowest[other]
                found.append(knot)
    return found

"""Names in an order that respects what must come first."""

from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush


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

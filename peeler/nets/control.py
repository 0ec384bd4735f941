"""Which token may look at which: attention control, as plain arrays.

A removal is told in words: one global text ("remove the hat and the scarf") and a text for each instance ("remove the
hat"). Left alone, every image token reads every word, and the words for one thing act on another. Attention control
cuts that (LayerPeeler, arXiv 2505.23740): tokens where an instance lies read its own text and not the others'.

The sequence that the transformer attends over is

    global text | text of instance 0 | … | text of instance n-1 | noisy tokens | condition tokens

with the noisy and the condition tokens in row-major order of one grid. Many tokens behave alike: all words of one text,
all noisy tokens that belong to the same instances. Each such group is a *class* here, and a rule is asked once for each
pair of classes, never for each pair of tokens. The mask is ``table[classes[query], classes[key]]``.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Pixels

Kind = Literal["global", "text", "noisy", "condition", "padding"]
RuleName = Literal["published", "strict"]


class TokenClass(NamedTuple):
    """Tokens that attend, and are attended to, alike; ``members`` are the instances that they belong to."""

    kind: Kind
    members: frozenset[int] = frozenset()

    @property
    def is_image(self) -> bool:
        return self.kind in ("noisy", "condition")

    def shares(self, other: "TokenClass") -> bool:
        """Whether some instance has both."""
        return bool(self.members & other.members)


class Cuts(NamedTuple):
    """What is cut in one step: image to image, image to text, text to text, text to image (from query to key)."""

    i2i: bool = False
    i2t: bool = False
    t2t: bool = False
    t2i: bool = False


class ControlSteps(NamedTuple):
    """For how many of the first steps each cut is made; -1 is never. The defaults are the published ones."""

    i2i: int = -1
    i2t: int = 40
    t2t: int = 40
    t2i: int = 40

    def at(self, step: int) -> Cuts:
        """The cuts of a step, counted from 0: ``k`` control steps are the steps 0 to k - 1."""
        return Cuts(*(step < last for last in self))


Rule = Callable[[TokenClass, TokenClass, Cuts], bool]
"""Whether a query of the first class may look at a key of the second."""


def published(query: TokenClass, key: TokenClass, cuts: Cuts) -> bool:
    """The rule of the published implementation (LayerPeeler at b75f235, measured on its masks).

    Condition tokens belong to no instance: the words of an instance never see the picture, only what is being made. The
    background, the condition and the global text may look at everything, so removals can act outside of all instances.
    """
    if query.kind == "noisy" and query.members:
        if key.is_image:
            return not cuts.i2i or (key.kind == "noisy" and query.shares(key))
        if key.kind == "global":
            return not (cuts.i2t and cuts.i2i)
        return not cuts.i2t or query.shares(key)
    if query.kind == "text":
        if key.is_image:
            return not cuts.t2i or (key.kind == "noisy" and query.shares(key))
        return not cuts.t2t or query.shares(key)
    return True


def strict(query: TokenClass, key: TokenClass, cuts: Cuts) -> bool:
    """Like ``published``, with the background shielded and the instances told what they are in the picture.

    - Condition tokens belong to instances by their place, as noisy ones do, so that the words of an instance see what
      is to be removed from the first step on, when the noisy tokens are nothing but noise.
    - Image tokens outside of an instance, noisy or condition, never read its text; nor does the global text, which
      they all read and which would pass it on.
    """
    if query.is_image:
        if key.is_image:
            return not (cuts.i2i and query.members) or query.shares(key)
        return key.kind == "global" or not cuts.i2t or query.shares(key)
    if key.is_image:
        return query.kind == "global" or not cuts.t2i or query.shares(key)
    if query.kind == "global":
        return key.kind == "global" or not cuts.t2t
    return not cuts.t2t or query.shares(key)


RULES: dict[RuleName, Rule] = {"published": published, "strict": strict}


@dataclass(frozen=True, eq=False)
class TokenMap:
    """The class of every token, and what the classes are."""

    classes: NDArray[np.int64]
    """Index into ``kinds`` for each token of the sequence."""
    kinds: tuple[TokenClass, ...]

    def table(self, rule: Rule, cuts: Cuts) -> Pixels:
        """Classes × classes, True where a query of the row's class may look at a key of the column's.

        Nobody looks at padding; padding looks at itself, since a row without any key has no softmax.
        """
        return np.array([[_allowed(query, key, rule, cuts) for key in self.kinds] for query in self.kinds], np.bool_)


def token_map(
    regions: Sequence[Pixels], grid: tuple[int, int], text: int, instance_text: int, slots: int, rule: RuleName
) -> TokenMap:
    """The classes of a sequence over a ``grid`` of (rows, columns) with one region (rows × columns) for each instance.

    ``text`` and ``instance_text`` are the tokens of the global text and of each instance's. ``slots`` is how many
    instance texts the sequence has room for; those beyond the instances are padding.
    """
    members = [
        frozenset(index for index, region in enumerate(regions) if region[row, column])
        for row in range(grid[0])
        for column in range(grid[1])
    ]
    outside = [frozenset[int]()] * len(members)
    tokens = [TokenClass("global")] * text
    for slot in range(slots):
        own = TokenClass("text", frozenset({slot})) if slot < len(regions) else TokenClass("padding")
        tokens += [own] * instance_text
    tokens += [TokenClass("noisy", where) for where in members]
    tokens += [TokenClass("condition", where) for where in (members if rule == "strict" else outside)]
    index = {kind: number for number, kind in enumerate(dict.fromkeys(tokens))}
    return TokenMap(np.array([index[token] for token in tokens], np.int64), tuple(index))


def box_region(box: tuple[float, float, float, float], grid: tuple[int, int]) -> Pixels:
    """The tokens that a box touches, rows × columns; ``box`` is x0, y0, x1, y1 as fractions of the picture, clipped."""
    rows, columns = grid
    x0, y0, x1, y1 = (min(max(edge, 0.0), 1.0) for edge in box)
    region = np.zeros(grid, np.bool_)
    region[math.floor(rows * y0) : math.ceil(rows * y1), math.floor(columns * x0) : math.ceil(columns * x1)] = True
    return region


def mask_region(mask: Pixels, grid: tuple[int, int]) -> Pixels:
    """The tokens of which a mask covers a pixel, rows × columns; its height and width are multiples of the grid's."""
    rows, columns = grid
    height, width = mask.shape
    return np.asarray(mask.reshape(rows, height // rows, columns, width // columns).any(axis=(1, 3)))


def _allowed(query: TokenClass, key: TokenClass, rule: Rule, cuts: Cuts) -> bool:
    if "padding" in (query.kind, key.kind):
        return query.kind == key.kind
    return rule(query, key, cuts)

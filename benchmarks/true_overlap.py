"""How far masks and true shapes overlap, for the benchmarks that fit weights to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peeler.evaluate.pieces import Piece, pieces_of
from peeler.evaluate.score import LEAST_TRUE, NEAR_COLOUR
from peeler.evaluate.truth import Truth
from peeler.geometry import Pixels


@dataclass(frozen=True)
class TrueShapes:
    """The connected pieces of the true layers of a picture."""

    pieces: list[Piece]
    size: tuple[int, int]

    @classmethod
    def of(cls, truth: Truth) -> "TrueShapes":
        return cls(pieces_of(truth.layers, truth.size, LEAST_TRUE), truth.size)

    def coloured(self, ink: NDArray[np.uint8]) -> list[Pixels]:
        """The masks of those whose colour is near ``ink``, each on the whole canvas."""
        return [piece.mask.on(self.size) for piece in self.pieces if np.abs(piece.colour - ink).max() <= NEAR_COLOUR]


def greatest_overlap(found: Sequence[Pixels], truth: Sequence[Pixels]) -> float:
    """The greatest total IoU of one or two masks matched one to one with true ones."""
    shares = np.array([[_iou(mask, true) for true in truth] for mask in found])
    if not shares.size or len(found) == 1 or len(truth) == 1:
        return float(shares.max(initial=0.0))
    pairs = shares[0][:, None] + shares[1][None, :]
    return float(pairs[~np.eye(len(truth), dtype=np.bool_)].max())


def _iou(one: Pixels, other: Pixels) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)

"""Lines thinner than a pixel or little more: taken out of a layer as strokes, as no outline at one half shows them.

Where such a line lies between two pixels neither is half covered, and the outline breaks up. So what is too thin to
hold a full pixel is followed along its ridge, and drawn with the width that its coverage adds up to.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import Pixels
from peeler.vectorizers.bezier import Curve, fit_curves, fit_open_curve
from peeler.vectorizers.corners import unit
from peeler.vectorizers.knots import STRAIGHT
from peeler.vectorizers.markup import Drawing
from peeler.vectorizers.outlines import Outline, Points
from peeler.vectorizers.primitives import recognised
from peeler.vectorizers.ridges import LEAST_WIDTH, Ridge, find_ridges
from peeler.vectorizers.strokes import Stroke, even

WIDEST = 1.6
"""Pixels of width up to which a line is thin; the outlines of a wider one are whole."""
FULL, SEEN = 191, 20
"""Alpha (0–255) of a body where it fills three by three pixels, and where it fills five by five, however pale it is."""
LEAST = 5
"""Alpha from which something is seen."""
SHORTEST, SHORTEST_ATTACHED = 5.0, 8.0
"""Pixels of the shortest line, alone and where it begins at a body, which may have tips."""
EVEN = 0.25
"""Pixels by which the width of a line may differ along it, but for a tenth at both ends of the scale."""
PALE = 0.7
"""Pixels by which a line may look wider than it is covered, as it does between two pixels; a wider one is pale."""
MEETING = 2.5
"""Pixels between two ends of lines that are one line with a corner there."""
ROOTED = 4
"""Pixels from a body at which a line ends that begins there; by so much it goes on inside."""
LETTER, STRAIGHT_ENOUGH = 24, 0.5
"""Pixels of the longer side of letters whose strokes are thin, and by which a stroke is off a straight line at most."""
FORWARD = np.cos(np.deg2rad(20))
"""Cosine of the turn up to which two lines meet without a corner."""
NEAR = 2
"""Pixels around a line that belong to it."""

Alpha = NDArray[np.uint8]


def take_thin_lines(alpha: Alpha, tolerance: float) -> tuple[list[Drawing], Alpha]:
    """The thin lines of ``alpha`` (height × width, 0–255), within ``tolerance`` pixels, and what is left of it."""
    body = _opened(alpha >= FULL, 3) | _opened(alpha >= SEEN, 5)
    thin = (alpha >= LEAST) & ~_dilated(body, 2 * NEAR + 1)
    roots = _dilated(body, 2 * ROOTED + 1)
    drawings: list[Drawing] = []
    drawn = np.zeros(alpha.shape, np.bool_)
    for ridges in _lines_of_each_part(alpha, thin):
        lines = _joined(ridges)
        if _is_glyph(lines):
            continue
        for line in lines:
            rooted = [not line.is_closed and bool(_at(roots, end)) for end in line.points[[0, -1]]]
            if _is_line(line, any(rooted)):
                _mark(drawn, line)
                drawings.append(_drawn(_on_into(line, rooted), tolerance))
    return (drawings, np.where(_of_lines(drawn, thin), np.uint8(0), alpha)) if drawings else (drawings, alpha)


def _of_lines(drawn: Pixels, thin: Pixels) -> Pixels:
    """What of ``thin`` parts belongs to the lines that are ``drawn`` through them; the dot of an i is another part."""
    _, labels = cv2.connectedComponents(thin.astype(np.uint8), connectivity=8)
    return thin & _dilated(drawn, 2 * NEAR + 1) & np.isin(labels, np.unique(np.asarray(labels)[drawn & thin]))


def _lines_of_each_part(alpha: Alpha, thin: Pixels) -> Iterator[list[Ridge]]:
    """The ridges of each connected part; none of one that has a wider line, whose outlines are better."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(thin.astype(np.uint8), connectivity=8)
    for label in np.flatnonzero(stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= SHORTEST).tolist():
        if label:
            left, top, width, height = stats[label, :4].tolist()
            own = labels[top : top + height, left : left + width] == label
            coverage = (alpha[top : top + height, left : left + width] * own / np.float32(255)).astype(np.float32)
            if (lines := _if_thin(find_ridges(coverage, own))) is not None:
                yield [line._replace(points=line.points + (left, top)) for line in lines]


def _if_thin(ridges: Iterable[Ridge]) -> list[Ridge] | None:
    found = []
    for ridge in ridges:
        if _length(ridge) >= SHORTEST and np.median(ridge.widths) > WIDEST:
            return None
        found.append(ridge)
    return found


def _is_glyph(lines: Sequence[Ridge]) -> bool:
    """Whether lines that are no larger than a letter are several or bent: there an outline tells more."""
    points = np.vstack([line.points for line in lines] or [np.zeros((1, 2))])
    if np.ptp(points, axis=0).max() > LETTER:
        return False
    return len(lines) > 1 or _straight(points, STRAIGHT_ENOUGH) is None


def _is_line(line: Ridge, is_rooted: bool) -> bool:
    width = float(np.median(line.widths))
    is_long = _length(line) >= (SHORTEST_ATTACHED if is_rooted else SHORTEST)
    return (
        is_long and width >= LEAST_WIDTH and line.breadth <= max(1, width) + PALE and (not is_rooted or _is_even(line))
    )


def _is_even(line: Ridge) -> bool:
    least, most = np.quantile(line.widths, [0.1, 0.9])
    return bool(most - least <= EVEN)


def _length(line: Ridge) -> float:
    return float(np.hypot(*np.diff(line.points, axis=0).T).sum())


def _joined(lines: Sequence[Ridge]) -> list[Ridge]:
    """The lines, those that meet in a corner as one, and closed if it meets itself."""
    open_lines, done = [line for line in lines if not line.is_closed], [line for line in lines if line.is_closed]
    while open_lines:
        line = open_lines.pop(0)
        if (meeting := _meeting(line, open_lines)) is not None:
            place, turned, other_turned = meeting
            other = open_lines.pop(place)
            open_lines.insert(0, _in_one(_turned(line, turned), _turned(other, other_turned)))
        elif len(line.points) > 8 and np.hypot(*(line.points[0] - line.points[-1])) <= MEETING:
            ring, inner = _in_one(line, line), slice(2, len(line.points) - 1)
            done.append(ring._replace(points=ring.points[inner], widths=ring.widths[inner], is_closed=True))
        else:
            done.append(line)
    return done


def _meeting(line: Ridge, others: Sequence[Ridge]) -> tuple[int, bool, bool] | None:
    """Which of the others alone ends where ``line`` does, and whether either has to be turned round for that."""
    for turned in (False, True):
        end = line.points[0 if turned else -1]
        found = [
            (place, turned, other_turned)
            for place, other in enumerate(others)
            for other_turned in (False, True)
            if np.hypot(*(other.points[-1 if other_turned else 0] - end)) <= MEETING
            and abs(np.median(other.widths) - np.median(line.widths)) <= EVEN
        ]
        if len(found) == 1:
            return found[0]
    return None


def _turned(line: Ridge, turned: bool) -> Ridge:
    return line._replace(points=line.points[::-1], widths=line.widths[::-1]) if turned else line


def _in_one(line: Ridge, other: Ridge) -> Ridge:
    """Both, with the corner where they would meet if they went straight on."""
    before, after = line.points[:-2], other.points[2:]
    way, back = unit(before[-1] - before[max(-5, -len(before))]), unit(after[0] - after[min(4, len(after) - 1)])
    cross, gap = way[0] * back[1] - way[1] * back[0], after[0] - before[-1]
    reach = (gap[0] * back[1] - gap[1] * back[0]) / (cross or np.inf)
    corner = before[-1] + way * reach
    if way @ back <= -FORWARD or not 0 < reach <= 2 * MEETING + 2:
        corner = (before[-1] + after[0]) / 2
    widths = np.concatenate([line.widths[:-2], [np.median(line.widths)], other.widths[2:]])
    return Ridge(np.vstack([before, corner, after]), widths, max(line.breadth, other.breadth), False)


def _on_into(line: Ridge, rooted: Sequence[bool]) -> Ridge:
    """The line with the ends that begin at a body led on into it."""
    for turned, is_rooted in zip((True, False), rooted, strict=True):
        if is_rooted:
            points, widths, *_ = _turned(line, turned)
            way = unit(points[-1] - points[-6])
            further = points[-1] + way * np.arange(1, ROOTED + 1)[:, None]
            longer = line._replace(points=np.vstack([points, further]), widths=np.append(widths, [widths[-1]] * ROOTED))
            line = _turned(longer, turned)
    return line


def _drawn(line: Ridge, tolerance: float) -> Drawing:
    """A stroke, or the outline on both sides of a line whose width changes."""
    if _is_even(line):
        width = float(np.median(line.widths))
        # A line that lies within one pixel tells no more than that.
        unknown = max(0.0, 1 - width) / 2
        tolerance += unknown
        if not line.is_closed:
            curves = _straight(line.points, STRAIGHT + unknown) or fit_open_curve(
                even(line.points, is_closed=False), tolerance
            )
            return Stroke(curves, width, is_closed=False, round_corners=False, round_ends=False)
        ring = _outline(line.points)
        return Stroke(recognised(ring) or fit_curves([ring], tolerance)[0], width, is_closed=True, round_corners=False)
    points = line.points
    chords = np.gradient(points, axis=0)
    across = np.stack([-chords[:, 1], chords[:, 0]], axis=1) / np.maximum(1e-9, np.hypot(*chords.T))[:, None]
    one, other = (points + side * across * line.widths[:, None] / 2 for side in (-1, 1))
    sides = [one, other[::-1]] if line.is_closed else [np.vstack([one, other[::-1]])]
    return list(fit_curves([_outline(side) for side in sides], tolerance))


def _straight(points: Points, known: float) -> list[Curve] | None:
    """The straight line nearest to all points, if all of them are ``known`` to lie on it."""
    middle = points.mean(axis=0)
    way = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    along, aside = (points - middle) @ way, (points - middle) @ (-way[1], way[0])
    if np.abs(aside).max() > known:
        return None
    return [middle + along[[0, -1], None] * way]


def _outline(points: Points) -> Outline:
    return Outline(points, np.zeros(len(points)), None)


def _mark(mask: Pixels, line: Ridge) -> None:
    """Set the pixels that a line goes through."""
    columns, rows = np.floor(even(line.points, 0.5, line.is_closed)).astype(int).T
    inside = (columns >= 0) & (rows >= 0) & (columns < mask.shape[1]) & (rows < mask.shape[0])
    mask[rows[inside], columns[inside]] = True


def _at(mask: Pixels, point: NDArray[np.float64]) -> bool:
    column, row = np.floor(point).astype(int).clip(0, np.array(mask.shape[::-1]) - 1).tolist()
    return bool(mask[row, column])


def _opened(mask: Pixels, side: int) -> Pixels:
    opened: Pixels = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)) > 0
    return opened


def _dilated(mask: Pixels, side: int) -> Pixels:
    grown: Pixels = cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return grown

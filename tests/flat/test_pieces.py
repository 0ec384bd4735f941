import numpy as np

from peeler.flat.pieces import GAIN, Joined, Link, join_pieces, links, with_likes
from peeler.flat.regions import Region, Regions
from peeler.geometry import Box, Pixels
from tests.flat.figures import SIZE, bar, disc


def layout(*shapes: tuple[int, Pixels]) -> Regions:
    """Regions by hand: ink and mask, the first one the background."""
    labels = np.zeros((SIZE, SIZE), np.int32)
    for number, (_, mask) in enumerate(shapes):
        labels[mask] = number
    every = [
        Region(number, ink, Box.around(labels == number), int((labels == number).sum()))
        for number, (ink, _) in enumerate(shapes)
    ]
    return Regions(labels, tuple(every))


def over(count: int, *pairs: tuple[int, int]) -> Pixels:
    above = np.zeros((count, count), np.bool_)
    above[tuple(np.array(pairs).T)] = True
    return above


GROUND = 0, np.ones((SIZE, SIZE), np.bool_)
COVER = disc(48, 48, 16)


def join(regions: Regions, above: Pixels, sureness: float = 3.0) -> Joined:
    labels = [region.label for region in regions.all[1:]]
    found = links(regions, labels, above, sureness * (above.astype(float) - above.T))
    return join_pieces(regions, labels, found, above)


def groups(joined: Joined) -> list[tuple[int, ...]]:
    return [piece.members for piece in joined.pieces]


def test_a_bar_behind_a_disc_is_one() -> None:
    regions = layout(GROUND, (1, bar(8, 40, 48, 56)), (1, bar(48, 40, 88, 56)), (2, COVER))
    joined = join(regions, over(4, (3, 1), (3, 2)))
    assert groups(joined) == [(1, 2), (3,)]
    bridge = joined.pieces[0].bridge
    assert bridge is not None and (bridge <= COVER).all()
    assert bridge[41:55, 40:56].all() and not bridge[:38].any() and not bridge[58:].any()


def test_an_upright_bar_and_a_slanted_one_too() -> None:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    slanted: Pixels = (abs(rows - columns) < 9) & bar(8, 8, 88, 88)
    upper: Pixels = rows + columns < SIZE
    for first, second in ((bar(40, 8, 56, 48), bar(40, 48, 56, 88)), (slanted & upper, slanted & ~upper)):
        regions = layout(GROUND, (1, first), (1, second), (2, COVER))
        assert groups(join(regions, over(4, (3, 1), (3, 2)))) == [(1, 2), (3,)]


def test_two_discs_behind_a_bar_are_two() -> None:
    regions = layout(GROUND, (1, disc(28, 30, 14)), (1, disc(66, 66, 14)), (2, bar(36, 0, 60, 96)))
    joined = join(regions, over(4, (3, 1), (3, 2)))
    assert groups(joined) == [(1,), (2,), (3,)]
    assert all(piece.bridge is None for piece in joined.pieces)


def test_bars_that_do_not_line_up_are_two() -> None:
    regions = layout(GROUND, (1, bar(8, 34, 48, 44)), (1, bar(48, 54, 88, 64)), (2, COVER))
    assert groups(join(regions, over(4, (3, 1), (3, 2)))) == [(1,), (2,), (3,)]


def test_only_one_ink_and_only_behind_something() -> None:
    halves = bar(8, 40, 48, 56), bar(48, 40, 88, 56)
    other_ink = layout(GROUND, (1, halves[0]), (3, halves[1]), (2, COVER))
    assert groups(join(other_ink, over(4, (3, 1), (3, 2)))) == [(1,), (2,), (3,)]
    same_ink = layout(GROUND, (1, halves[0]), (1, halves[1]), (2, COVER))
    assert groups(join(same_ink, over(4, (1, 3), (2, 3)))) == [(1,), (2,), (3,)]


def test_three_pieces_behind_two_bars_are_one() -> None:
    shape = disc(48, 48, 34)
    bars = bar(30, 0, 36, 96), bar(60, 0, 66, 96)
    parts = shape & bar(0, 0, 30, 96), shape & bar(36, 0, 60, 96), shape & bar(66, 0, 96, 96)
    regions = layout(GROUND, *((1, part) for part in parts), *((2, mask) for mask in bars))
    above = over(6, *((high, low) for high in (4, 5) for low in (1, 2, 3)))
    joined = join(regions, above)
    assert groups(joined)[0] == (1, 2, 3)
    bridge = joined.pieces[0].bridge
    assert bridge is not None and (bridge <= (bars[0] | bars[1])).all()


def test_where_the_cover_may_lie_below_two_pieces_stay_two_but_are_told() -> None:
    regions = layout(GROUND, (1, bar(20, 40, 48, 56)), (1, bar(48, 40, 76, 56)), (2, COVER))
    above = over(4, (3, 1), (3, 2))
    joined = join(regions, above, sureness=0.0)
    assert groups(joined) == [(1,), (2,), (3,)] and joined.doubtful == [(1, 2)]
    assert not join(regions, above, sureness=3.0).doubtful


def test_of_several_that_may_go_on_behind_one_ink_the_sure_ones_help_the_others() -> None:
    def link(first: int, gain: float, inks: tuple[int, int]) -> Link:
        return Link(first, first + 1, np.array([gain / GAIN["at all"], 0, 0, 0, 0]), np.zeros((1, 1), np.bool_), inks)

    found = with_likes([link(0, 0.9, (1, 2)), link(2, 0.9, (1, 2)), link(4, -0.2, (1, 2)), link(6, -0.2, (1, 3))])
    assert [round(one.gain, 3) for one in found] == [1.075, 1.075, 0.25, -0.2]


def test_what_shows_between_three_bars_of_a_fence_is_one_plane() -> None:
    """The outlines of the bits do not relate, since they end under other ones; but their hull holds bars alone."""
    plane = disc(48, 48, 40)
    bars = [bar(x, 0, x + 10, 96) for x in (22, 42, 62)]
    hidden: Pixels = np.logical_or.reduce(bars)
    bits = [
        plane & ~hidden & bar(*sides) for sides in ((0, 0, 22, 96), (32, 0, 42, 96), (52, 0, 62, 96), (72, 0, 96, 96))
    ]
    regions = layout(GROUND, *((1, bit) for bit in bits), *((2, one) for one in bars))
    above = over(8, (5, 1), (5, 2), (6, 2), (6, 3), (7, 3), (7, 4))
    assert groups(join_pieces(regions, range(1, 8), [], above)) == [(1, 2, 3, 4), (5,), (6,), (7,)]
    apart = layout(GROUND, *((1, bit) for bit in bits[:3]), (1, bits[3]), *((2, one) for one in bars[:2]))
    assert groups(join_pieces(apart, range(1, 7), [], over(7, (5, 1), (5, 2), (6, 2), (6, 3), (6, 4))))[0] == (1,)


def test_patches_of_a_plane_between_lines_that_cross_on_it_are_of_it() -> None:
    """As on a chart beside another card: no two outlines relate, and nothing that lies over both frames a patch."""
    cards = [(1, bar(4, 8, 64, 88)), (1, bar(70, 8, 94, 88)), (5, bar(76, 30, 88, 60))]
    lines = bar(14, 40, 58, 46) | bar(14, 60, 58, 66)
    rungs = [(3, bar(x, 46, x + 6, 60)) for x in (14, 33, 52)]
    shapes = [*cards, (2, lines), *rungs, (1, bar(20, 46, 33, 60)), (1, bar(39, 46, 52, 60)), (4, bar(24, 50, 31, 57))]
    above = over(11, (3, 2), (4, 1), (4, 8), (4, 9), (5, 1), (5, 8), (6, 8), (6, 9), (7, 1), (7, 9))
    assert groups(join_pieces(layout(GROUND, *shapes), range(1, 11), [], above))[0] == (1, 8, 9)
    shapes[-1] = 4, bar(22, 48, 31, 58)
    beside = groups(join_pieces(layout(GROUND, *shapes), range(1, 11), [], above))
    assert beside[0] == (1,), "what shows may be in front, unless it is a speck"


def test_of_what_lies_between_two_pieces_that_tells_which_lies_over_both() -> None:
    rim, inner = disc(48, 48, 40) & ~disc(48, 48, 34), disc(48, 48, 30)
    ring, star = disc(48, 48, 34) & ~inner, disc(48, 48, 20)
    regions = layout(GROUND, (1, rim), (1, inner & ~star), (2, ring), (2, star))
    above = over(5, (3, 1), (3, 2), (4, 2))
    assert groups(join(regions, above)) == [(1, 2), (3,), (4,)]

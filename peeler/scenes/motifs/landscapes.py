"""Landscapes, framed by a disc or a rounded tile."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    ellipse,
    leaf,
    polygon,
    rect,
    spline,
    star,
    stroke,
    taper,
)
from peeler.scenes.motifs.food import waves
from peeler.scenes.paths import Path


def _framed(sheet: Sheet, rng: Random, tone: str) -> tuple[str, Path]:
    frame = circle(256, 256, 220) if rng.random() < 0.5 else rect(40, 40, 432, 432, 76)
    return sheet.add("sky", frame, tone), frame


def mountains(sheet: Sheet, rng: Random) -> None:
    air, rock, near = rng.choice(
        (
            (ink.ICE, ink.SLATE, ink.FOREST),
            ("#ffd9b8", ink.PLUM, ink.PURPLE),
            (ink.LAVENDER, ink.VIOLET, ink.NAVY),
            (ink.LEMON, ink.TEAL, ink.PINE),
            (ink.SKY, ink.BLUE, ink.LEAF),
        )
    )
    view, frame = _framed(sheet, rng, air)
    sheet.mark("sun", circle(rng.choice((160, 352)), 170, 52), ink.AMBER if air != ink.LEMON else ink.TOMATO, view)
    for x, top, half, tone in ((360, 190, 220, ink.lighter(rock, 0.3)), (190, 130, 250, rock)):
        peak = polygon([(x - half, 420), (x, top), (x + half, 420)], (0, 10, 0))
        mass = sheet.mark("mountain", clipped(peak, frame), tone, view)
        snow = polygon(
            [
                (x - 200, top - 30),
                (x + 200, top - 30),
                (x + 140, top + 70),
                (x + 66, top + 96),
                (x + 30, top + 70),
                (x - 8, top + 106),
                (x - 44, top + 74),
                (x - 90, top + 100),
            ],
            4,
        )
        sheet.mark("snow", clipped(peak, snow, frame), ink.SNOW, mass)
        sheet.mark(
            "dark side",
            clipped(peak, polygon([(x + 6, top + 100), (x + half, 440), (x - 40, 440), (x + 30, 250)]), frame),
            ink.darker(tone, 0.16),
            mass,
        )
    hill = spline([(0, 400), (110, 350), (250, 380), (380, 352), (520, 390), (520, 520), (0, 520)], {0, 4, 5, 6})
    ground = sheet.mark("hill", clipped(hill, frame), near, view)
    sheet.mark(
        "meadow",
        clipped(spline([(0, 440), (150, 404), (330, 436), (520, 400), (520, 530), (0, 530)], {0, 3, 4, 5}), frame),
        ink.lighter(near, 0.24),
        view,
    )
    for x, y, size in ((130, 424, 1.0), (176, 440, 0.76), (382, 416, 0.9)):
        sheet.mark(
            "fir",
            polygon([(x - 26 * size, y), (x + 26 * size, y), (x, y - 84 * size)], 5),
            ink.darker(near, 0.3),
            ground,
        )


def beach(sheet: Sheet, rng: Random) -> None:
    air, glow = rng.choice(
        ((ink.ICE, ink.YELLOW), ("#ffd0a6", ink.TOMATO), (ink.LEMON, ink.ORANGE), (ink.BLUSH, ink.AMBER))
    )
    view, frame = _framed(sheet, rng, air)
    sheet.mark("sun", circle(330, 220, 66), glow, view)
    sea = sheet.mark("sea", clipped(rect(0, 270, 512, 260), frame), rng.choice((ink.AZURE, ink.TEAL, ink.SKY)), view)
    for x, y, half in ((330, 300, 60), (318, 326, 36), (120, 310, 30), (420, 344, 30)):
        sheet.mark("glitter", clipped(rect(x - half, y, 2 * half, 11, 5), frame), ink.lighter(glow, 0.5), sea)
    sand = spline([(0, 430), (130, 370), (270, 376), (400, 430), (520, 440), (520, 530), (0, 530)], {0, 4, 5, 6})
    sheet.mark("foam", clipped(sand.moved(0, -16), frame), ink.WHITE, sea)
    sheet.mark("sand", clipped(sand, frame), ink.SAND, view)
    sheet.add("palm trunk", taper([(176, 410), (172, 320), (214, 200)], 34, 24, 18), ink.BROWN)
    for index, (x, y) in enumerate(((92, 240), (110, 150), (220, 92), (324, 150), (318, 246))):
        sheet.add("palm leaf", leaf((214, 196), (x, y), 46, 16 if x < 200 else -16), (ink.LEAF, ink.GREEN)[index % 2])
    for x, y in ((202, 212), (226, 216)):
        sheet.mark("coconut", circle(x, y, 15), ink.COCOA)
    if rng.random() < 0.5:
        sheet.mark("starfish", star(300, 430, 30, 5, 0.46, 5), ink.CORAL, view)


def desert(sheet: Sheet, rng: Random) -> None:
    air, sand = rng.choice(
        (("#ffd9b8", ink.ORANGE), (ink.LEMON, ink.TAN), (ink.BLUSH, ink.CORAL), (ink.ICE, ink.AMBER))
    )
    view, frame = _framed(sheet, rng, air)
    sheet.mark("sun", circle(168, 168, 56), ink.TOMATO if sand != ink.CORAL else ink.AMBER, view)
    for points, amount in (
        ([(0, 300), (90, 250), (200, 300), (330, 240), (520, 320), (520, 530), (0, 530)], -0.3),
        ([(0, 350), (160, 320), (330, 372), (520, 330), (520, 530), (0, 530)], 0.0),
        ([(0, 430), (200, 380), (380, 420), (520, 392), (520, 530), (0, 530)], 0.18),
    ):
        tone = ink.lighter(sand, -amount) if amount < 0 else ink.darker(sand, amount)
        last = len(points) - 1
        sheet.mark("dune", clipped(spline(points, {0, last - 2, last - 1, last}), frame), tone, view)
    green = rng.choice((ink.LEAF, ink.FOREST, ink.TEAL))
    sheet.add("cactus arm", stroke([(340, 330), (288, 326), (276, 300), (276, 262)], 32), green)
    sheet.add("cactus arm", stroke([(340, 300), (396, 296), (408, 272), (408, 232)], 30), green)
    plant = sheet.add("cactus", rect(316, 180, 54, 228, 27), green)
    for x in (332, 350):
        sheet.mark("rib", stroke([(x, 214), (x, 380)], 6, curved=False), ink.darker(green, 0.24), plant)
    sheet.mark("stone", clipped(ellipse(200, 424, 46, 24), frame), ink.BROWN, view)
    sheet.mark("stone", clipped(ellipse(244, 436, 26, 15), frame), ink.COCOA, view)


def volcano(sheet: Sheet, rng: Random) -> None:
    rock = rng.choice((ink.SLATE, ink.COCOA, ink.PURPLE, ink.NAVY))
    for x, y, radius in ((206, 92, 60), (300, 76, 72), (256, 50, 46), (356, 110, 40)):
        sheet.add("smoke", circle(x, y, radius), ink.SILVER if x != 256 else ink.PEARL)
    for angle in (-124, -92, -60):
        tip = around(256, 180, 108, angle)
        sheet.add(
            "fountain",
            taper([(256, 210), around(256, 190, 70, angle), tip], 34, 26, 18),
            ink.AMBER if angle == -92 else ink.ORANGE,
        )
    cone = spline([(196, 196), (316, 196), (366, 330), (476, 462), (36, 462), (146, 330)], {0, 1, 3, 4})
    body = sheet.add("mountain", cone, rock)
    lava = spline(
        [
            (190, 186),
            (322, 186),
            (330, 240),
            (350, 320),
            (326, 350),
            (306, 290),
            (286, 270),
            (270, 360),
            (252, 420),
            (232, 370),
            (230, 290),
            (206, 270),
            (186, 330),
            (160, 330),
            (178, 250),
        ],
        {0, 1},
    )
    flow = sheet.mark("lava", clipped(lava, cone), ink.TOMATO, body)
    sheet.mark(
        "hot lava",
        clipped(
            spline([(210, 190), (302, 190), (306, 240), (270, 256), (256, 330), (244, 260), (212, 236)], {0, 1}), cone
        ),
        ink.AMBER,
        flow,
    )
    sheet.add("crater", ellipse(256, 196, 66, 18), ink.MAROON)
    sheet.add("jungle", waves(40, 472, 500, 462, 7, -34).moved(0, 0), ink.LEAF)

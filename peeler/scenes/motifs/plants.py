"""Flowers and trees."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    cut,
    ellipse,
    joined,
    leaf,
    mirror_spline,
    polygon,
    rect,
    sector,
    spline,
    stroke,
    taper,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile


def flower(sheet: Sheet, rng: Random) -> None:
    petal, heart = rng.choice(
        (
            (ink.PINK, ink.YELLOW),
            (ink.SNOW, ink.AMBER),
            (ink.VIOLET, ink.LEMON),
            (ink.TOMATO, ink.NIGHT),
            (ink.SKY, ink.YELLOW),
            (ink.AMBER, ink.BROWN),
        )
    )
    petal = "#edf1f7" if petal == ink.SNOW else petal
    sheet.add("stem", stroke([(256, 220), (262, 360), (250, 490)], 20), ink.LEAF)
    sheet.add("left leaf", leaf((252, 462), (116, 372), 74, -10), ink.GREEN)
    sheet.mark("leaf vein", stroke([(240, 452), (160, 400)], 6, curved=False), ink.FOREST)
    sheet.add("right leaf", leaf((256, 432), (388, 340), 70, 10), ink.GREEN)
    sheet.mark("leaf vein", stroke([(268, 420), (346, 370)], 6, curved=False), ink.FOREST)
    count = rng.choice((5, 6, 8))
    for index in range(count):
        angle = index * 360 / count - 90
        x, y = around(256, 170, 86, angle)
        tone = petal if index % 2 == 0 or count % 2 else ink.darker(petal, 0.1)
        sheet.add("petal", ellipse(x, y, 76 if count < 8 else 66, (66, 54, 40)[(5, 6, 8).index(count)], angle), tone)
    core = sheet.add("heart of flower", circle(256, 170, 54), heart)
    seeds = together(circle(*around(256, 170, 28, 60 * index), 6) for index in range(6))
    sheet.mark("seeds", seeds, ink.darker(heart, 0.28) if heart != ink.NIGHT else ink.STEEL, core)


def tulip(sheet: Sheet, rng: Random) -> None:
    tones = rng.sample((ink.ROSE, ink.AMBER, ink.VIOLET, ink.TOMATO, ink.PINK), 3)
    sheet.add("left leaf", taper([(250, 480), (176, 420), (120, 300), (116, 240)], 40, 60, 44, 0), ink.LEAF)
    sheet.add("right leaf", taper([(262, 480), (336, 430), (388, 330), (396, 270)], 40, 58, 40, 0), ink.GREEN)
    for (x, y, size), tone in zip(((140, 160, 0.8), (372, 190, 0.78), (256, 130, 1.0)), tones, strict=True):
        sheet.add("stem", stroke([(x, y + 60), ((x + 256) / 2 - (x - 256) * 0.2, 360), (256, 476)], 14), ink.FOREST)
        for title, half, fill in (
            (
                "back petal",
                mirror_spline([(x, y - 96 * size), (x + 38 * size, y - 30 * size), (x, y + 40 * size)], {0}, x),
                ink.darker(tone, 0.2),
            ),
            (
                "left petal",
                spline(
                    [
                        (x - 70 * size, y - 90 * size),
                        (x - 8 * size, y - 20 * size),
                        (x + 14 * size, y + 74 * size),
                        (x - 50 * size, y + 50 * size),
                        (x - 78 * size, y - 20 * size),
                    ],
                    {0, 2},
                ),
                tone,
            ),
            (
                "right petal",
                spline(
                    [
                        (x + 70 * size, y - 90 * size),
                        (x + 8 * size, y - 20 * size),
                        (x - 14 * size, y + 74 * size),
                        (x + 50 * size, y + 50 * size),
                        (x + 78 * size, y - 20 * size),
                    ],
                    {0, 2},
                ),
                ink.lighter(tone, 0.16),
            ),
        ):
            sheet.add(title, half, fill)


def potted_plant(sheet: Sheet, rng: Random) -> None:
    pot = rng.choice((ink.CORAL, ink.TEAL, ink.PEARL, ink.VIOLET, ink.AMBER, ink.AZURE))
    tones = (ink.LEAF, ink.GREEN, ink.FOREST)
    for index, (x, y) in enumerate(((96, 210), (416, 210), (150, 96), (362, 96), (256, 48))):
        sheet.add("leaf", leaf((256, 340), (x, y), 96, 18 * (1 if x < 256 else -1 if x > 256 else 0)), tones[index % 3])
        sheet.mark(
            "leaf vein",
            stroke(
                [(256 + (x - 256) * 0.2, 340 + (y - 340) * 0.2), (256 + (x - 256) * 0.82, 340 + (y - 340) * 0.82)],
                6,
                curved=False,
            ),
            ink.lighter(tones[index % 3], 0.35),
        )
    outline = polygon([(136, 340), (376, 340), (346, 486), (166, 486)], (8, 8, 26, 26))
    body = sheet.add("pot", outline, pot)
    if rng.random() < 0.5:
        zigzag = stroke([(130 + 32 * index, 432 - 26 * (index % 2)) for index in range(9)], 14, curved=False)
        sheet.mark("zigzag", clipped(zigzag, outline), ink.WHITE if pot != ink.PEARL else ink.CORAL, body)
    else:
        eyes(sheet, 222, 416, 9, 12, body)
        smile(sheet, 256, 430, 18, 7, ink.NIGHT, body)
        cheeks(sheet, 198, 438, 14, ink.BLUSH if pot != ink.PEARL else ink.PINK, body)
    sheet.add("rim of pot", rect(118, 312, 276, 56, 16), ink.darker(pot, 0.14))


def cactus(sheet: Sheet, rng: Random) -> None:
    green, pot = (
        rng.choice((ink.GREEN, ink.LEAF, ink.TEAL)),
        rng.choice((ink.CORAL, ink.TAN, ink.SKY, ink.LAVENDER, ink.AMBER)),
    )
    sheet.add("left arm", stroke([(250, 300), (150, 296), (128, 270), (128, 190)], 64), ink.darker(green, 0.1))
    sheet.add("right arm", stroke([(262, 250), (370, 246), (390, 220), (390, 140)], 60), ink.darker(green, 0.1))
    trunk = sheet.add("trunk", rect(194, 50, 124, 340, 62), green)
    ribs = together(stroke([(x, 110 if x != 256 else 92), (x, 350)], 8, curved=False) for x in (226, 256, 286))
    sheet.mark("ribs", ribs, ink.darker(green, 0.25), trunk)
    bloom = rng.choice((ink.PINK, ink.ROSE, ink.AMBER))
    for x, y in ((256, 54), (128, 164), (390, 116))[: rng.randrange(1, 4)]:
        for angle in (-150, -90, -30):
            sheet.mark("petal", ellipse(*around(x, y, 18, angle), 20, 13, angle), bloom)
        sheet.mark("heart of flower", circle(x, y, 11), ink.LEMON)
    outline = polygon([(142, 372), (370, 372), (344, 490), (168, 490)], (8, 8, 24, 24))
    body = sheet.add("pot", outline, pot)
    sheet.mark("band", clipped(rect(100, 424, 312, 22), outline), ink.lighter(pot, 0.5), body)
    sheet.add("rim of pot", rect(126, 350, 260, 48, 14), ink.darker(pot, 0.14))


def tree(sheet: Sheet, rng: Random) -> None:
    green = rng.choice((ink.GREEN, ink.LEAF, ink.LIME, ink.ORANGE, ink.PINK, ink.TEAL))
    sheet.add("ground", ellipse(256, 462, 190, 32), "#cfe6a8" if green != ink.LIME else ink.SAND)
    trunk = spline([(222, 240), (290, 240), (288, 400), (320, 466), (192, 466), (226, 400)], {0, 1, 3, 4})
    body = sheet.add("trunk", trunk, ink.BROWN)
    sheet.mark("branch", stroke([(262, 350), (304, 300), (330, 280)], 20), ink.BROWN)
    sheet.mark("knot", ellipse(250, 396, 10, 16), ink.COCOA, body)
    back = joined(circle(150, 220, 86), circle(362, 214, 88), circle(256, 150, 110))
    crown = joined(circle(176, 246, 78), circle(330, 250, 76), circle(256, 196, 104), circle(220, 130, 60))
    sheet.add("back of crown", back, ink.darker(green, 0.2))
    front = sheet.add("crown", crown, green)
    lights = ((206, 150, -30), (280, 200, 10), (170, 240, -40), (330, 260, 30))
    shine = together(sector(x, y, 26, 190, 350, 17).turned(turn, (x, y)) for x, y, turn in lights)
    sheet.mark("light on leaves", shine, ink.lighter(green, 0.4), front)
    if rng.random() < 0.5:
        fruit = together(circle(x, y, 17) for x, y in ((216, 216), (300, 150), (352, 244), (150, 206), (262, 276)))
        sheet.mark("fruit", fruit, ink.RED if green not in (ink.ORANGE, ink.PINK) else ink.LEMON, front)


def mushroom(sheet: Sheet, rng: Random) -> None:
    cap = rng.choice((ink.RED, ink.ORANGE, ink.VIOLET, ink.TEAL, ink.BROWN))
    stem = mirror_spline([(256, 260), (306, 262), (314, 360), (344, 450), (322, 476), (256, 480)])
    foot = sheet.add("stem", stem, ink.CREAM)
    collar = mirror_spline([(256, 268), (330, 272), (346, 316), (306, 310), (256, 324)])
    sheet.add("collar", collar, ink.SAND)
    if rng.random() < 0.5:
        eyes(sheet, 226, 380, 10, 14, foot)
        cheeks(sheet, 204, 404, 14, ink.PINK, foot)
        smile(sheet, 256, 394, 20, 7, ink.COCOA, foot)
    outline = mirror_spline([(256, 44), (372, 80), (452, 196), (458, 272), (400, 292), (256, 298)])
    top = sheet.add("cap", outline, cap)
    dots = (
        (256, 130, 46),
        (150, 190, 36),
        (364, 196, 38),
        (214, 240, 22),
        (310, 242, 18),
        (426, 262, 24),
        (92, 268, 26),
        (330, 102, 20),
    )
    if rng.random() < 0.5:
        sheet.mark("dots", clipped(together(circle(*dot) for dot in dots), outline), ink.SNOW, top)
    else:
        for dot in dots[:6]:
            sheet.mark("dot", clipped(circle(*dot), outline), ink.SNOW, top)
    if rng.random() < 0.6:
        sheet.add(
            "left grass",
            spline(
                [(110, 480), (122, 420), (150, 452), (172, 396), (196, 450), (214, 430), (222, 480)],
                {0, 1, 2, 3, 4, 5, 6},
            ),
            ink.GREEN,
        )
        sheet.add(
            "right grass",
            spline(
                [(300, 480), (312, 440), (336, 458), (356, 410), (378, 456), (402, 424), (410, 480)],
                {0, 1, 2, 3, 4, 5, 6},
            ),
            ink.LEAF,
        )


def monstera(sheet: Sheet, rng: Random) -> None:
    green = rng.choice((ink.LEAF, ink.FOREST, ink.TEAL, ink.GREEN))
    sheet.add("stalk", stroke([(256, 380), (262, 440), (300, 496)], 18), ink.darker(green, 0.2))
    outline = mirror_spline([(256, 110), (330, 40), (436, 90), (466, 220), (400, 350), (256, 452)], {0, 5})
    for y, size in ((150, 1.0), (236, 1.0), (318, 0.8)):
        slit = leaf((500, y - 30), (500 - 190 * size, y + 34), 46)
        outline = cut(outline, slit, slit.mirrored())
    body = sheet.add("leaf", outline, green)
    light = ink.lighter(green, 0.4)
    sheet.mark("midrib", stroke([(256, 150), (256, 420)], 11, curved=False), light, body)
    for y in (196, 272, 346):
        sheet.pair("vein", stroke([(256, y + 40), (214, y + 10), (170, y - 16)], 7), light, body, plain=True)

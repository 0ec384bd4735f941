"""Feasts: gifts, greetings and what is hung up."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    cut,
    drop,
    ellipse,
    heart,
    joined,
    leaf,
    mirror_spline,
    polygon,
    rect,
    ring,
    spline,
    star,
    stroke,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile


def gift(sheet: Sheet, rng: Random) -> None:
    paper, ribbon = rng.sample(
        (ink.TOMATO, ink.AMBER, ink.TEAL, ink.AZURE, ink.VIOLET, ink.PINK, ink.NAVY, ink.MINT), 2
    )
    outline = rect(76, 240, 360, 240, 20)
    box = sheet.add("box", outline, paper)
    if rng.random() < 0.6:
        dots = together(
            circle(x, y, 13)
            for x, y in ((120, 330), (176, 386), (120, 440), (186, 306), (336, 306), (392, 350), (330, 400), (390, 440))
        )
        sheet.mark("dots", dots, ink.lighter(paper, 0.5), box)
    sheet.mark("ribbon", rect(222, 240, 68, 240), ribbon, box)
    lid = sheet.add("lid", rect(48, 176, 416, 92, 20), ink.darker(paper, 0.14))
    sheet.mark("ribbon on lid", rect(222, 176, 68, 92), ink.darker(ribbon, 0.12), lid)
    sheet.pair("bow", spline([(250, 172), (180, 166), (110, 130), (112, 60), (170, 46), (226, 100)], {0}), ribbon)
    sheet.pair(
        "bow inside",
        spline([(232, 152), (180, 144), (146, 120), (148, 88), (176, 82), (212, 114)], {0}),
        ink.darker(ribbon, 0.3),
        plain=True,
    )
    sheet.add("knot", rect(220, 128, 72, 62, 24), ink.lighter(ribbon, 0.2))


def balloons(sheet: Sheet, rng: Random) -> None:
    tones = rng.sample((ink.TOMATO, ink.AMBER, ink.TEAL, ink.AZURE, ink.VIOLET, ink.PINK, ink.GREEN), 3)
    for x, y in ((140, 150), (372, 164), (256, 190)):
        sheet.mark("string", stroke([(x, y + 130), ((x + 256) / 2 + 8, 390), (256, 500)], 7), ink.STEEL)
    for (x, y), tone in zip(((140, 150), (372, 164), (256, 200)), tones, strict=True):
        sheet.mark("knot", polygon([(x, y + 112), (x + 20, y + 150), (x - 20, y + 150)], 5), ink.darker(tone, 0.2))
        skin = sheet.add(
            "balloon",
            mirror_spline([(x, y - 124), (x + 82, y - 84), (x + 96, y + 6), (x + 50, y + 96), (x, y + 124)], x=x),
            tone,
        )
        sheet.mark("gleam", ellipse(x - 46, y - 54, 15, 32, 26), ink.lighter(tone, 0.6), skin)


def christmas_tree(sheet: Sheet, rng: Random) -> None:
    green, tones = rng.choice((ink.LEAF, ink.FOREST, ink.TEAL)), (ink.TOMATO, ink.AMBER, ink.SKY, ink.PINK)
    sheet.add("trunk", rect(222, 412, 68, 84, 8), ink.BROWN)
    for index, (y, half, height) in enumerate(((430, 190, 190), (320, 152, 170), (220, 112, 150))):
        tier = spline(
            [
                (256 - half, y),
                (256 - half * 0.4, y - height * 0.5),
                (256, y - height),
                (256 + half * 0.4, y - height * 0.5),
                (256 + half, y),
                (256, y + 26),
            ],
            {0, 2, 4},
        )
        layer = sheet.add("branches", tier, (ink.darker(green, 0.16), ink.darker(green, 0.06), green)[index])
        drift = stroke([(256 - half * 0.62, y - 26), (256, y - 2), (256 + half * 0.66, y - 44)], 13)
        sheet.mark("garland", clipped(drift, tier), ink.LEMON, layer)
        for place, x in enumerate((-0.5, 0.05, 0.5)):
            sheet.mark(
                "bauble", circle(256 + half * x, y - 20 + (14 if place == 1 else -14), 15), tones[(index + place) % 4]
            )
    sheet.add("star", star(256, 66, 56, 5, 0.5, 6), ink.YELLOW)


def snowman(sheet: Sheet, rng: Random) -> None:
    wool, hat = rng.sample((ink.TOMATO, ink.TEAL, ink.AZURE, ink.VIOLET, ink.NAVY, ink.AMBER), 2)
    sheet.pair(
        "arm",
        joined(
            stroke([(150, 306), (86, 264), (40, 216)], 14),
            stroke([(76, 256), (38, 262)], 12, curved=False),
            stroke([(62, 240), (66, 196)], 12, curved=False),
        ),
        ink.BROWN,
        plain=True,
    )
    body = sheet.add("body", circle(256, 366, 126), ink.PEARL)
    head = sheet.add("head", circle(256, 196, 96), ink.SNOW)
    sheet.mark("buttons", together(circle(256, y, 12) for y in (346, 388, 430)), ink.NIGHT, body)
    eyes(sheet, 222, 178, 11, 14, head)
    cheeks(sheet, 196, 210, 17, ink.PINK, head)
    sheet.mark("carrot", polygon([(252, 190), (252, 216), (330, 214)], (8, 8, 5)), ink.ORANGE, head)
    smile(sheet, 248, 230, 26, 8, ink.NIGHT, head)
    sheet.add("scarf end", polygon([(292, 276), (346, 270), (356, 366), (302, 370)], 10), ink.darker(wool, 0.16))
    sheet.add("scarf", spline([(160, 256), (256, 278), (352, 256), (360, 290), (256, 318), (152, 290)]), wool)
    sheet.add("hat", polygon([(186, 20), (326, 20), (318, 126), (194, 126)], (14, 14, 4, 4)), hat)
    sheet.mark("hat band", rect(191, 88, 130, 30), ink.AMBER if hat != ink.AMBER else ink.RED, "hat")
    sheet.add("brim", rect(146, 112, 220, 30, 15), ink.darker(hat, 0.16))


def bell(sheet: Sheet, rng: Random) -> None:
    gold = rng.choice((ink.AMBER, ink.YELLOW, ink.CARAMEL))
    sheet.mark("clapper", circle(256, 430, 44), ink.darker(gold, 0.35))
    sheet.mark("loop", ring(256, 66, 38, 20), ink.darker(gold, 0.2))
    outline = spline(
        [(256, 72), (340, 110), (374, 220), (392, 330), (440, 404), (72, 404), (120, 330), (138, 220), (172, 110)],
        {4, 5},
    )
    body = sheet.add("bell", outline, gold)
    sheet.mark("gleam", stroke([(170, 300), (178, 210), (206, 146)], 20), ink.lighter(gold, 0.6), body)
    sheet.mark("band", clipped(rect(60, 316, 392, 24), outline), ink.darker(gold, 0.16), body)
    sheet.add("rim", rect(56, 380, 400, 50, 25), ink.darker(gold, 0.1))
    if rng.random() < 0.5:
        ribbon = rng.choice((ink.RED, ink.TEAL, ink.VIOLET))
        sheet.pair("bow", spline([(250, 104), (190, 130), (130, 110), (136, 50), (196, 50)], {0}), ribbon)
        sheet.add("knot", circle(256, 98, 30), ink.darker(ribbon, 0.18))


def envelope(sheet: Sheet, rng: Random) -> None:
    paper = rng.choice((ink.AMBER, ink.SKY, ink.PINK, ink.MINT, ink.LAVENDER, ink.CREAM))
    opened = rng.random() < 0.6
    outline = rect(46, 190 if opened else 110, 420, 270, 24)
    if opened:
        sheet.add("open flap", polygon([(46, 214), (256, 50), (466, 214)], (10, 26, 10)), ink.darker(paper, 0.24))
        letter = sheet.add("letter", rect(96, 96, 320, 300, 16), ink.PEARL)
        sheet.mark("heart", heart(256, 186, 96), ink.TOMATO, letter)
        sheet.mark("lines", together(rect(150, y, 212, 13, 6) for y in (264, 292)), ink.SILVER, letter)
        sheet.add("pocket", cut(outline, polygon([(20, 180), (492, 180), (256, 348)], (0, 0, 20))), paper)
        sheet.add(
            "lower fold",
            clipped(polygon([(256, 318), (490, 490), (22, 490)], (20, 0, 0)), outline),
            ink.darker(paper, 0.1),
        )
    else:
        sheet.add("envelope", outline, paper)
        sheet.add(
            "lower fold",
            clipped(polygon([(256, 220), (500, 420), (12, 420)], (20, 0, 0)), outline),
            ink.darker(paper, 0.08),
        )
        sheet.add(
            "flap", clipped(polygon([(40, 90), (472, 90), (256, 290)], (0, 0, 26)), outline), ink.darker(paper, 0.2)
        )
        sheet.mark("seal", circle(256, 262, 40), ink.TOMATO)
        sheet.mark("seal heart", heart(256, 264, 42), ink.BLUSH)


def candle(sheet: Sheet, rng: Random) -> None:
    wax, dish = (
        rng.choice((ink.CREAM, ink.PINK, ink.LAVENDER, ink.MINT)),
        rng.choice((ink.AMBER, ink.TEAL, ink.SLATE, ink.VIOLET)),
    )
    sheet.add("glow", circle(256, 120, 100), "#fff3c4", plain=True)
    sheet.add("handle", ring(410, 420, 54, 30), ink.darker(dish, 0.2))
    outline = rect(186, 196, 140, 240, 24)
    body = sheet.add("wax", outline, wax)
    drips = joined(
        rect(186, 196, 140, 50, 20),
        rect(186, 200, 40, 130, 20),
        rect(240, 200, 30, 84, 15),
        rect(290, 200, 36, 112, 18),
    )
    sheet.mark("drips", drips, ink.lighter(wax, 0.55) if wax != ink.CREAM else ink.WHITE, body)
    sheet.mark("wick", stroke([(256, 200), (258, 164)], 9, curved=False), ink.NIGHT)
    sheet.add("flame", drop(256, 112, 130), ink.ORANGE)
    sheet.mark("flame core", drop(256, 134, 70), ink.LEMON, "flame")
    sheet.add("dish", polygon([(90, 410), (422, 410), (372, 480), (140, 480)], (20, 20, 30, 30)), dish)
    sheet.mark("rim of dish", rect(76, 396, 360, 32, 16), ink.lighter(dish, 0.25))


def wreath(sheet: Sheet, rng: Random) -> None:
    green = rng.choice((ink.LEAF, ink.FOREST, ink.TEAL))
    for index in range(14):
        angle = index * 360 / 14
        base, tip = around(256, 256, 150, angle - 8), around(256, 256, 228 if index % 2 else 214, angle + 16)
        sheet.add("outer leaf", leaf(base, tip, 50), (green, ink.darker(green, 0.14))[index % 2], plain=True)
    for index in range(9):
        angle = index * 40
        sheet.add(
            "inner leaf",
            leaf(around(256, 256, 178, angle + 10), around(256, 256, 110, angle - 12), 40),
            ink.lighter(green, 0.2),
            plain=True,
        )
    for angle in (200, 235, 305, 340, 30, 150):
        sheet.mark("berry", circle(*around(256, 256, 166, angle), 18), ink.RED)
    sheet.pair("bow", spline([(250, 424), (190, 400), (150, 360), (130, 420), (150, 476)], {0}), ink.TOMATO)
    sheet.pair("bow tail", polygon([(240, 430), (262, 440), (226, 504), (192, 490)], 4), ink.MAROON)
    sheet.add("knot", circle(256, 424, 26), ink.MAROON)

"""Flowers, trees, fruit and vegetables."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around, circle, clipped, cut, drop, ellipse, grown, joined, leaf, mirror_spline, polygon, rect, sector, spline,
    stroke, taper,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile


def flower(sheet: Sheet, rng: Random) -> None:
    petal, heart = rng.choice(((ink.PINK, ink.YELLOW), (ink.SNOW, ink.AMBER), (ink.VIOLET, ink.LEMON), (ink.TOMATO, ink.NIGHT), (ink.SKY, ink.YELLOW), (ink.AMBER, ink.BROWN)))
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
    for index in range(6):
        x, y = around(256, 170, 28, index * 60)
        sheet.mark("seed", circle(x, y, 6), ink.darker(heart, 0.28) if heart != ink.NIGHT else ink.STEEL, core)


def tulip(sheet: Sheet, rng: Random) -> None:
    tones = rng.sample((ink.ROSE, ink.AMBER, ink.VIOLET, ink.TOMATO, ink.PINK), 3)
    sheet.add("left leaf", taper([(250, 480), (176, 420), (120, 300), (116, 240)], 40, 60, 44, 0), ink.LEAF)
    sheet.add("right leaf", taper([(262, 480), (336, 430), (388, 330), (396, 270)], 40, 58, 40, 0), ink.GREEN)
    for (x, y, size), tone in zip(((140, 160, 0.8), (372, 190, 0.78), (256, 130, 1.0)), tones, strict=True):
        sheet.add("stem", stroke([(x, y + 60), ((x + 256) / 2 - (x - 256) * 0.2, 360), (256, 476)], 14), ink.FOREST)
        for title, half, fill in (
            ("back petal", mirror_spline([(x, y - 96 * size), (x + 38 * size, y - 30 * size), (x, y + 40 * size)], {0}, x), ink.darker(tone, 0.2)),
            ("left petal", spline([(x - 70 * size, y - 90 * size), (x - 8 * size, y - 20 * size), (x + 14 * size, y + 74 * size), (x - 50 * size, y + 50 * size), (x - 78 * size, y - 20 * size)], {0, 2}), tone),
            ("right petal", spline([(x + 70 * size, y - 90 * size), (x + 8 * size, y - 20 * size), (x - 14 * size, y + 74 * size), (x + 50 * size, y + 50 * size), (x + 78 * size, y - 20 * size)], {0, 2}), ink.lighter(tone, 0.16)),
        ):
            sheet.add(title, half, fill)


def potted_plant(sheet: Sheet, rng: Random) -> None:
    pot = rng.choice((ink.CORAL, ink.TEAL, ink.PEARL, ink.VIOLET, ink.AMBER, ink.AZURE))
    tones = (ink.LEAF, ink.GREEN, ink.FOREST)
    for index, (x, y) in enumerate(((96, 210), (416, 210), (150, 96), (362, 96), (256, 48))):
        sheet.add("leaf", leaf((256, 340), (x, y), 96, 18 * (1 if x < 256 else -1 if x > 256 else 0)), tones[index % 3])
        sheet.mark("leaf vein", stroke([(256 + (x - 256) * 0.2, 340 + (y - 340) * 0.2), (256 + (x - 256) * 0.82, 340 + (y - 340) * 0.82)], 6, curved=False), ink.lighter(tones[index % 3], 0.35))
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
    green, pot = rng.choice((ink.GREEN, ink.LEAF, ink.TEAL)), rng.choice((ink.CORAL, ink.TAN, ink.SKY, ink.LAVENDER, ink.AMBER))
    sheet.add("left arm", stroke([(250, 300), (150, 296), (128, 270), (128, 190)], 64), ink.darker(green, 0.1))
    sheet.add("right arm", stroke([(262, 250), (370, 246), (390, 220), (390, 140)], 60), ink.darker(green, 0.1))
    trunk = sheet.add("trunk", rect(194, 50, 124, 340, 62), green)
    for x in (226, 256, 286):
        sheet.mark("rib", stroke([(x, 110 if x != 256 else 92), (x, 350)], 8, curved=False), ink.darker(green, 0.25), trunk)
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
    for x, y, turn in ((206, 150, -30), (280, 200, 10), (170, 240, -40), (330, 260, 30)):
        sheet.mark("light on leaves", sector(x, y, 26, 190, 350, 17).turned(turn, (x, y)), ink.lighter(green, 0.4), front)
    if rng.random() < 0.5:
        for x, y in ((216, 216), (300, 150), (352, 244), (150, 206), (262, 276)):
            sheet.mark("fruit", circle(x, y, 17), ink.RED if green not in (ink.ORANGE, ink.PINK) else ink.LEMON, front)


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
    for x, y, radius in ((256, 130, 46), (150, 190, 36), (364, 196, 38), (214, 240, 22), (310, 242, 18), (426, 262, 24), (92, 268, 26), (330, 102, 20)):
        sheet.mark("dot", clipped(circle(x, y, radius), outline), ink.SNOW, top)
    if rng.random() < 0.6:
        sheet.add("left grass", spline([(110, 480), (122, 420), (150, 452), (172, 396), (196, 450), (214, 430), (222, 480)], {0, 1, 2, 3, 4, 5, 6}), ink.GREEN)
        sheet.add("right grass", spline([(300, 480), (312, 440), (336, 458), (356, 410), (378, 456), (402, 424), (410, 480)], {0, 1, 2, 3, 4, 5, 6}), ink.LEAF)


def apple(sheet: Sheet, rng: Random) -> None:
    skin = rng.choice((ink.RED, ink.GREEN, ink.YELLOW, ink.TOMATO))
    half = [(256, 150), (330, 124), (420, 170), (438, 280), (378, 420), (308, 466), (256, 452)]
    outline = mirror_spline(half)
    bitten = rng.random() < 0.35
    shape = cut(outline, joined(circle(446, 250, 56), circle(410, 320, 44))) if bitten else outline
    body = sheet.add("apple", shape, skin)
    sheet.mark("shade", clipped(cut(outline, outline.moved(-36, -20)), shape), ink.darker(skin, 0.14), body)
    sheet.mark("gleam", stroke([(128, 262), (136, 222), (166, 190)], 22), ink.lighter(skin, 0.55), body)
    sheet.mark("hollow", ellipse(256, 156, 44, 14), ink.darker(skin, 0.28), body)
    sheet.add("stalk", taper([(254, 160), (250, 110), (272, 58)], 14, 14, 20), ink.COCOA)
    sheet.add("leaf", leaf((262, 116), (392, 46), 70, -8), ink.LEAF if skin != ink.GREEN else ink.FOREST)
    sheet.mark("leaf vein", stroke([(284, 104), (352, 68)], 6, curved=False), ink.LIME)
    if rng.random() < 0.35:
        x = 300
        sheet.add("worm", stroke([(x, 330), (x + 40, 300), (x + 44, 262)], 34), ink.LIME if skin != ink.GREEN else ink.PINK)
        sheet.mark("worm eye", circle(x + 36, 262, 6), ink.NIGHT)
        sheet.mark("worm eye", circle(x + 54, 262, 6), ink.NIGHT)


def cherries(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice((ink.RED, ink.MAROON, ink.ROSE))
    sheet.mark("left stalk", stroke([(160, 320), (210, 190), (330, 74)], 15), ink.FOREST)
    sheet.mark("right stalk", stroke([(356, 350), (362, 220), (330, 74)], 15), ink.FOREST)
    sheet.add("leaf", leaf((326, 82), (130, 70), 96, 10), ink.GREEN)
    sheet.mark("leaf vein", stroke([(296, 82), (190, 76)], 7, curved=False), ink.FOREST)
    for side, x, y in (("right", 354, 396), ("left", 160, 366)):
        fruit = sheet.add(f"{side} cherry", mirror_spline([(x, y - 74), (x + 52, y - 88), (x + 94, y - 20), (x + 62, y + 70), (x, y + 88)], x=x), tone if side == "left" else ink.darker(tone, 0.12))
        sheet.mark("hollow", sector(x, y - 80, 26, 10, 170), ink.darker(tone, 0.35), fruit)
        sheet.mark("gleam", ellipse(x - 46, y - 22, 14, 28, 24), ink.lighter(tone, 0.6), fruit)


def watermelon(sheet: Sheet, rng: Random) -> None:
    flesh = rng.choice((ink.TOMATO, ink.CORAL, ink.YELLOW))
    rind = sheet.add("rind", sector(256, 150, 230, 0, 180), ink.LEAF)
    for angle in range(18, 180, 24):
        sheet.mark("rind stripe", polygon([around(256, 150, 232, angle - 4), around(256, 150, 200, angle), around(256, 150, 232, angle + 4)]), ink.FOREST, rind)
    pith = sheet.add("pith", sector(256, 150, 198, 0, 180), ink.CREAM, rind, plain=True)
    melon = sheet.add("flesh", sector(256, 150, 178, 0, 180), flesh, pith)
    for x, y, turn in ((136, 196, 30), (200, 190, 12), (256, 236, 0), (314, 190, -12), (378, 196, -30), (176, 252, 24), (334, 254, -24), (256, 298, 0)):
        sheet.mark("seed", drop(x, y, 30, turn), ink.NIGHT, melon)
    if rng.random() < 0.4:
        for x, radius in ((352, 46), (404, 40)):
            sheet.add("bite", clipped(circle(x, 138, radius), rect(0, 146, 512, 300)), ink.WHITE)


def carrot(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice((ink.ORANGE, "#f47b20", ink.VIOLET, ink.CORAL))
    for x, y, width in ((150, 74, 60), (360, 70, 60), (200, 30, 62), (312, 28, 62), (256, 14, 66)):
        sheet.add("leaf", leaf((256, 170), (x, y), width), ink.GREEN if x in (150, 312, 360) else ink.LEAF)
    outline = mirror_spline([(256, 140), (330, 136), (372, 190), (346, 300), (290, 440), (256, 496)], {5})
    body = sheet.add("carrot", outline, tone)
    for x0, x1, y in ((140, 226, 206), (290, 390, 250), (160, 236, 312), (270, 350, 370), (190, 250, 416)):
        sheet.mark("groove", clipped(stroke([(x0, y - 6), ((x0 + x1) / 2, y + 2), (x1, y)], 12), outline), ink.darker(tone, 0.2), body)
    if rng.random() < 0.5:
        eyes(sheet, 222, 262, 13, 17, body)
        cheeks(sheet, 192, 292, 18, ink.PINK if tone != ink.CORAL else ink.ROSE, body)
        smile(sheet, 256, 282, 24, 8, ink.NIGHT, body)


def avocado(sheet: Sheet, rng: Random) -> None:
    half = [(256, 34), (322, 72), (350, 180), (418, 300), (400, 420), (320, 478), (256, 486)]
    skin = mirror_spline(half)
    body = sheet.add("skin", skin, rng.choice((ink.FOREST, ink.LEAF, "#3d5a34")))
    flesh = sheet.add("flesh", grown(skin, -24), ink.LIME, body)
    inner = sheet.add("inner flesh", grown(skin, -50), "#e6efaf", flesh, plain=True)
    stone = sheet.add("stone", circle(256, 348, 78), rng.choice((ink.BROWN, ink.CARAMEL)), inner)
    sheet.mark("gleam of stone", ellipse(228, 318, 18, 11, -40), ink.SAND, stone)
    if rng.random() < 0.6:
        eyes(sheet, 226, 196, 11, 15, inner)
        cheeks(sheet, 200, 222, 16, ink.CORAL, inner)
        smile(sheet, 256, 212, 20, 7, ink.COCOA, inner)
        sheet.pair("arm", stroke([(118, 300), (78, 300), (60, 264)], 13), ink.COCOA, plain=True)


def pineapple(sheet: Sheet, rng: Random) -> None:
    for x, y, width, tone in ((150, 90, 62, ink.LEAF), (362, 90, 62, ink.LEAF), (196, 46, 64, ink.GREEN), (316, 46, 64, ink.GREEN), (256, 14, 66, ink.LEAF)):
        sheet.add("leaf", leaf((256, 210), (x, y), width), tone)
    outline = mirror_spline([(256, 170), (336, 190), (386, 280), (376, 400), (320, 470), (256, 484)])
    skin = rng.choice((ink.AMBER, ink.YELLOW))
    body = sheet.add("pineapple", outline, skin)
    for shift in range(-200, 201, 66):
        for lean in (-1, 1):
            bar = stroke([(256 + shift - lean * 120, 160), (256 + shift + lean * 120, 490)], 9, curved=False)
            sheet.mark("skin line", clipped(bar, outline), ink.CARAMEL, body)
    if rng.random() < 0.5:
        sheet.pair("glass", circle(196, 290, 48), ink.NIGHT, plain=True)
        sheet.mark("bridge", stroke([(230, 284), (256, 276), (282, 284)], 10), ink.NIGHT)
        for x in (182, 302):
            sheet.mark("glint", stroke([(x, 300), (x + 26, 270)], 8, curved=False), ink.SKY)


def lemon(sheet: Sheet, rng: Random) -> None:
    skin = rng.choice((ink.YELLOW, ink.LIME, ink.ORANGE))
    back = spline([(60, 190), (96, 178), (200, 82), (330, 96), (404, 190), (444, 216), (408, 240), (330, 322), (190, 312), (98, 222)])
    fruit = sheet.add("whole fruit", back, skin)
    sheet.mark("gleam", stroke([(140, 190), (180, 138), (240, 118)], 18), ink.lighter(skin, 0.6), fruit)
    sheet.add("leaf", leaf((420, 206), (480, 84), 62), ink.LEAF)
    x, y = 288, 340
    half = sheet.add("half fruit", circle(x, y, 136), ink.darker(skin, 0.08))
    pith = sheet.add("pith", circle(x, y, 116), ink.CREAM, half, plain=True)
    for angle in range(0, 360, 45):
        wedge = polygon([around(x, y, 16, angle), around(x, y, 106, angle - 18), around(x, y, 110, angle), around(x, y, 106, angle + 18)], (5, 14, 4, 14))
        sheet.mark("segment", wedge, ink.lighter(skin, 0.12), pith)


def pumpkin(sheet: Sheet, rng: Random) -> None:
    skin = rng.choice((ink.ORANGE, "#f27f2a", ink.AMBER))
    sheet.add("stalk", taper([(256, 150), (262, 90), (306, 56)], 50, 34, 40), ink.FOREST)
    for x, across in ((112, 82), (400, 82), (168, 92), (344, 92)):
        sheet.add("rib", ellipse(x, 300, across, 156), ink.darker(skin, 0.16 if x in (112, 400) else 0.08))
    middle = sheet.add("middle rib", ellipse(256, 300, 100, 166), skin)
    if rng.random() < 0.7:
        glow = rng.choice((ink.LEMON, ink.NIGHT))
        sheet.pair("carved eye", polygon([(132, 284), (206, 300), (176, 226)], 8), glow, plain=True)
        sheet.mark("carved nose", polygon([(240, 320), (272, 320), (256, 292)], 5), glow)
        grin = [(116, 332), (176, 352), (256, 360), (336, 352), (396, 332), (352, 404), (310, 420), (300, 396), (274, 400), (266, 428), (214, 426), (206, 400), (182, 394)]
        sheet.mark("carved mouth", polygon(grin, 6), glow)
    else:
        sheet.mark("gleam", stroke([(210, 240), (220, 206), (246, 180)], 16), ink.lighter(skin, 0.5), middle)
        sheet.add("leaf", leaf((262, 146), (408, 116), 80, -8), ink.LEAF)


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



"""Fruit and vegetables."""

from dataclasses import replace
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
    grown,
    joined,
    leaf,
    mirror_spline,
    polygon,
    sector,
    spline,
    stroke,
    taper,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile


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
        sheet.add(
            "worm", stroke([(x, 330), (x + 40, 300), (x + 44, 262)], 34), ink.LIME if skin != ink.GREEN else ink.PINK
        )
        sheet.mark("worm eye", circle(x + 36, 262, 6), ink.NIGHT)
        sheet.mark("worm eye", circle(x + 54, 262, 6), ink.NIGHT)


def cherries(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice((ink.RED, ink.MAROON, ink.ROSE))
    sheet.mark("left stalk", stroke([(160, 320), (210, 190), (330, 74)], 15), ink.FOREST)
    sheet.mark("right stalk", stroke([(356, 350), (362, 220), (330, 74)], 15), ink.FOREST)
    sheet.add("leaf", leaf((326, 82), (130, 70), 96, 10), ink.GREEN)
    sheet.mark("leaf vein", stroke([(296, 82), (190, 76)], 7, curved=False), ink.FOREST)
    for side, x, y in (("right", 354, 396), ("left", 160, 366)):
        fruit = sheet.add(
            f"{side} cherry",
            mirror_spline([(x, y - 74), (x + 52, y - 88), (x + 94, y - 20), (x + 62, y + 70), (x, y + 88)], x=x),
            tone if side == "left" else ink.darker(tone, 0.12),
        )
        sheet.mark("hollow", sector(x, y - 80, 26, 10, 170), ink.darker(tone, 0.35), fruit)
        sheet.mark("gleam", ellipse(x - 46, y - 22, 14, 28, 24), ink.lighter(tone, 0.6), fruit)


def watermelon(sheet: Sheet, rng: Random) -> None:
    flesh = rng.choice((ink.TOMATO, ink.CORAL, ink.YELLOW))
    rind = sheet.add("rind", sector(256, 150, 230, 0, 180), ink.LEAF)
    stripes = together(
        polygon([around(256, 150, 230, angle - 4), around(256, 150, 200, angle), around(256, 150, 230, angle + 4)])
        for angle in range(18, 180, 24)
    )
    sheet.mark("rind stripes", stripes, ink.FOREST, rind)
    pith = sheet.add("pith", sector(256, 150, 198, 0, 180), ink.CREAM, rind, plain=True)
    melon = sheet.add("flesh", sector(256, 150, 178, 0, 180), flesh, pith)
    places = (
        (136, 196, 30),
        (200, 190, 12),
        (256, 236, 0),
        (314, 190, -12),
        (378, 196, -30),
        (176, 252, 24),
        (334, 254, -24),
        (256, 298, 0),
    )
    sheet.mark("seeds", together(drop(x, y, 30, turn) for x, y, turn in places), ink.NIGHT, melon)
    if rng.random() < 0.4:
        bite = joined(circle(352, 138, 46), circle(404, 138, 40))
        sheet.shapes = [replace(shape, path=cut(shape.path, bite)) for shape in sheet.shapes]


def carrot(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice((ink.ORANGE, "#f47b20", ink.VIOLET, ink.CORAL))
    for x, y, width in ((150, 74, 60), (360, 70, 60), (200, 30, 62), (312, 28, 62), (256, 14, 66)):
        sheet.add("leaf", leaf((256, 170), (x, y), width), ink.GREEN if x in (150, 312, 360) else ink.LEAF)
    outline = mirror_spline([(256, 140), (330, 136), (372, 190), (346, 300), (290, 440), (256, 496)], {5})
    body = sheet.add("carrot", outline, tone)
    for x0, x1, y in ((140, 226, 206), (290, 390, 250), (160, 236, 312), (270, 350, 370), (190, 250, 416)):
        sheet.mark(
            "groove",
            clipped(stroke([(x0, y - 6), ((x0 + x1) / 2, y + 2), (x1, y)], 12), outline),
            ink.darker(tone, 0.2),
            body,
        )
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
    for x, y, width, tone in (
        (150, 90, 62, ink.LEAF),
        (362, 90, 62, ink.LEAF),
        (196, 46, 64, ink.GREEN),
        (316, 46, 64, ink.GREEN),
        (256, 14, 66, ink.LEAF),
    ):
        sheet.add("leaf", leaf((256, 210), (x, y), width), tone)
    outline = mirror_spline([(256, 170), (336, 190), (386, 280), (376, 400), (320, 470), (256, 484)])
    skin = rng.choice((ink.AMBER, ink.YELLOW))
    body = sheet.add("pineapple", outline, skin)
    bars = [
        stroke([(256 + shift - lean * 120, 160), (256 + shift + lean * 120, 490)], 9, curved=False)
        for shift in range(-200, 201, 66)
        for lean in (-1, 1)
    ]
    sheet.mark("skin lines", clipped(joined(*bars), outline), ink.CARAMEL, body)
    if rng.random() < 0.5:
        sheet.pair("glass", circle(196, 290, 48), ink.NIGHT, plain=True)
        sheet.mark("bridge", stroke([(230, 284), (256, 276), (282, 284)], 10), ink.NIGHT)
        for x in (182, 302):
            sheet.mark("glint", stroke([(x, 300), (x + 26, 270)], 8, curved=False), ink.SKY)


def lemon(sheet: Sheet, rng: Random) -> None:
    skin = rng.choice((ink.YELLOW, ink.LIME, ink.ORANGE))
    back = spline(
        [
            (60, 190),
            (96, 178),
            (200, 82),
            (330, 96),
            (404, 190),
            (444, 216),
            (408, 240),
            (330, 322),
            (190, 312),
            (98, 222),
        ]
    )
    fruit = sheet.add("whole fruit", back, skin)
    sheet.mark("gleam", stroke([(140, 190), (180, 138), (240, 118)], 18), ink.lighter(skin, 0.6), fruit)
    sheet.add("leaf", leaf((420, 206), (480, 84), 62), ink.LEAF)
    x, y = 288, 340
    half = sheet.add("half fruit", circle(x, y, 136), ink.darker(skin, 0.08))
    pith = sheet.add("pith", circle(x, y, 116), ink.CREAM, half, plain=True)
    for angle in range(0, 360, 45):
        tips = [around(x, y, radius, angle + aside) for radius, aside in ((16, 0), (106, -18), (110, 0), (106, 18))]
        sheet.mark("segment", polygon(tips, (5, 14, 4, 14)), ink.lighter(skin, 0.12), pith)


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
        grin = [
            (116, 332),
            (176, 352),
            (256, 360),
            (336, 352),
            (396, 332),
            (352, 404),
            (310, 420),
            (300, 396),
            (274, 400),
            (266, 428),
            (214, 426),
            (206, 400),
            (182, 394),
        ]
        sheet.mark("carved mouth", polygon(grin, 6), glow)
    else:
        sheet.mark("gleam", stroke([(210, 240), (220, 206), (246, 180)], 16), ink.lighter(skin, 0.5), middle)
        sheet.add("leaf", leaf((262, 146), (408, 116), 80, -8), ink.LEAF)

"""Animals seen whole, on land and in the air."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    ellipse,
    joined,
    leaf,
    mirror_spline,
    polygon,
    rect,
    spline,
    stroke,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile


def ladybug(sheet: Sheet, rng: Random) -> None:
    shell = rng.choice((ink.RED, ink.ORANGE, ink.AMBER, ink.ROSE))
    for points in (
        ((120, 220), (70, 200), (52, 160)),
        ((104, 306), (48, 310), (24, 340)),
        ((130, 390), (84, 424), (80, 466)),
    ):
        sheet.pair("leg", stroke(list(points), 16), ink.NIGHT, plain=True)
    sheet.pair("feeler", stroke([(226, 92), (206, 54), (166, 36)], 11), ink.NIGHT, plain=True)
    sheet.add("head", ellipse(256, 142, 94, 78), ink.CHARCOAL)
    sheet.pair("eye", ellipse(206, 118, 20, 24), ink.WHITE, plain=True)
    outline = ellipse(256, 308, 172, 172)
    body = sheet.add("shell", outline, shell)
    sheet.mark("shell shade", clipped(circle(256, 308, 172), rect(256, 100, 300, 400)), ink.darker(shell, 0.12), body)
    dots = together(
        circle(x, y, radius)
        for x, y, radius in (
            (170, 240, 32),
            (342, 240, 32),
            (148, 342, 26),
            (364, 342, 26),
            (206, 420, 24),
            (306, 420, 24),
        )
    )
    sheet.mark("dots", clipped(dots, outline), ink.NIGHT, body)
    sheet.mark("seam", rect(250, 140, 12, 338, 4), ink.NIGHT, body)


def butterfly(sheet: Sheet, rng: Random) -> None:
    one, two = rng.choice(
        (
            (ink.VIOLET, ink.PINK),
            (ink.AZURE, ink.MINT),
            (ink.ORANGE, ink.YELLOW),
            (ink.ROSE, ink.AMBER),
            (ink.TEAL, ink.LEMON),
        )
    )
    upper = spline([(250, 250), (190, 130), (90, 70), (40, 110), (56, 220), (130, 286)], {0})
    lower = spline([(250, 256), (140, 276), (84, 340), (104, 420), (170, 440), (226, 370)], {0})
    sheet.pair("lower wing", lower, ink.darker(one, 0.14))
    sheet.pair("lower wing spot", ellipse(154, 358, 34, 42, 30), two, plain=True)
    sheet.pair("upper wing", upper, one)
    sheet.pair("upper wing patch", upper.scaled(0.6, about=(150, 190)), two, plain=True)
    sheet.pair("wing dot", circle(84, 132, 13), ink.WHITE, plain=True)
    sheet.pair("feeler", stroke([(250, 160), (228, 104), (186, 76)], 9), ink.COCOA, plain=True)
    sheet.add("body", mirror_spline([(256, 142), (280, 164), (284, 280), (270, 380), (256, 410)]), ink.COCOA)


def bee(sheet: Sheet, rng: Random) -> None:
    coat = rng.choice((ink.YELLOW, ink.AMBER))
    sheet.add("back wing", ellipse(296, 138, 56, 96, 24), ink.SKY)
    sheet.add("front wing", ellipse(216, 130, 62, 104, -14), ink.ICE)
    sheet.add("sting", polygon([(440, 270), (496, 300), (440, 330)], 8), ink.NIGHT)
    sheet.mark("feeler", stroke([(116, 206), (98, 150), (60, 136)], 11), ink.NIGHT)
    sheet.mark("feeler", stroke([(156, 190), (152, 130), (122, 104)], 11), ink.NIGHT)
    outline = ellipse(258, 300, 206, 144)
    body = sheet.add("body", outline, coat)
    for x, width in ((232, 48), (326, 46), (412, 40)):
        sheet.mark(
            "stripe", clipped(stroke([(x - 14, 120), (x + 10, 300), (x - 14, 480)], width), outline), ink.NIGHT, body
        )
    sheet.mark("eye", ellipse(128, 280, 17, 23), ink.NIGHT, body)
    sheet.mark("glint", circle(134, 270, 6), ink.WHITE, body)
    sheet.mark("cheek", ellipse(154, 326, 22, 15), ink.CORAL, body)
    smile(sheet, 112, 326, 18, 8, ink.COCOA, body)


def snail(sheet: Sheet, rng: Random) -> None:
    skin, shell = rng.choice(
        ((ink.SAND, ink.CORAL), (ink.LIME, ink.VIOLET), (ink.CREAM, ink.TEAL), (ink.BLUSH, ink.AMBER))
    )
    for x, y in ((404, 150), (458, 158)):
        sheet.mark("feeler", stroke([(420, 260), (x, y)], 15, curved=False), skin if skin != ink.CREAM else ink.SAND)
        sheet.mark("eye", circle(x, y, 15), ink.NIGHT)
    body = spline(
        [
            (30, 452),
            (130, 400),
            (300, 396),
            (370, 330),
            (386, 250),
            (430, 226),
            (478, 260),
            (470, 360),
            (420, 440),
            (340, 462),
            (60, 462),
        ],
        {0, 10},
    )
    trunk = sheet.add("body", body, skin)
    sheet.mark("cheek", ellipse(446, 312, 16, 11), ink.PINK if skin != ink.BLUSH else ink.ROSE, trunk)
    smile(sheet, 462, 292, 12, 7, ink.COCOA, trunk)
    house = sheet.add("shell", circle(206, 256, 160), shell)
    spiral = [around(206 + 10, 262, 124 - index * 9.5, 90 + index * 50) for index in range(12)]
    sheet.mark("spiral", stroke(spiral, 20), ink.darker(shell, 0.24), house)
    sheet.mark("gleam", stroke([(78, 226), (96, 178), (132, 142)], 14), ink.lighter(shell, 0.5), house)


def chick(sheet: Sheet, rng: Random) -> None:
    down = rng.choice((ink.YELLOW, ink.LEMON, ink.AMBER))
    sheet.pair(
        "foot",
        joined(stroke([(206, 430), (206, 476)], 14, curved=False), stroke([(176, 484), (206, 470), (236, 484)], 14)),
        ink.ORANGE,
        plain=True,
    )
    hatch = rng.random() < 0.5
    body = sheet.add(
        "body", mirror_spline([(256, 64), (350, 92), (396, 190), (430, 300), (384, 420), (256, 448)]), down
    )
    sheet.mark(
        "tuft",
        joined(leaf((256, 84), (222, 20), 26), leaf((256, 84), (262, 8), 28), leaf((256, 84), (302, 24), 26)),
        ink.darker(down, 0.08),
    )
    sheet.pair("wing", spline([(112, 246), (150, 270), (158, 340), (106, 376), (70, 330)], {3}), ink.darker(down, 0.1))
    eyes(sheet, 200, 188, 16, 21, body)
    cheeks(sheet, 162, 232, 24, ink.CORAL, body)
    sheet.mark("beak", polygon([(224, 206), (288, 206), (256, 254)], 9), ink.ORANGE, body)
    if hatch:
        zigzag = [(84 + index * 43, 330 + 40 * (index % 2)) for index in range(9)]
        egg = clipped(
            polygon([*zigzag, (440, 520), (70, 520)], 4),
            mirror_spline([(256, 120), (380, 200), (440, 350), (380, 474), (256, 496)]),
        )
        sheet.shapes = [shape for shape in sheet.shapes if "foot" not in shape.id]
        shell = sheet.add("egg shell", egg, ink.PEARL)
        sheet.mark(
            "egg dots",
            together((circle(160, 420, 13), circle(250, 452, 10), circle(340, 412, 15), circle(290, 400, 8))),
            ink.SKY,
            shell,
        )


def dinosaur(sheet: Sheet, rng: Random) -> None:
    skin, spike = rng.choice(
        (
            (ink.GREEN, ink.ORANGE),
            (ink.TEAL, ink.AMBER),
            (ink.VIOLET, ink.PINK),
            (ink.AZURE, ink.LIME),
            (ink.CORAL, ink.YELLOW),
        )
    )
    for x, y, turn in ((190, 100, -58), (158, 178, -68), (138, 262, -70), (112, 340, -52), (66, 400, -40)):
        sheet.add("spike", polygon([(x - 34, y + 28), (x + 34, y + 28), (x, y - 40)], 8).turned(turn, (x, y)), spike)
    outline = spline(
        [
            (200, 140),
            (240, 64),
            (340, 50),
            (424, 84),
            (432, 158),
            (380, 204),
            (330, 214),
            (350, 300),
            (370, 400),
            (330, 440),
            (180, 440),
            (90, 446),
            (20, 430),
            (70, 410),
            (130, 350),
            (170, 250),
        ],
        {12},
    )
    body = sheet.add("body", outline, skin)
    sheet.mark(
        "belly",
        clipped(spline([(300, 220), (380, 240), (400, 380), (330, 450), (250, 440), (240, 340)]), outline),
        ink.lighter(skin, 0.5),
        body,
    )
    for x in (186, 296):
        sheet.add("leg", rect(x, 380, 76, 100, 32), ink.darker(skin, 0.12))
        sheet.mark("claws", together(circle(x + 18 + 20 * index, 474, 8) for index in range(3)), ink.CREAM)
    sheet.add("arm", stroke([(296, 276), (352, 296), (372, 276)], 34), ink.darker(skin, 0.12))
    sheet.mark("eye", circle(336, 110, 17), ink.NIGHT, body)
    sheet.mark("glint", circle(342, 104, 6), ink.WHITE, body)
    sheet.mark("nostril", circle(408, 108, 6), ink.darker(skin, 0.4), body)
    sheet.mark("mouth", stroke([(424, 158), (376, 164), (344, 148)], 9), ink.darker(skin, 0.45), body)
    sheet.mark("cheek", ellipse(318, 148, 18, 12), ink.PINK if skin != ink.CORAL else ink.BLUSH, body)

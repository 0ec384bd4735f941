"""Animals of the sea."""

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
    ring,
    sector,
    spline,
    stroke,
    taper,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile


def fish(sheet: Sheet, rng: Random) -> None:
    skin, fin = rng.choice(
        (
            (ink.ORANGE, ink.TOMATO),
            (ink.AZURE, ink.NAVY),
            (ink.YELLOW, ink.ORANGE),
            (ink.TEAL, ink.PINE),
            (ink.PINK, ink.ROSE),
        )
    )
    sheet.add("tail", spline([(330, 256), (420, 150), (480, 140), (462, 256), (480, 372), (420, 362)], {0, 2, 4}), fin)
    sheet.add("upper fin", spline([(150, 170), (220, 76), (330, 100), (346, 200)], {0, 2, 3}), fin)
    sheet.add("lower fin", spline([(190, 350), (220, 416), (292, 420), (290, 340)], {0, 2, 3}), fin)
    outline = spline(
        [(30, 268), (100, 170), (226, 132), (340, 190), (400, 256), (340, 324), (226, 380), (100, 352)], {4}
    )
    body = sheet.add("body", outline, skin)
    if rng.random() < 0.6:
        tone = ink.WHITE if skin in (ink.ORANGE, ink.AZURE) else ink.lighter(skin, 0.5)
        for x, width in ((190, 40), (290, 34)):
            band = stroke([(x + 14, 100), (x - 12, 256), (x + 14, 410)], width)
            sheet.mark("band", clipped(band, outline), tone, body)
    else:
        scales = together(
            sector(x, y, 22, -90, 90, 14)
            for x, y in ((180, 220), (180, 290), (230, 255), (280, 220), (280, 290), (328, 255))
        )
        sheet.mark("scales", scales, ink.darker(skin, 0.2), body)
    sheet.add("side fin", leaf((176, 282), (262, 318), 52, 8), fin)
    sheet.mark("eye", circle(106, 232, 27), ink.WHITE, body)
    sheet.mark("pupil", circle(101, 234, 14), ink.NIGHT, body)
    sheet.mark("mouth", clipped(stroke([(44, 300), (66, 304), (84, 296)], 9), outline), ink.darker(skin, 0.4), body)
    for x, y, radius in ((52, 150, 19), (22, 100, 12)):
        sheet.mark("bubble", ring(x, y, radius, radius * 0.6), ink.SKY)


def whale(sheet: Sheet, rng: Random) -> None:
    skin = rng.choice((ink.AZURE, ink.BLUE, ink.TEAL, ink.SLATE, ink.VIOLET))
    spray = joined(
        stroke([(190, 170), (190, 110), (150, 70), (112, 84)], 22),
        stroke([(190, 170), (190, 110), (230, 70), (268, 84)], 22),
    )
    sheet.add("spray", spray, ink.SKY if skin != ink.AZURE else ink.ICE, plain=True)
    outline = spline(
        [
            (40, 310),
            (70, 200),
            (190, 152),
            (310, 190),
            (376, 270),
            (424, 250),
            (430, 180),
            (484, 150),
            (500, 210),
            (468, 270),
            (452, 350),
            (380, 424),
            (240, 440),
            (100, 420),
        ],
        {7},
    )
    body = sheet.add("body", joined(outline, leaf((446, 214), (384, 146), 50, 6)), skin)
    belly = spline([(20, 320), (120, 352), (240, 350), (330, 400), (330, 470), (120, 470)], {0, 3, 4, 5})
    front = sheet.mark("belly", clipped(belly, outline), ink.SNOW if skin != ink.SLATE else ink.PEARL, body)
    for x in (130, 180, 230):
        sheet.mark(
            "belly line", clipped(stroke([(x, 368), (x + 14, 400), (x + 36, 430)], 8), outline), ink.SILVER, front
        )
    sheet.add("flipper", leaf((250, 340), (314, 450), 66, -14), ink.darker(skin, 0.18))
    sheet.mark("eye", circle(118, 282, 15), ink.NIGHT, body)
    sheet.mark("glint", circle(123, 276, 5), ink.WHITE, body)
    sheet.mark("cheek", ellipse(140, 318, 20, 13), ink.PINK, body)


def octopus(sheet: Sheet, rng: Random) -> None:
    skin = rng.choice((ink.VIOLET, ink.CORAL, ink.ROSE, ink.TEAL, ink.ORANGE))
    for title, points in (
        ("outer", [(190, 300), (120, 360), (70, 352), (40, 300), (66, 268)]),
        ("lower", [(206, 330), (172, 420), (112, 452), (66, 430), (76, 394)]),
        ("inner", [(236, 340), (232, 430), (204, 480), (164, 484), (156, 456)]),
    ):
        sheet.pair(
            f"{title} arm",
            taper(points, 64, 50, 40, 30, 20),
            ink.darker(skin, {"outer": 0.2, "lower": 0.1, "inner": 0.02}[title]),
        )
    outline = mirror_spline([(256, 40), (360, 76), (404, 190), (364, 300), (330, 366), (256, 384)])
    head = sheet.add("head", outline, skin)
    sheet.mark(
        "spots",
        together((circle(180, 110, 22), circle(222, 84, 12), circle(160, 154, 11))),
        ink.lighter(skin, 0.4),
        head,
    )
    sheet.pair("eye", circle(204, 236, 38), ink.WHITE, head, plain=True)
    sheet.pair("pupil", circle(210, 240, 20), ink.NIGHT, head, plain=True)
    cheeks(sheet, 166, 288, 20, ink.BLUSH, head)
    smile(sheet, 256, 292, 28, 9, ink.NIGHT, head)


def jellyfish(sheet: Sheet, rng: Random) -> None:
    bell, skirt = rng.choice(
        (
            (ink.VIOLET, ink.LAVENDER),
            (ink.PINK, ink.BLUSH),
            (ink.AZURE, ink.ICE),
            (ink.TEAL, ink.MINT),
            (ink.CORAL, "#ffd9b8"),
        )
    )
    for index, x in enumerate((136, 196, 256, 316, 376)):
        line = stroke([(x, 270), (x - 18, 330), (x + 14, 390), (x - 8, 450 + 24 * (index % 2))], 17)
        sheet.add("tentacle", line, bell if index % 2 else ink.darker(bell, 0.18), plain=True)
    sheet.add(
        "skirt",
        spline(
            [
                (84, 236),
                (428, 236),
                (436, 290),
                (388, 322),
                (344, 294),
                (300, 326),
                (256, 296),
                (212, 326),
                (168, 294),
                (124, 322),
                (76, 290),
            ],
            {0, 1, 4, 6, 8},
        ),
        skirt,
    )
    outline = mirror_spline([(256, 40), (376, 84), (444, 216), (420, 264), (256, 274)], {3})
    head = sheet.add("bell", outline, bell)
    sheet.mark("gleam", stroke([(132, 190), (152, 140), (196, 102)], 20), ink.lighter(bell, 0.5), head)
    eyes(sheet, 210, 196, 13, 17, head)
    cheeks(sheet, 176, 222, 18, ink.BLUSH if bell != ink.PINK else ink.ROSE, head)
    smile(sheet, 256, 212, 20, 8, ink.NIGHT, head)


def crab(sheet: Sheet, rng: Random) -> None:
    shell = rng.choice((ink.TOMATO, ink.CORAL, ink.ORANGE, ink.ROSE))
    legs = (
        ((150, 320), (84, 350), (60, 400)),
        ((170, 360), (116, 400), (104, 446)),
        ((208, 384), (176, 424), (172, 466)),
    )
    for points in legs:
        sheet.pair("leg", taper(list(points), 30, 24, 12), ink.darker(shell, 0.2))
    sheet.pair("arm", stroke([(150, 290), (92, 270), (84, 214)], 34), ink.darker(shell, 0.2))
    claw = spline(
        [(84, 232), (32, 190), (44, 100), (104, 66), (92, 130), (118, 152), (150, 96), (160, 170), (130, 224)],
        {3, 5, 6},
    )
    sheet.pair("claw", claw, shell)
    sheet.pair("eye stalk", stroke([(208, 236), (200, 150)], 18, curved=False), shell, plain=True)
    body = sheet.add("shell", mirror_spline([(256, 216), (350, 228), (410, 306), (350, 392), (256, 408)]), shell)
    sheet.pair("eye rim", circle(200, 144, 42), shell)
    sheet.pair("eyeball", circle(200, 144, 29), ink.WHITE, plain=True)
    sheet.pair("pupil", circle(206, 148, 16), ink.NIGHT, plain=True)
    cheeks(sheet, 176, 330, 24, ink.BLUSH, body)
    smile(sheet, 256, 316, 46, 11, ink.MAROON, body)


def turtle(sheet: Sheet, rng: Random) -> None:
    skin, shell = rng.choice(
        ((ink.LIME, ink.LEAF), (ink.MINT, ink.TEAL), (ink.SAND, ink.BROWN), (ink.GREEN, ink.CARAMEL))
    )
    sheet.add("tail", leaf((96, 386), (26, 414), 34), skin)
    for side, x in (("back", 122), ("front", 300)):
        sheet.add(f"{side} leg", rect(x, 350, 74, 98, 32), ink.darker(skin, 0.12))
    sheet.add(
        "head",
        spline(
            [(330, 380), (352, 300), (356, 250), (400, 206), (462, 218), (486, 268), (458, 316), (420, 338), (400, 400)]
        ),
        skin,
    )
    sheet.mark("eye", circle(438, 254, 12), ink.NIGHT)
    sheet.mark("cheek", ellipse(420, 290, 16, 11), ink.CORAL)
    smile(sheet, 456, 286, 16, 7, ink.FOREST)
    dome = spline([(52, 384), (74, 240), (214, 150), (354, 240), (376, 384)], {0, 4})
    back = sheet.add("shell", dome, shell)
    plates = [polygon([around(214, 268, 62, 60 * index) for index in range(6)], 12)]
    plates += [
        polygon([(92, 300), (128, 244), (158, 300), (134, 360), (82, 360)], 12),
        polygon([(336, 300), (300, 244), (270, 300), (294, 360), (346, 360)], 12),
    ]
    sheet.mark("plates", clipped(together(plates), dome), ink.darker(shell, 0.22), back)
    sheet.add("rim of shell", rect(34, 366, 360, 36, 18), ink.lighter(shell, 0.35))

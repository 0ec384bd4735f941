"""Made-up beings."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    circle,
    clipped,
    cut,
    drop,
    ellipse,
    heart,
    joined,
    mirror_spline,
    polygon,
    rect,
    sector,
    spline,
    stroke,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes
from peeler.scenes.paths import Path


def robot(sheet: Sheet, rng: Random) -> None:
    metal, accent = rng.choice(
        (
            (ink.SILVER, ink.TOMATO),
            (ink.SKY, ink.AMBER),
            (ink.MINT, ink.VIOLET),
            (ink.AMBER, ink.TEAL),
            (ink.LAVENDER, ink.ROSE),
        )
    )
    sheet.mark("antenna", rect(248, 44, 16, 70), ink.SLATE)
    sheet.mark("antenna light", circle(256, 44, 26), accent)
    sheet.pair("ear", rect(40, 196, 60, 100, 20), accent)
    head = sheet.add("head", rect(76, 98, 360, 280, 72), metal)
    face = sheet.add("screen", rect(112, 144, 288, 186, 50), ink.NAVY, head)
    light = rng.choice((ink.SKY, ink.LIME, ink.LEMON))
    if rng.random() < 0.5:
        sheet.pair("eye", rect(166, 184, 40, 60, 20), light, face, plain=True)
    else:
        sheet.pair("eye", sector(188, 234, 34, 180, 360, 20), light, face, plain=True)
    sheet.mark("mouth", sector(256, 268, 34, 0, 180), light, face)
    sheet.add("neck", rect(216, 366, 80, 40), ink.SLATE)
    sheet.add(
        "shoulders", polygon([(130, 400), (382, 400), (430, 492), (82, 492)], (50, 50, 8, 8)), ink.darker(metal, 0.12)
    )
    sheet.mark("lights", together(circle(x, 448, 13) for x in (212, 256, 300)), accent)
    sheet.pair("bolt", circle(110, 346, 9), ink.STEEL, head, plain=True)


def ghost(sheet: Sheet, rng: Random) -> None:
    sheet_tone = rng.choice((ink.PEARL, ink.LAVENDER, ink.ICE, ink.MINT))
    outline = spline(
        [
            (256, 40),
            (376, 92),
            (412, 230),
            (430, 470),
            (372, 436),
            (314, 474),
            (256, 436),
            (198, 474),
            (140, 436),
            (82, 470),
            (100, 230),
            (136, 92),
        ],
        {3, 5, 7, 9},
    )
    body = sheet.add("ghost", outline, sheet_tone)
    sheet.mark(
        "shade",
        clipped(cut(outline, outline.moved(-30, -6)), rect(256, 0, 256, 512)),
        ink.darker(sheet_tone, 0.12),
        body,
    )
    sheet.pair("hand", spline([(110, 280), (64, 262), (36, 290), (56, 330), (112, 340)]), sheet_tone)
    eyes(sheet, 204, 196, 22, 32, body)
    cheeks(sheet, 160, 254, 24, ink.PINK, body)
    mouth = sheet.mark("mouth", ellipse(256, 276, 30, 40), ink.NIGHT, body)
    sheet.mark("tongue", clipped(circle(256, 316, 26), ellipse(256, 276, 30, 40)), ink.TOMATO, mouth)
    if rng.random() < 0.4:
        sheet.add("hat brim", ellipse(256, 96, 130, 26), ink.PURPLE)
        sheet.add(
            "hat", spline([(178, 92), (246, 10), (300, -34), (302, 10), (338, 92), (256, 108)], {0, 2, 4}), ink.PURPLE
        )
        sheet.mark(
            "hat band",
            clipped(
                rect(150, 64, 220, 26),
                spline([(178, 92), (246, 10), (300, -34), (302, 10), (338, 92), (256, 108)], {0, 2, 4}),
            ),
            ink.ORANGE,
        )


def monster(sheet: Sheet, rng: Random) -> None:
    fur, horn = rng.choice(
        (
            (ink.VIOLET, ink.AMBER),
            (ink.TEAL, ink.LEMON),
            (ink.LIME, ink.VIOLET),
            (ink.PINK, ink.SKY),
            (ink.AZURE, ink.ORANGE),
        )
    )
    sheet.pair("horn", spline([(136, 156), (70, 100), (72, 24), (124, 68), (200, 104)], {0, 2, 4}), horn)
    sheet.pair("arm", stroke([(100, 330), (50, 300), (40, 240)], 50), ink.darker(fur, 0.14))
    sheet.pair("foot", ellipse(188, 462, 62, 30), ink.darker(fur, 0.2))
    outline = mirror_spline([(256, 74), (368, 112), (424, 250), (404, 400), (330, 456), (256, 462)])
    body = sheet.add("body", outline, fur)
    sheet.mark(
        "spots",
        clipped(
            together(
                circle(x, y, r)
                for x, y, r in ((116, 366, 26), (160, 420, 15), (390, 340, 20), (352, 400, 28), (140, 140, 16))
            ),
            outline,
        ),
        ink.darker(fur, 0.18),
        body,
    )
    if rng.random() < 0.5:
        places: tuple[tuple[float, float, float], ...] = ((256, 208, 80),)
    else:
        places = ((180, 196, 48), (332, 196, 48), (256, 158, 54))
    for x, y, radius in places:
        ball = sheet.add("eyeball", circle(x, y, radius), ink.WHITE, body)
        sheet.mark("iris", circle(x, y + 4, radius * 0.55), horn, ball)
        sheet.mark("pupil", circle(x, y + 4, radius * 0.3), ink.NIGHT, ball)
        sheet.mark("glint", circle(x + radius * 0.18, y - radius * 0.2, radius * 0.14), ink.WHITE, ball)
    grin = spline([(148, 320), (256, 344), (364, 320), (336, 388), (256, 412), (176, 388)], {0, 2})
    mouth = sheet.mark("mouth", grin, ink.PLUM, body)
    fangs = together(polygon([(x, 310), (x + 40, 310), (x + 20, 372)], 5) for x in (190, 282))
    sheet.mark("fangs", clipped(fangs, grin), ink.WHITE, mouth)


def skull(sheet: Sheet, rng: Random) -> None:
    bone, deep = rng.choice(
        ((ink.PEARL, ink.NIGHT), (ink.CREAM, ink.COCOA), (ink.ICE, ink.NAVY), (ink.BLUSH, ink.PLUM))
    )
    sheet.add("jaw", rect(162, 330, 188, 146, 44), ink.darker(bone, 0.1))
    outline = mirror_spline([(256, 44), (380, 82), (442, 210), (416, 320), (366, 358), (340, 400), (256, 410)])
    head = sheet.add("skull", outline, bone)
    sheet.pair("eye socket", ellipse(176, 236, 54, 62, 12), deep, head, plain=True)
    if rng.random() < 0.5:
        sheet.pair("eye light", heart(176, 240, 50), ink.TOMATO, head, plain=True)
    sheet.mark("nose", joined(_nostril(240), _nostril(272)), deep, head)
    sheet.mark("gaps", together(rect(x, 378, 11, 76, 5) for x in (202, 250, 299)), deep)
    if rng.random() < 0.5:
        for x, y, tone in ((256, 96, ink.ROSE), (200, 112, ink.AMBER), (312, 112, ink.TEAL)):
            sheet.mark(
                "flower",
                joined(*(circle(x + dx, y + dy, 16) for dx, dy in ((0, -16), (15, -5), (9, 13), (-9, 13), (-15, -5)))),
                tone,
                head,
            )
            sheet.mark("flower heart", circle(x, y, 10), ink.LEMON, head)


def _nostril(x: float) -> Path:
    return drop(x, 316, 56, 12 if x < 256 else -12)

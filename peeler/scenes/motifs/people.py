"""Faces and persons."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    circle,
    clipped,
    drop,
    ellipse,
    heart,
    joined,
    mirror_spline,
    polygon,
    rect,
    spline,
    star,
    stroke,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile
from peeler.scenes.paths import Path


def smiley(sheet: Sheet, rng: Random) -> None:
    outline = circle(256, 256, 210)
    face = sheet.add("face", outline, rng.choice((ink.YELLOW, ink.YELLOW, ink.AMBER, ink.LEMON)))
    look = rng.choice(("oval", "hearts", "glasses", "wink", "stars"))
    if look == "oval":
        sheet.pair("eye", ellipse(180, 214, 24, 34), ink.COCOA, face, plain=True)
    elif look == "hearts":
        sheet.pair("heart eye", heart(172, 214, 100).turned(-10, (172, 214)), ink.RED, face, plain=True)
    elif look == "glasses":
        sheet.pair(
            "glass", mirror_spline([(166, 172), (230, 180), (222, 236), (166, 258)], x=166), ink.NIGHT, face, plain=True
        )
        sheet.mark("bridge", stroke([(60, 190), (256, 196), (452, 190)], 14), ink.NIGHT, face)
        sheet.mark(
            "gleams", together(stroke([(x, 226), (x + 30, 196)], 10, curved=False) for x in (136, 316)), ink.SLATE, face
        )
    elif look == "wink":
        sheet.mark("left eye", ellipse(180, 214, 24, 34), ink.COCOA, face)
        sheet.mark("winking eye", stroke([(290, 222), (328, 196), (370, 218)], 17), ink.COCOA, face)
    else:
        sheet.pair("star eye", star(176, 212, 56, 5, 0.5, 6), ink.ORANGE, face, plain=True)
    if rng.random() < 0.5:
        grin = spline([(132, 298), (256, 314), (380, 298), (346, 380), (256, 414), (166, 380)], {0, 2})
        mouth = sheet.mark("mouth", grin, ink.COCOA, face)
        sheet.mark("teeth", clipped(rect(140, 290, 232, 46, 10), grin), ink.WHITE, mouth)
        sheet.mark("tongue", clipped(ellipse(256, 412, 70, 40), grin), ink.TOMATO, mouth)
    else:
        smile(sheet, 256, 320, 88, 18, ink.COCOA, face)
        cheeks(sheet, 112, 292, 30, ink.CORAL, face)
    if look == "oval" and rng.random() < 0.4:
        sheet.add("tear", drop(396, 330, 110), ink.SKY)


def _hair(kind: str) -> tuple[Path | None, Path]:
    """(behind the head, on the head)"""
    fringe = spline(
        [
            (134, 236),
            (130, 140),
            (190, 74),
            (256, 64),
            (322, 74),
            (382, 140),
            (378, 236),
            (352, 180),
            (300, 150),
            (230, 168),
            (168, 176),
        ],
        {0, 6},
    )
    if kind == "long":
        return mirror_spline([(256, 50), (374, 84), (416, 220), (424, 370), (386, 412), (256, 416)]), fringe
    if kind == "bob":
        return mirror_spline([(256, 56), (372, 92), (408, 210), (400, 320), (340, 338), (256, 340)]), spline(
            [
                (130, 240),
                (136, 130),
                (196, 74),
                (256, 66),
                (322, 76),
                (378, 130),
                (382, 240),
                (340, 204),
                (256, 196),
                (172, 204),
            ],
            {0, 6},
        )
    if kind == "bun":
        return joined(circle(256, 56, 52), circle(256, 190, 134)), fringe
    if kind == "curls":
        return joined(
            *(circle(256 + dx, 170 + dy, 74) for dx, dy in ((-110, 20), (-80, -70), (0, -100), (80, -70), (110, 20)))
        ), joined(*(circle(x, y, 36) for x, y in ((176, 132), (230, 112), (286, 112), (338, 132))))
    return None, spline(
        [
            (136, 210),
            (128, 120),
            (190, 62),
            (290, 50),
            (370, 90),
            (384, 210),
            (356, 170),
            (340, 132),
            (270, 146),
            (190, 130),
            (160, 170),
        ],
        {0, 5},
    )


def person(sheet: Sheet, rng: Random) -> None:
    skin, hair, shirt = (
        rng.choice(ink.SKIN),
        rng.choice(ink.HAIR),
        rng.choice((ink.TOMATO, ink.TEAL, ink.AZURE, ink.VIOLET, ink.AMBER, ink.NAVY)),
    )
    if ink.difference(skin, hair) < 60:
        hair = "#2d2a32" if ink.lightness(skin) > 0.4 else "#f2c14e"
    behind, fringe = _hair(rng.choice(("long", "bob", "bun", "curls", "short", "short")))
    if behind:
        sheet.add("back hair", behind, ink.darker(hair, 0.18) if ink.lightness(hair) > 0.2 else hair)
    body = spline([(56, 490), (70, 420), (160, 380), (256, 372), (352, 380), (442, 420), (456, 490)], {0, 6})
    clothes = sheet.add("shirt", body, shirt)
    sheet.mark(
        "collar",
        clipped(ellipse(256, 372, 82, 46), body),
        ink.WHITE if rng.random() < 0.5 else ink.darker(shirt, 0.25),
        clothes,
    )
    sheet.add(
        "neck",
        polygon([(216, 300), (296, 300), (300, 380), (256, 410), (212, 380)], (0, 0, 20, 20, 20)),
        ink.darker(skin, 0.14),
    )
    sheet.pair("ear", ellipse(134, 234, 26, 32), skin)
    head = sheet.add("face", mirror_spline([(256, 86), (340, 106), (380, 210), (352, 306), (256, 350)]), skin)
    eyes(sheet, 206, 232, 13, 17, head)
    brow = hair if ink.difference(skin, hair) > 60 else ink.COCOA
    sheet.pair("brow", stroke([(182, 196), (206, 186), (230, 194)], 10), brow, head, plain=True)
    sheet.mark("nose", stroke([(256, 236), (246, 262), (258, 268)], 9), ink.darker(skin, 0.22), head)
    cheeks(sheet, 178, 274, 20, ink.mix(skin, ink.TOMATO, 0.35), head)
    smile(sheet, 256, 292, 34, 10, ink.mix(ink.COCOA, skin, 0.1), head)
    if rng.random() < 0.3:
        frame = circle(206, 232, 38) + circle(206, 232, 28)
        sheet.pair("glass rim", frame, ink.NIGHT, plain=True)
        sheet.mark("bridge", stroke([(240, 228), (256, 222), (272, 228)], 9), ink.NIGHT)
    sheet.add("hair", fringe, hair)

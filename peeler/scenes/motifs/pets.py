"""Animal heads, seen from the front."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import circle, clipped, ellipse, leaf, mirror_spline, polygon, sector, spline, stroke, together
from peeler.scenes.motifs.features import cheeks, eyes, glinting_eyes, nose, smile
from peeler.scenes.paths import Path


def _ears(sheet: Sheet, outer: Path, inner: Path, coat: str, lining: str) -> None:
    for side in ("left", "right"):
        ear = sheet.add(f"{side} ear", outer if side == "left" else outer.mirrored(), coat)
        sheet.add(f"{side} inner ear", inner if side == "left" else inner.mirrored(), lining, ear, plain=True)


def cat(sheet: Sheet, rng: Random) -> None:
    coat, mark = rng.choice(
        (
            (ink.AMBER, "#e58a1c"),
            (ink.STEEL, ink.SLATE),
            ("#4a4653", "#34313c"),
            (ink.SAND, ink.CARAMEL),
            (ink.PEARL, ink.AMBER),
        )
    )
    outer = polygon([(84, 64), (236, 142), (78, 286)], (26, 10, 10))
    _ears(sheet, outer, polygon([(112, 106), (196, 156), (106, 230)], (14, 8, 8)), coat, ink.PINK)
    outline = mirror_spline([(256, 122), (352, 138), (432, 218), (446, 304), (380, 398), (256, 432)])
    head = sheet.add("head", outline, coat)
    if rng.random() < 0.6:
        for x, tip, wide in ((208, 196, 20), (256, 212, 24), (304, 196, 20)):
            sheet.mark("stripe", clipped(leaf((x, 96), (256 + (x - 256) * 0.8, tip), wide), outline), mark, head)
        for y, reach in ((286, 132), (330, 140)):
            sheet.pair("cheek stripe", clipped(leaf((40, y - 14), (reach, y), 20), outline), mark, head, plain=True)
    else:
        patch = spline([(280, 90), (470, 90), (470, 300), (360, 318), (290, 250)])
        sheet.mark("patch", clipped(patch, outline), mark, head)
    muzzle = ellipse(222, 346, 46, 36)
    sheet.pair("muzzle", muzzle, ink.CREAM if coat != ink.PEARL else ink.WHITE, head, plain=True)
    glinting_eyes(sheet, rng, 172, 262, 27, head, rng.choice((None, None, "#a9d65c", "#7fc8f0")))
    sheet.mark(
        "mouth", stroke([(222, 362), (238, 372), (256, 356), (274, 372), (290, 362)], 7, corners={2}), ink.COCOA, head
    )
    nose(sheet, 256, 330, 40, ink.ROSE, head)
    if rng.random() < 0.6:
        for y, end in ((330, 318), (352, 362)):
            sheet.pair(
                "whisker",
                stroke([(168, y), (110, (y + end) / 2 - 2), (58, end)], 6),
                ink.SNOW if ink.lightness(coat) < 0.5 else ink.COCOA,
                plain=True,
            )


def dog(sheet: Sheet, rng: Random) -> None:
    coat, dark = rng.choice(
        (
            (ink.TAN, ink.BROWN),
            (ink.SAND, ink.CARAMEL),
            (ink.CARAMEL, ink.COCOA),
            (ink.PEARL, ink.SLATE),
            (ink.SNOW, ink.CARAMEL),
        )
    )
    outline = mirror_spline([(256, 92), (344, 108), (398, 190), (404, 290), (372, 388), (256, 436)])
    head = sheet.add("head", outline, coat)
    if rng.random() < 0.5:
        sheet.mark("eye patch", clipped(ellipse(326, 238, 66, 76, 12), outline), dark, head)
    else:
        sheet.mark(
            "blaze",
            clipped(mirror_spline([(256, 60), (290, 90), (284, 200), (330, 330), (256, 400)]), outline),
            ink.lighter(coat, 0.6),
            head,
        )
    ear = spline([(196, 96), (150, 84), (98, 128), (64, 226), (84, 318), (124, 330), (152, 262), (168, 180)])
    sheet.pair("ear", ear, dark)
    snout = sheet.add(
        "snout",
        mirror_spline([(256, 278), (318, 296), (348, 352), (322, 410), (256, 426)]),
        ink.CREAM if coat != ink.SNOW else ink.PEARL,
        head,
        plain=True,
    )
    glinting_eyes(sheet, rng, 194, 240, 23, head, None)
    if rng.random() < 0.7:
        sheet.mark(
            "tongue", mirror_spline([(230, 372), (282, 372), (286, 420), (256, 448)][1:], x=256), ink.PINK, snout
        )
    sheet.mark(
        "mouth", stroke([(206, 358), (228, 378), (256, 360), (284, 378), (306, 358)], 9, corners={2}), ink.COCOA, snout
    )
    sheet.mark("nose", mirror_spline([(256, 288), (290, 296), (294, 318), (256, 348)]), ink.NIGHT, snout)
    sheet.mark("glint of nose", ellipse(244, 302, 14, 6), ink.STEEL, snout)
    if rng.random() < 0.4:
        sheet.mark("collar tag", circle(256, 452, 22), ink.AMBER)


def fox(sheet: Sheet, rng: Random) -> None:
    coat = rng.choice((ink.ORANGE, "#e8702a", ink.TOMATO, ink.STEEL, "#f0a04b"))
    outer = polygon([(78, 66), (226, 150), (106, 290)], (16, 8, 8))
    _ears(sheet, outer, polygon([(104, 112), (180, 160), (120, 236)], (8, 6, 6)), coat, ink.COCOA)
    outline = mirror_spline([(256, 130), (360, 146), (424, 218), (468, 316), (376, 372), (300, 436), (256, 450)], {3})
    head = sheet.add("head", outline, coat)
    cheek = spline([(20, 320), (130, 292), (214, 320), (256, 420), (256, 470), (120, 440)], {0, 3})
    sheet.pair("cheek", clipped(cheek, outline), ink.SNOW, head, plain=True)
    sheet.mark("blaze", clipped(leaf((256, 120), (256, 330), 50), outline), ink.lighter(coat, 0.4), head)
    eyes(sheet, 186, 272, 20, 24, head)
    nose(sheet, 256, 424, 64, ink.NIGHT, head)


def bear(sheet: Sheet, rng: Random) -> None:
    coat = rng.choice((ink.BROWN, ink.CARAMEL, ink.SNOW, ink.SNOW, "#6f4a36"))
    panda = coat == ink.SNOW
    dark = ink.NIGHT if panda else ink.darker(coat, 0.25)
    _ears(sheet, circle(128, 142, 66), circle(132, 148, 36), dark if panda else coat, ink.SLATE if panda else ink.TAN)
    coat = ink.PEARL if panda else coat
    outline = mirror_spline([(256, 96), (368, 122), (440, 220), (436, 326), (366, 408), (256, 434)])
    head = sheet.add("head", outline, coat)
    if panda:
        sheet.pair("eye patch", ellipse(170, 262, 50, 62, 28), dark, head, plain=True)
    snout = sheet.add("snout", ellipse(256, 344, 88, 66), ink.WHITE if panda else ink.SAND, head, plain=True)
    eyes(sheet, 180, 258, 18, 22, head, ink.WHITE if panda else ink.NIGHT)
    if panda:
        eyes(sheet, 182, 260, 11, 14, head)
    cheeks(sheet, 122, 330, 28, ink.PINK, head)
    smile(sheet, 256, 368, 40, 9, ink.COCOA, snout)
    sheet.mark("nose", mirror_spline([(256, 296), (288, 304), (288, 324), (256, 346)]), ink.NIGHT, snout)


def rabbit(sheet: Sheet, rng: Random) -> None:
    coat = rng.choice((ink.PEARL, ink.SILVER, ink.TAN, ink.BLUSH, ink.SAND))
    tilt = rng.choice((-12, -8, 6))
    outer, inner = ellipse(186, 140, 48, 122, tilt), ellipse(186, 146, 24, 88, tilt)
    _ears(sheet, outer, inner, coat, ink.PINK)
    head = sheet.add(
        "head", mirror_spline([(256, 200), (348, 220), (404, 310), (392, 400), (340, 446), (256, 460)]), coat
    )
    sheet.pair("muzzle", ellipse(228, 392, 36, 30), ink.WHITE, head, plain=True)
    sheet.mark("teeth", polygon([(238, 404), (274, 404), (270, 440), (242, 440)], 6), ink.WHITE, head)
    sheet.mark("gap", stroke([(256, 410), (256, 438)], 3, curved=False), ink.STEEL, head)
    glinting_eyes(sheet, rng, 184, 316, 24, head, None)
    cheeks(sheet, 148, 378, 24, ink.PINK if coat != ink.BLUSH else ink.ROSE, head)
    smile(sheet, 242, 398, 14, 6, ink.COCOA, head)
    smile(sheet, 270, 398, 14, 6, ink.COCOA, head)
    nose(sheet, 256, 376, 36, ink.ROSE, head)


def pig(sheet: Sheet, rng: Random) -> None:
    coat = rng.choice((ink.PINK, "#f7a8bd", "#f9b8a8"))
    ear = spline([(110, 84), (222, 142), (128, 240), (92, 180)], {0, 1, 2})
    sheet.pair("ear", ear, ink.darker(coat, 0.18))
    head = sheet.add(
        "head", mirror_spline([(256, 110), (370, 134), (442, 240), (430, 342), (352, 420), (256, 436)]), coat
    )
    eyes(sheet, 168, 250, 19, 24, head)
    cheeks(sheet, 116, 330, 32, ink.ROSE, head)
    smile(sheet, 256, 388, 54, 9, ink.PLUM, head)
    snout = sheet.add("snout", ellipse(256, 318, 82, 58), ink.lighter(coat, 0.4), head)
    sheet.pair("nostril", ellipse(228, 318, 14, 22), ink.PLUM, snout, plain=True)


def frog(sheet: Sheet, rng: Random) -> None:
    coat = rng.choice((ink.GREEN, ink.LIME, ink.TEAL))
    sheet.pair("eye bulge", circle(150, 166, 70), coat)
    head = sheet.add(
        "head", mirror_spline([(256, 150), (370, 168), (452, 270), (430, 370), (340, 426), (256, 434)]), coat
    )
    outline = mirror_spline([(256, 150), (370, 168), (452, 270), (430, 370), (340, 426), (256, 434)])
    sheet.mark("belly", clipped(ellipse(256, 430, 190, 96), outline), ink.lighter(coat, 0.55), head)
    sheet.pair("eyeball", circle(152, 164, 46), ink.WHITE, plain=True)
    sheet.pair("pupil", circle(158, 168, 25), ink.NIGHT, plain=True)
    sheet.pair("glint", circle(150, 158, 8), ink.WHITE, plain=True)
    cheeks(sheet, 118, 312, 30, ink.CORAL, head)
    sheet.mark("mouth", stroke([(140, 304), (196, 340), (256, 350), (316, 340), (372, 304)], 11), ink.FOREST, head)
    sheet.pair("nostril", ellipse(238, 264, 6, 9), ink.FOREST, head, plain=True)


def owl(sheet: Sheet, rng: Random) -> None:
    coat, dark = rng.choice(
        (
            (ink.BROWN, ink.COCOA),
            (ink.VIOLET, ink.PURPLE),
            (ink.TEAL, ink.PINE),
            (ink.STEEL, ink.SLATE),
            (ink.CARAMEL, ink.BROWN),
        )
    )
    body = mirror_spline([(256, 84), (330, 78), (412, 42), (402, 130), (420, 290), (370, 430), (256, 470)], {2})
    sheet.pair("foot", together(ellipse(x, 470, 12, 20) for x in (176, 201, 226)), ink.ORANGE, plain=True)
    trunk = sheet.add("body", body, coat)
    belly = mirror_spline([(256, 250), (330, 270), (346, 360), (310, 440), (256, 452)])
    sheet.mark("belly", belly, ink.CREAM, trunk)
    for row, (y, count) in enumerate(((322, 2), (360, 3), (398, 2))):
        feathers = together(sector(256 + (column - (count - 1) / 2) * 50, y - 6, 18, 0, 180) for column in range(count))
        sheet.mark("feathers", feathers, (coat, dark)[row % 2], trunk)
    wing = spline([(108, 250), (150, 262), (176, 350), (150, 440), (96, 380)], {3})
    sheet.pair("wing", wing, dark)
    sheet.pair("eye ring", circle(186, 190, 74), ink.CREAM, trunk, plain=True)
    iris = rng.choice((ink.AMBER, ink.LEMON, ink.MINT))
    sheet.pair("iris", circle(190, 190, 50), iris, trunk, plain=True)
    sheet.pair("pupil", circle(194, 190, 29), ink.NIGHT, trunk, plain=True)
    sheet.pair("glint", circle(184, 180, 9), ink.WHITE, trunk, plain=True, x=246)
    sheet.mark("beak", polygon([(228, 218), (284, 218), (256, 272)], 8), ink.ORANGE, trunk)


def penguin(sheet: Sheet, rng: Random) -> None:
    coat = rng.choice((ink.NIGHT, ink.NAVY, ink.SLATE, "#2f4a6b"))
    wing = spline([(126, 220), (76, 300), (58, 384), (100, 390), (150, 330)], {2})
    sheet.pair("wing", wing, ink.darker(coat, 0.2))
    sheet.pair("foot", ellipse(196, 462, 52, 24), ink.ORANGE)
    body = mirror_spline([(256, 50), (346, 76), (392, 170), (404, 320), (360, 436), (256, 468)])
    trunk = sheet.add("body", body, coat)
    half = ((256, 160), (306, 126), (356, 160), (352, 230), (362, 320), (330, 410), (256, 446))
    sheet.mark("front", mirror_spline(half), ink.SNOW, trunk)
    eyes(sheet, 208, 188, 14, 18, trunk)
    cheeks(sheet, 182, 232, 22, ink.PINK, trunk)
    sheet.mark("beak", polygon([(220, 214), (292, 214), (256, 258)], 12), ink.AMBER, trunk)
    if rng.random() < 0.6:
        wrap = rng.choice((ink.RED, ink.TEAL, ink.VIOLET, ink.ROSE))
        band = mirror_spline([(256, 268), (344, 252), (378, 262), (376, 292), (344, 312), (256, 322)])
        sheet.add("scarf", clipped(band, body), wrap, trunk)
        sheet.add(
            "scarf end", polygon([(292, 300), (344, 292), (362, 386), (306, 394)], 10), ink.darker(wrap, 0.14), trunk
        )

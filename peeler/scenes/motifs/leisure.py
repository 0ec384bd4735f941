"""Signs and prizes, clothes, sport and music."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    cut,
    ellipse,
    grown,
    heart,
    joined,
    mirror_spline,
    polygon,
    rect,
    ring,
    sector,
    spline,
    star,
    stroke,
    together,
)
from peeler.scenes.motifs.things import TONES, tilted


def warning(sheet: Sheet, rng: Random) -> None:
    kind = rng.choice(("triangle", "octagon", "barred"))
    if kind == "triangle":
        plate = sheet.add("plate", polygon([(256, 40), (488, 448), (24, 448)], 46), ink.NIGHT)
        field = sheet.add(
            "field", polygon([(256, 88), (446, 422), (66, 422)], 30), rng.choice((ink.YELLOW, ink.AMBER)), plate
        )
        sheet.mark("bar", polygon([(228, 176), (284, 176), (272, 316), (240, 316)], 14), ink.NIGHT, field)
        sheet.mark("point", circle(256, 364, 28), ink.NIGHT, field)
    elif kind == "octagon":
        corners = [around(256, 256, 226, 22.5 + 45 * index) for index in range(8)]
        inner = [around(256, 256, 198, 22.5 + 45 * index) for index in range(8)]
        plate = sheet.add("plate", polygon(corners, 20), ink.SILVER)
        field = sheet.add("field", polygon(inner, 16), ink.RED, plate)
        palm = joined(
            rect(188, 250, 136, 130, 56),
            *(rect(190 + 34 * index, 150 - (0, 22, 16, -6)[index], 30, 170, 15) for index in range(4)),
            stroke([(210, 350), (160, 300), (146, 262)], 30),
        )
        sheet.mark("hand", palm.moved(8, 6), ink.WHITE, field)
    else:
        plate = sheet.add("plate", circle(256, 256, 216), ink.RED)
        field = sheet.add("field", circle(256, 256, 168), ink.SNOW, plate)
        sheet.mark("mug", joined(rect(168, 190, 140, 160, 26), ring(312, 256, 56, 32)), ink.NIGHT, field)
        sheet.mark(
            "steam", together(stroke([(x, 172), (x - 10, 152), (x + 8, 132)], 13) for x in (206, 262)), ink.NIGHT, field
        )
        sheet.add("bar", rect(46, 236, 420, 42).turned(45), ink.RED, plate, plain=True)


def traffic_light(sheet: Sheet, rng: Random) -> None:
    case = rng.choice((ink.CHARCOAL, ink.NAVY, ink.AMBER, ink.SLATE))
    sheet.add("pole", rect(232, 400, 48, 100, 8), ink.STEEL)
    for y in (110, 230, 350):
        sheet.pair(
            "visor",
            polygon([(150, y - 40), (84, y - 40), (100, y + 22), (150, y + 40)], (4, 16, 20, 4)),
            ink.darker(case, 0.3) if case == ink.AMBER else ink.STEEL,
        )
    body = sheet.add("case", rect(138, 24, 236, 412, 60), case)
    lit = rng.randrange(3)
    for index, (y, tone) in enumerate(((110, ink.RED), (230, ink.YELLOW), (350, ink.GREEN))):
        sheet.mark("lamp rim", circle(256, y, 54), ink.NIGHT if case != ink.CHARCOAL else ink.SLATE, body)
        lamp = sheet.mark(
            "lamp", circle(256, y, 43), tone if index == lit or case == ink.AMBER else ink.darker(tone, 0.22), body
        )
        sheet.mark("gleam", sector(256, y, 30, 190, 270, 20), ink.lighter(tone, 0.6), lamp)


def location(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice(TONES)
    if rng.random() < 0.6:
        folds = ((40, 340, 0), (184, 380, 1), (328, 340, 0))
        for x, y, dark in folds:
            slope = 40 if not dark else -40
            sheet.add(
                "map",
                polygon([(x, y), (x + 144, y + slope), (x + 144, y + slope + 110), (x, y + 110)]),
                ink.darker("#b9dd95", 0.1) if dark else "#b9dd95",
            )
        sheet.mark("road", stroke([(60, 430), (150, 410), (230, 460), (330, 430), (450, 400)], 14), ink.WHITE)
    else:
        sheet.add("shadow", ellipse(256, 462, 130, 30), ink.SILVER)
    pin = mirror_spline([(256, 30), (362, 74), (404, 178), (354, 304), (256, 464)], {4})
    body = sheet.add("pin", pin, tone)
    sheet.mark("shade", clipped(pin, rect(256, 0, 256, 512)), ink.darker(tone, 0.14), body)
    hole = sheet.add("eye of pin", circle(256, 178, 68), ink.WHITE, body)
    if rng.random() < 0.5:
        sheet.mark("heart", heart(256, 182, 74), tone, hole)


def medal(sheet: Sheet, rng: Random) -> None:
    gold = rng.choice((ink.AMBER, ink.SILVER, "#d98e4f"))
    one, two = rng.sample((ink.RED, ink.AZURE, ink.TEAL, ink.VIOLET, ink.NAVY), 2)
    for side, flip in (("left", False), ("right", True)):
        band = polygon([(110, 20), (220, 20), (320, 250), (236, 290)], 4)
        band = band.mirrored() if flip else band
        ribbon = sheet.add(f"{side} ribbon", band, one)
        middle = polygon([(148, 10), (182, 10), (292, 270), (264, 284)])
        sheet.mark("ribbon stripe", clipped(middle.mirrored() if flip else middle, band), two, ribbon)
    disc = sheet.add("medal", star(256, 352, 146, 16, 0.9, 8), gold)
    inner = sheet.add("inner disc", circle(256, 352, 104), ink.lighter(gold, 0.35), disc)
    emblem = (
        star(256, 350, 76, 5, 0.5, 8)
        if rng.random() < 0.6
        else joined(rect(242, 300, 30, 106, 4), polygon([(222, 326), (246, 296), (260, 330)], 4))
    )
    sheet.mark("emblem", emblem, ink.darker(gold, 0.25), inner)


def trophy(sheet: Sheet, rng: Random) -> None:
    gold = rng.choice((ink.AMBER, ink.YELLOW, ink.SILVER))
    grip = cut(
        spline([(160, 96), (60, 88), (56, 180), (110, 262), (196, 286)], {0, 4}),
        spline([(158, 128), (100, 126), (98, 180), (126, 222), (186, 244)], {0, 4}),
    )
    sheet.pair("handle", grip, ink.darker(gold, 0.16))
    sheet.add("stem", polygon([(232, 300), (280, 300), (292, 410), (220, 410)], 4), ink.darker(gold, 0.16))
    bowl = spline([(136, 50), (376, 50), (370, 190), (320, 290), (256, 326), (192, 290), (142, 190)], {0, 1})
    cup = sheet.add("cup", bowl, gold)
    sheet.mark("gleam", clipped(rect(164, 84, 26, 150, 13), bowl), ink.lighter(gold, 0.6), cup)
    sheet.mark("star", star(256, 164, 62, 5, 0.5, 6), ink.WHITE if gold != ink.SILVER else ink.TOMATO, cup)
    sheet.add("rim", rect(120, 34, 272, 36, 18), ink.darker(gold, 0.1))
    sheet.add("collar", rect(190, 384, 132, 40, 14), ink.darker(gold, 0.1))
    foot = sheet.add("base", rect(150, 412, 212, 72, 14), rng.choice((ink.BROWN, ink.NAVY, ink.CHARCOAL)))
    sheet.mark("plaque", rect(206, 432, 100, 32, 6), gold, foot)


def t_shirt(sheet: Sheet, rng: Random) -> None:
    cloth, print_tone = rng.sample(
        (ink.TOMATO, ink.AZURE, ink.TEAL, ink.AMBER, ink.VIOLET, ink.PINK, ink.NAVY, ink.MINT), 2
    )
    outline = polygon(
        [
            (166, 60),
            (346, 60),
            (492, 150),
            (446, 256),
            (384, 226),
            (384, 464),
            (128, 464),
            (128, 226),
            (66, 256),
            (20, 150),
        ],
        (20, 20, 24, 14, 4, 20, 20, 4, 14, 24),
    )
    shirt = sheet.add("shirt", outline, cloth)
    kind = rng.choice(("stripes", "star", "pocket"))
    if kind == "stripes":
        for y in (250, 316, 382):
            sheet.mark("stripe", clipped(rect(128, y, 256, 32), outline), print_tone, shirt)
    elif kind == "star":
        sheet.mark("print", star(256, 290, 86, 5, 0.5, 8), print_tone, shirt)
    else:
        pocket = sheet.add(
            "pocket", polygon([(282, 216), (354, 216), (354, 286), (318, 306), (282, 286)], 8), print_tone, shirt
        )
        sheet.mark("hem of pocket", rect(282, 216, 72, 16), ink.darker(print_tone, 0.18), pocket)
    sheet.pair(
        "cuff",
        clipped(polygon([(20, 150), (66, 256), (94, 243), (46, 134)]), outline),
        ink.darker(cloth, 0.2),
        shirt,
        plain=True,
    )
    sheet.mark("collar", clipped(ellipse(256, 62, 86, 66), outline), ink.darker(cloth, 0.2), shirt)
    sheet.mark("neck", clipped(ellipse(256, 58, 62, 46), outline), ink.darker(cloth, 0.42), shirt)


def sneaker(sheet: Sheet, rng: Random) -> None:
    upper, accent = rng.sample((ink.TOMATO, ink.AZURE, ink.TEAL, ink.AMBER, ink.VIOLET, ink.PINK, ink.NAVY), 2)
    sheet.add("tongue", spline([(196, 176), (240, 116), (290, 120), (290, 220)], {0, 3}), ink.lighter(accent, 0.4))
    outline = spline(
        [
            (44, 360),
            (40, 250),
            (60, 170),
            (120, 190),
            (196, 160),
            (262, 230),
            (350, 274),
            (450, 300),
            (480, 370),
            (470, 392),
            (50, 392),
        ],
        {0, 2, 4, 8, 10},
    )
    body = sheet.add("upper", outline, upper)
    sheet.mark(
        "heel",
        clipped(spline([(20, 140), (90, 180), (110, 280), (100, 410), (20, 410)], {0, 3, 4}), outline),
        accent,
        body,
    )
    sheet.mark("toe cap", clipped(circle(470, 400, 100), outline), ink.SNOW, body)
    sheet.mark(
        "swoosh",
        clipped(spline([(140, 330), (230, 320), (330, 256), (280, 340), (200, 376)], {0, 2}), outline),
        accent,
        body,
    )
    for x, y in ((222, 196), (252, 224), (286, 248)):
        sheet.mark(
            "lace",
            stroke([(x - 26, y + 26), (x + 26, y - 8)], 13, curved=False),
            ink.WHITE if upper != ink.AMBER else ink.NAVY,
        )
    sole = sheet.add("sole", rect(36, 378, 450, 54, 27), ink.PEARL)
    sheet.mark("sole line", rect(60, 410, 402, 10, 5), accent, sole)


def beanie(sheet: Sheet, rng: Random) -> None:
    wool, band = rng.sample((ink.TOMATO, ink.AZURE, ink.TEAL, ink.AMBER, ink.VIOLET, ink.PINK, ink.NAVY), 2)
    puff = [around(256, 84, 70 if index % 2 else 58, index * 22.5) for index in range(16)]
    sheet.add("pompom", spline(puff), ink.PEARL if rng.random() < 0.5 else band)
    outline = spline([(76, 390), (84, 230), (170, 130), (256, 112), (342, 130), (428, 230), (436, 390)], {0, 6})
    cap = sheet.add("cap", outline, wool)
    zig = stroke([(60 + 49 * index, 262 - 44 * (index % 2)) for index in range(9)], 22, curved=False)
    sheet.mark("zigzag", clipped(zig, outline), band, cap)
    sheet.mark("stripe", clipped(rect(40, 300, 432, 22), outline), ink.WHITE, cap)
    brim = rect(54, 346, 404, 112, 40)
    fold = sheet.add("brim", brim, band)
    sheet.mark("ribs", together(rect(x, 366, 10, 72, 5) for x in range(96, 420, 44)), ink.darker(band, 0.2), fold)


def sock(sheet: Sheet, rng: Random) -> None:
    wool, toe = rng.sample((ink.TOMATO, ink.AZURE, ink.TEAL, ink.AMBER, ink.VIOLET, ink.PINK), 2)
    outline = spline(
        [
            (214, 60),
            (390, 60),
            (384, 250),
            (370, 330),
            (250, 420),
            (150, 470),
            (76, 436),
            (84, 358),
            (190, 300),
            (222, 240),
        ],
        {0, 1},
    )
    body = sheet.add("sock", outline, wool)
    for y in (150, 214):
        sheet.mark("stripe", clipped(rect(150, y, 300, 32), outline), ink.WHITE, body)
    sheet.mark("heel", clipped(ellipse(376, 318, 74, 66, -30), outline), toe, body)
    sheet.mark("toe", clipped(ellipse(104, 424, 84, 78, 20), outline), toe, body)
    sheet.add("cuff", rect(200, 36, 204, 72, 26), toe)
    if rng.random() < 0.5:
        sheet.mark(
            "snowflakes", together(star(x, y, 22, 6, 0.4, 2) for x, y in ((270, 290), (210, 360))), ink.WHITE, body
        )


def guitar(sheet: Sheet, rng: Random) -> None:
    wood, parts = rng.choice((ink.CARAMEL, ink.TOMATO, ink.TAN, ink.TEAL, ink.ORANGE)), Sheet()
    parts.add("head", polygon([(222, -60), (290, -60), (282, 10), (230, 10)], 10), ink.COCOA)
    parts.mark("pegs", together(circle(x, y, 9) for x in (214, 298) for y in (-44, -14)), ink.SILVER)
    outline = mirror_spline([(256, 246), (310, 218), (352, 260), (330, 330), (384, 400), (350, 490), (256, 512)])
    body = parts.add("body", outline, wood)
    parts.mark("edge of body", cut(outline, grown(outline, -16)), ink.darker(wood, 0.22), body)
    parts.add("neck", rect(236, 0, 40, 300, 4), ink.BROWN)
    parts.mark("frets", together(rect(236, y, 40, 6) for y in (40, 84, 124, 160, 192)), ink.SILVER, "neck")
    parts.mark("sound hole rim", circle(256, 344, 50), ink.CREAM)
    parts.mark("sound hole", circle(256, 344, 40), ink.NIGHT)
    parts.add("bridge", rect(204, 428, 104, 26, 8), ink.COCOA)
    parts.mark("strings", together(rect(x, -10, 4, 450) for x in (246, 256, 266)), ink.SNOW)
    tilted(sheet, parts, 36)


def drum(sheet: Sheet, rng: Random) -> None:
    shell, zig = rng.sample((ink.TOMATO, ink.AZURE, ink.TEAL, ink.VIOLET, ink.AMBER), 2)
    outline = joined(rect(70, 200, 372, 200), ellipse(256, 400, 186, 68))
    body = sheet.add("shell", outline, shell)
    cord = stroke([(70 + 62 * index, 256 if index % 2 else 430) for index in range(7)], 12, curved=False)
    sheet.mark("cord", clipped(cord, outline), ink.CREAM, body)
    lower = cut(
        joined(rect(60, 372, 392, 36), ellipse(256, 408, 196, 72)),
        joined(rect(50, 300, 412, 70), ellipse(256, 370, 200, 70)),
    )
    sheet.add("lower hoop", lower, zig, plain=True)
    hoop = sheet.add(
        "upper hoop", joined(ellipse(256, 196, 196, 72), ellipse(256, 222, 196, 72), rect(60, 196, 392, 26)), zig
    )
    sheet.add("skin", ellipse(256, 192, 172, 54), ink.SNOW, hoop, plain=True)
    for x0, y0, x1, y1 in ((60, 50, 250, 170), (430, 40, 300, 190)):
        sheet.mark("stick", stroke([(x0, y0), (x1, y1)], 18, curved=False), ink.TAN)
        sheet.mark("stick tip", circle(x1, y1, 20), ink.CARAMEL)


def ball(sheet: Sheet, rng: Random) -> None:
    outline = circle(256, 256, 214)
    kind = rng.choice(("basketball", "soccer", "beach", "tennis"))
    if kind == "basketball":
        skin = sheet.add("ball", outline, ink.ORANGE)
        seams = joined(
            stroke([(256, 20), (256, 490)], 13, curved=False),
            stroke([(20, 256), (490, 256)], 13, curved=False),
            stroke([(96, 70), (176, 256), (96, 442)], 13),
            stroke([(416, 70), (336, 256), (416, 442)], 13),
        )
        sheet.mark("seams", clipped(seams, outline), ink.COCOA, skin)
    elif kind == "soccer":
        skin = sheet.add("ball", outline, ink.PEARL)
        sheet.mark(
            "seams",
            clipped(
                together(
                    stroke([around(256, 256, 80, angle), around(256, 256, 150, angle)], 10, curved=False)
                    for angle in range(-90, 270, 72)
                ),
                outline,
            ),
            ink.STEEL,
            skin,
        )
        sheet.mark(
            "middle patch", polygon([around(256, 256, 86, angle) for angle in range(-90, 270, 72)], 8), ink.NIGHT, skin
        )
        for angle in range(-90, 270, 72):
            x, y = around(256, 256, 206, angle)
            patch = polygon([around(x, y, 78, angle + 36 + turn) for turn in range(0, 360, 72)], 8)
            sheet.mark("patch", clipped(patch, outline), ink.NIGHT, skin)
    elif kind == "beach":
        skin = sheet.add("ball", outline, ink.SNOW)
        for index, tone in enumerate((ink.TOMATO, ink.AMBER, ink.AZURE)):
            panel = spline(
                [
                    (200, 190),
                    around(256, 256, 250, index * 120 - 120),
                    around(256, 256, 290, index * 120 - 90),
                    around(256, 256, 250, index * 120 - 60),
                ],
                {0, 1, 3},
            )
            sheet.mark("panel", clipped(panel, outline), tone, skin)
        sheet.mark("cap", circle(200, 190, 30), ink.SNOW, skin)
    else:
        skin = sheet.add("ball", outline, ink.LIME)
        for x in (10, 502):
            sheet.mark("seam", clipped(ring(x, 256, 190, 166), outline), ink.WHITE, skin)


def bowling(sheet: Sheet, rng: Random) -> None:
    stripe, tone = rng.choice((ink.RED, ink.AZURE)), rng.choice((ink.VIOLET, ink.TEAL, ink.NAVY, ink.PLUM))
    for x, y, size in ((140, 0, 1.0), (330, 0, 1.0), (236, 20, 1.1)):
        half = [
            (x, 30 + y),
            (x + 34 * size, 50 + y),
            (x + 36 * size, 110 + y),
            (x + 30 * size, 160 + y),
            (x + 64 * size, 290 + y),
            (x + 44 * size, 440 + y),
            (x, 450 + y),
        ]
        outline = mirror_spline(half, x=x)
        pin = sheet.add("pin", outline, ink.PEARL if x != 236 else ink.SNOW)
        for top in (130 + y, 162 + y):
            sheet.mark("pin stripe", clipped(rect(x - 70, top, 140, 16), outline), stripe, pin)
    ball_id = sheet.add("ball", circle(356, 376, 116), tone)
    sheet.mark(
        "holes", together((circle(356, 326, 14), circle(396, 334, 14), circle(368, 366, 14))), ink.NIGHT, ball_id
    )
    sheet.mark("gleam", stroke([(274, 366), (286, 326), (312, 300)], 15), ink.lighter(tone, 0.5), ball_id)

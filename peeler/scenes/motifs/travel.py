"""Vehicles on land, water and in the air."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    circle,
    clipped,
    cloud,
    cut,
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
    together,
)

PAINTS = (ink.RED, ink.AZURE, ink.TEAL, ink.AMBER, ink.CORAL, ink.VIOLET, ink.GREEN, ink.ROSE)


def _wheel(sheet: Sheet, x: float, y: float, radius: float) -> None:
    tyre = sheet.add("tyre", circle(x, y, radius), ink.NIGHT)
    sheet.add("rim", circle(x, y, radius * 0.56), ink.SILVER, tyre, plain=True)
    sheet.mark("hub", circle(x, y, radius * 0.22), ink.SLATE, tyre)


def car(sheet: Sheet, rng: Random) -> None:
    paint = rng.choice(PAINTS)
    cabin = spline([(112, 262), (170, 150), (210, 128), (312, 128), (354, 148), (420, 262)], {0, 5})
    roof = sheet.add("roof", cabin, paint)
    for title, pane in (
        ("front window", polygon([(268, 152), (318, 152), (344, 172), (384, 250), (268, 250)], (6, 16, 16, 10, 6))),
        ("back window", polygon([(246, 152), (214, 152), (192, 168), (148, 250), (246, 250)], (6, 16, 16, 10, 6))),
    ):
        glass = sheet.add(title, pane, ink.ICE, roof)
        x = 300 if title.startswith("front") else 190
        sheet.mark(
            "gleam", clipped(polygon([(x, 150), (x + 20, 150), (x - 26, 252), (x - 46, 252)]), pane), ink.WHITE, glass
        )
    body = spline(
        [
            (28, 356),
            (34, 290),
            (90, 258),
            (150, 246),
            (400, 246),
            (462, 272),
            (486, 330),
            (482, 362),
            (460, 372),
            (50, 372),
        ],
        {0},
    )
    side = sheet.add("body", body, paint)
    sheet.mark("trim", clipped(rect(0, 324, 512, 60), body), ink.darker(paint, 0.2), side)
    sheet.mark("door line", stroke([(258, 252), (258, 322)], 6, curved=False), ink.darker(paint, 0.3), side)
    sheet.mark("handle", rect(276, 272, 36, 10, 5), ink.darker(paint, 0.3), side)
    sheet.mark("headlight", clipped(ellipse(470, 300, 26, 18), body), ink.LEMON, side)
    sheet.mark(
        "tail light", clipped(ellipse(40, 302, 18, 18), body), ink.MAROON if paint != ink.RED else ink.AMBER, side
    )
    for x in (138, 376):
        sheet.mark("arch", sector(x, 366, 62, 180, 360), ink.CHARCOAL)
        _wheel(sheet, x, 366, 50)
    if rng.random() < 0.4:
        sheet.add("luggage", rect(180, 84, 150, 42, 10), ink.CARAMEL)
        sheet.mark("strap", rect(214, 84, 14, 42), ink.COCOA)
        sheet.mark("strap", rect(282, 84, 14, 42), ink.COCOA)


def bus(sheet: Sheet, rng: Random) -> None:
    paint = rng.choice((ink.AMBER, ink.RED, ink.TEAL, ink.AZURE, ink.YELLOW))
    outline = polygon([(40, 96), (472, 96), (472, 388), (40, 388)], (60, 44, 26, 26))
    body = sheet.add("body", outline, paint)
    sheet.mark("roof", clipped(rect(0, 80, 512, 48), outline), ink.lighter(paint, 0.5), body)
    sheet.mark("stripe", clipped(rect(0, 282, 512, 26), outline), ink.WHITE if paint != ink.YELLOW else ink.NIGHT, body)
    for x in (70, 168, 266):
        pane = rect(x, 150, 82, 96, 12)
        glass = sheet.add("window", pane, ink.ICE, body)
        sheet.mark(
            "gleam", clipped(polygon([(x + 44, 140), (x + 66, 140), (x + 22, 260), (x, 260)]), pane), ink.WHITE, glass
        )
    door = sheet.add("door", rect(366, 150, 80, 224, 12), ink.darker(paint, 0.24), body)
    sheet.mark("door pane", rect(378, 164, 56, 116, 8), ink.ICE, door)
    sheet.mark(
        "headlight",
        clipped(circle(468, 344, 18), outline),
        ink.LEMON if paint not in (ink.AMBER, ink.YELLOW) else ink.WHITE,
        body,
    )
    for x in (134, 330):
        sheet.mark("arch", clipped(sector(x, 384, 58, 180, 360), outline), ink.CHARCOAL)
        _wheel(sheet, x, 388, 46)


def truck(sheet: Sheet, rng: Random) -> None:
    paint, box = rng.choice(PAINTS), rng.choice((ink.PEARL, ink.SAND, ink.ICE, ink.LAVENDER))
    load = sheet.add("box", rect(20, 110, 300, 246, 16), box)
    sheet.mark("grooves", together(rect(x, 136, 10, 190, 5) for x in (76, 136, 196, 256)), ink.darker(box, 0.1), load)
    outline = polygon([(320, 176), (404, 176), (444, 196), (492, 280), (492, 372), (320, 372)], (8, 20, 24, 24, 20, 4))
    cab = sheet.add("cab", outline, paint)
    pane = polygon([(346, 204), (398, 204), (424, 218), (452, 276), (346, 276)], 10)
    glass = sheet.add("window", pane, ink.ICE, cab)
    sheet.mark("gleam", clipped(polygon([(392, 196), (412, 196), (376, 284), (356, 284)]), pane), ink.WHITE, glass)
    sheet.mark("handle", rect(346, 296, 34, 10, 5), ink.darker(paint, 0.3), cab)
    sheet.mark("headlight", clipped(ellipse(492, 322, 20, 16), outline), ink.LEMON, cab)
    sheet.add("bumper", rect(20, 346, 476, 30, 12), ink.SLATE)
    for x in (104, 188, 406):
        _wheel(sheet, x, 380, 48)


def train(sheet: Sheet, rng: Random) -> None:
    paint, trim = rng.sample((ink.RED, ink.TEAL, ink.AZURE, ink.AMBER, ink.FOREST, ink.NAVY), 2)
    sheet.add("smoke", cloud(366, 92, 190), ink.PEARL)
    sheet.add(
        "chimney", polygon([(340, 108), (420, 108), (404, 156), (404, 216), (356, 216), (356, 156)], 8), ink.CHARCOAL
    )
    boiler = sheet.add("boiler", rect(196, 200, 266, 140, (60, 60)), paint)
    for x in (270, 330):
        sheet.mark("boiler band", rect(x, 200, 16, 140), ink.AMBER if paint != ink.AMBER else ink.NIGHT, boiler)
    sheet.add("dome", sector(268, 206, 36, 180, 360), ink.AMBER if paint != ink.AMBER else ink.NAVY)
    cab = sheet.add("cab", rect(60, 130, 160, 230, 10), trim)
    sheet.add("window", rect(90, 172, 100, 82, 12), ink.ICE, cab)
    sheet.add("roof", rect(38, 100, 206, 44, 18), ink.darker(trim, 0.3))
    sheet.add("frame", rect(48, 332, 408, 46, 12), ink.CHARCOAL)
    sheet.add(
        "cowcatcher", polygon([(440, 350), (500, 430), (420, 430)], 8), ink.TOMATO if paint != ink.RED else ink.AMBER
    )
    for x, radius in ((124, 66), (276, 46), (384, 46)):
        wheel = sheet.add("wheel", circle(x, 438 - radius + 6, radius), ink.NIGHT)
        sheet.add(
            "wheel rim",
            ring(x, 438 - radius + 6, radius * 0.7, radius * 0.48),
            ink.RED if paint != ink.RED else ink.AMBER,
            wheel,
            plain=True,
        )
        sheet.mark("hub", circle(x, 438 - radius + 6, radius * 0.2), ink.SILVER, wheel)
    sheet.mark("rod", stroke([(124, 400), (384, 404)], 12, curved=False), ink.STEEL)
    sheet.mark("lamp", circle(462, 250, 20), ink.LEMON)


def rocket(sheet: Sheet, rng: Random) -> None:
    hull = rng.choice((ink.PEARL, ink.SILVER, ink.CREAM))
    paint = rng.choice((ink.RED, ink.AZURE, ink.VIOLET, ink.TEAL, ink.ORANGE))
    tilt = rng.choice((0, 0, 40, -40))
    parts = Sheet()
    flame = mirror_spline([(256, 360), (312, 380), (300, 450), (256, 520)], {3})
    parts.add("flame", flame, ink.ORANGE)
    parts.mark("flame core", mirror_spline([(256, 370), (284, 384), (280, 430), (256, 468)], {3}), ink.LEMON)
    fin = spline([(192, 256), (120, 320), (112, 420), (150, 396), (212, 378)], {0, 2, 4})
    parts.pair("fin", fin, paint)
    parts.add("nozzle", polygon([(206, 370), (306, 370), (292, 404), (220, 404)], 8), ink.SLATE)
    outline = mirror_spline([(256, 14), (318, 80), (344, 190), (336, 290), (304, 384), (256, 386)], {0, 4})
    body = parts.add("hull", outline, hull)
    parts.mark("nose", clipped(rect(100, 0, 312, 120), outline), paint, body)
    parts.mark("band", clipped(rect(100, 300, 312, 24), outline), paint, body)
    parts.mark(
        "hull shade", clipped(cut(outline, outline.moved(-34)), rect(100, 120, 312, 180)), ink.darker(hull, 0.12), body
    )
    frame = parts.add("window frame", circle(256, 196, 56), ink.SLATE, body)
    parts.add("window", circle(256, 196, 40), rng.choice((ink.SKY, ink.ICE)), frame, plain=True)
    parts.mark("gleam", sector(256, 196, 30, 190, 280, 21), ink.WHITE, frame)
    parts.add("middle fin", leaf((256, 286), (256, 440), 34), ink.darker(paint, 0.2))
    for shape in parts.shapes:
        sheet.add(shape.title, shape.path.turned(tilt), shape.fill, shape.part_of, shape.plain)


def airplane(sheet: Sheet, rng: Random) -> None:
    paint = rng.choice((ink.AZURE, ink.RED, ink.TEAL, ink.AMBER, ink.VIOLET))
    tilt = rng.choice((0, 45, 45, -30))
    parts = Sheet()
    parts.pair(
        "tail wing", polygon([(250, 410), (150, 460), (150, 494), (250, 474)], (4, 14, 14, 4)), ink.darker(paint, 0.1)
    )
    parts.pair("wing", polygon([(240, 180), (30, 320), (30, 366), (240, 312)], (10, 20, 20, 10)), paint)
    parts.pair("engine", rect(124, 226, 36, 76, 18), ink.SLATE)
    parts.pair(
        "wing tip",
        polygon([(74, 290), (30, 320), (30, 366), (74, 354)], (2, 20, 20, 2)),
        ink.darker(paint, 0.22),
        plain=True,
    )
    outline = mirror_spline([(256, 12), (290, 50), (306, 130), (302, 300), (284, 430), (256, 502)])
    body = parts.add("fuselage", outline, ink.PEARL)
    parts.mark("shade", clipped(rect(256, 0, 200, 512), outline), ink.SILVER, body)
    parts.mark("cockpit", mirror_spline([(256, 56), (278, 64), (286, 96), (256, 88)], {2}), ink.NAVY, body)
    parts.pair("windows", together(circle(232, y, 9) for y in range(150, 390, 40)), ink.SKY, body, plain=True)
    parts.add("fin", leaf((256, 380), (256, 506), 30), ink.darker(paint, 0.22))
    for shape in parts.shapes:
        sheet.add(shape.title, shape.path.turned(tilt), shape.fill, shape.part_of, shape.plain)


def balloon_ride(sheet: Sheet, rng: Random) -> None:
    one, two, three = rng.sample((ink.RED, ink.AMBER, ink.AZURE, ink.TEAL, ink.VIOLET, ink.PINK, ink.LEMON), 3)
    for x0, x1 in ((196, 222), (316, 290)):
        sheet.mark("rope", stroke([(x0, 340), (x1, 436)], 7, curved=False), ink.COCOA)
    envelope = mirror_spline([(256, 20), (372, 60), (424, 170), (388, 280), (310, 356), (256, 360)])
    base = sheet.add("balloon", envelope, one)
    sheet.mark(
        "wide stripe",
        clipped(mirror_spline([(256, 0), (330, 50), (362, 170), (330, 300), (286, 370), (256, 380)]), envelope),
        two,
        base,
    )
    sheet.mark(
        "middle stripe",
        mirror_spline([(256, 20), (284, 60), (300, 180), (288, 290), (272, 356), (256, 360)]),
        three if rng.random() < 0.5 else one,
        base,
    )
    if rng.random() < 0.6:
        sheet.mark(
            "belt",
            clipped(mirror_spline([(256, 190), (440, 160), (440, 206), (256, 238)], {1, 2}), envelope),
            ink.CREAM,
            base,
        )
    sheet.add("collar", rect(196, 346, 120, 26, 13), ink.darker(one, 0.25))
    basket = polygon([(204, 424), (308, 424), (298, 496), (214, 496)], (6, 6, 18, 18))
    wicker = sheet.add("basket", basket, ink.TAN)
    for y in (452, 474):
        sheet.mark("weave", clipped(rect(190, y, 140, 8), basket), ink.BROWN, wicker)
    sheet.add("basket rim", rect(194, 414, 124, 22, 11), ink.BROWN)
    if rng.random() < 0.6:
        sheet.add("left cloud", cloud(90, 380, 160), ink.PEARL)
        sheet.add("right cloud", cloud(430, 300, 140), ink.PEARL)


def sailboat(sheet: Sheet, rng: Random) -> None:
    sail, second = rng.choice(
        (
            (ink.PEARL, ink.RED),
            (ink.CREAM, ink.TEAL),
            (ink.AMBER, ink.CORAL),
            (ink.BLUSH, ink.ROSE),
            (ink.ICE, ink.NAVY),
        )
    )
    sheet.mark("mast", rect(242, 30, 16, 350, 6), ink.BROWN)
    main = spline([(270, 52), (390, 180), (446, 336), (270, 336)], {0, 2, 3})
    canvas = sheet.add("main sail", main, sail)
    for y in (150, 236):
        sheet.mark("sail stripe", clipped(rect(200, y, 300, 34), main), second, canvas)
    sheet.add("jib", spline([(232, 84), (232, 336), (86, 336), (150, 230)], {0, 1, 2}), second)
    sheet.mark("flag", polygon([(258, 26), (326, 44), (258, 64)], 4), ink.RED if second != ink.RED else ink.AMBER)
    hull = spline([(50, 362), (462, 362), (424, 430), (380, 456), (140, 456), (92, 430)], {0, 1})
    wood = sheet.add("hull", hull, rng.choice((ink.BROWN, ink.CARAMEL, ink.NAVY, ink.TOMATO)))
    sheet.mark("hull stripe", clipped(rect(20, 362, 480, 26), hull), ink.WHITE, wood)
    for title, y, tone, shift in (("back wave", 428, ink.SKY, 0), ("front wave", 454, ink.AZURE, 40)):
        crest = [(20 + shift * 0.4 + index * 59, y + 16 * (-1) ** index) for index in range(8 if shift else 9)]
        right = crest[-1][0]
        sheet.add(title, spline([*crest, (right - 12, 500), (crest[0][0] + 14, 500)], {0, len(crest) - 1}), tone)


def submarine(sheet: Sheet, rng: Random) -> None:
    paint = rng.choice((ink.YELLOW, ink.ORANGE, ink.TEAL, ink.CORAL, ink.AZURE))
    sheet.mark("periscope", stroke([(246, 190), (246, 70), (300, 70)], 22, curved=False), ink.STEEL)
    for y in (-1, 1):
        sheet.mark("propeller blade", ellipse(54, 310 + y * 44, 16, 46), ink.STEEL)
    sheet.add("shaft", rect(50, 296, 70, 28, 10), ink.SLATE)
    sheet.add(
        "tower", polygon([(196, 130), (326, 130), (346, 236), (176, 236)], (24, 24, 4, 4)), ink.darker(paint, 0.14)
    )
    outline = rect(84, 200, 400, 220, 110)
    hull = sheet.add("hull", outline, paint)
    sheet.mark("belly", clipped(rect(50, 348, 460, 100), outline), ink.darker(paint, 0.18), hull)
    sheet.mark("gleam", stroke([(160, 250), (190, 234), (300, 232)], 14), ink.lighter(paint, 0.6), hull)
    for x, radius in ((196, 36), (296, 36), (400, 46)):
        frame = sheet.add("porthole frame", circle(x, 306, radius), ink.SLATE, hull)
        sheet.add("porthole", circle(x, 306, radius * 0.68), ink.ICE, frame, plain=True)
        sheet.mark("porthole gleam", sector(x, 306, radius * 0.5, 190, 270, radius * 0.32), ink.WHITE, frame)
    for x, y, radius in ((400, 130, 20), (446, 84, 14), (418, 40, 10)):
        sheet.mark("bubble", ring(x, y, radius, radius * 0.6), ink.SKY)


def bicycle(sheet: Sheet, rng: Random) -> None:
    paint = rng.choice((ink.RED, ink.TEAL, ink.VIOLET, ink.AZURE, ink.ORANGE))
    for side, x in (("back", 124), ("front", 388)):
        sheet.add(f"{side} tyre", ring(x, 336, 104, 84), ink.NIGHT, plain=True)
        sheet.mark(f"{side} rim", ring(x, 336, 84, 76), ink.STEEL)
        spoke = stroke([(x - 78, 336), (x + 78, 336)], 4, curved=False)
        sheet.mark("spokes", joined(*(spoke.turned(angle, (x, 336)) for angle in range(0, 180, 45))), ink.SILVER)
        sheet.mark("hub", circle(x, 336, 15), ink.SLATE)
    sheet.mark("frame", stroke([(124, 336), (196, 214), (346, 214), (246, 336), (124, 336)], 20, curved=False), paint)
    sheet.mark("seat tube", stroke([(246, 336), (186, 176)], 18, curved=False), ink.darker(paint, 0.16))
    sheet.mark("fork", stroke([(388, 336), (336, 170), (326, 130)], 18), ink.darker(paint, 0.16))
    sheet.add("saddle", spline([(138, 156), (190, 150), (236, 166), (220, 186), (150, 184)]), ink.COCOA, plain=True)
    sheet.mark("handlebar", stroke([(326, 132), (370, 116), (398, 132), (392, 164)], 16), ink.CHARCOAL)
    sheet.mark("chain wheel", ring(246, 336, 36, 20), ink.SLATE)
    sheet.mark("crank", stroke([(246, 336), (276, 392)], 13, curved=False), ink.CHARCOAL)
    sheet.mark("pedal", rect(254, 386, 50, 16, 7), ink.NIGHT)
    if rng.random() < 0.5:
        basket = polygon([(350, 152), (462, 152), (446, 232), (366, 232)], 10)
        wicker = sheet.add("basket", basket, ink.TAN)
        sheet.mark("weave", clipped(together(rect(340, y, 140, 8) for y in (178, 204)), basket), ink.BROWN, wicker)

"""Tools and things of the household."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    drop,
    ellipse,
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
    taper,
    together,
)

TONES = (ink.TOMATO, ink.AMBER, ink.TEAL, ink.AZURE, ink.VIOLET, ink.ROSE, ink.GREEN)


def tilted(sheet: Sheet, parts: Sheet, degrees: float) -> None:
    """Lay all parts turned around the middle."""
    for shape in parts.shapes:
        sheet.add(shape.title, shape.path.turned(degrees), shape.fill, shape.part_of, shape.plain)


def hammer(sheet: Sheet, rng: Random) -> None:
    grip, parts = rng.choice((ink.TOMATO, ink.AMBER, ink.TEAL, ink.AZURE)), Sheet()
    parts.add("handle", rect(230, 130, 52, 250, 8), ink.TAN)
    parts.add("grip", rect(222, 300, 68, 190, 30), grip)
    parts.mark(
        "grooves", together(rect(238, y, 36, 10, 5) for y in (350, 378, 406, 434)), ink.darker(grip, 0.25), "grip"
    )
    head = spline(
        [(120, 90), (120, 176), (190, 168), (300, 168), (360, 150), (430, 190), (420, 120), (350, 76), (200, 84)],
        {0, 1, 5},
    )
    parts.add("head", head, ink.STEEL)
    parts.add("face", rect(84, 72, 52, 122, 14), ink.SLATE)
    parts.add("cap", rect(222, 60, 68, 120, 10), ink.SLATE)
    tilted(sheet, parts, 35)


def key(sheet: Sheet, rng: Random) -> None:
    metal, parts = rng.choice((ink.AMBER, ink.YELLOW, ink.STEEL, ink.CARAMEL)), Sheet()
    parts.add("bit", joined(rect(252, 330, 92, 40, 8), rect(252, 400, 70, 40, 8)), ink.darker(metal, 0.18))
    parts.add("shaft", rect(234, 200, 44, 280, 18), metal)
    bow = (
        circle(256, 132, 112)
        if rng.random() < 0.5
        else joined(circle(188, 150, 70), circle(324, 150, 70), circle(256, 84, 70))
    )
    parts.add("bow", bow + (circle(256, 118, 42) if rng.random() < 0.5 else heart(256, 128, 74)), metal)
    parts.add("collar", rect(216, 236, 80, 30, 12), ink.darker(metal, 0.18))
    tilted(sheet, parts, 40)


def pencil(sheet: Sheet, rng: Random) -> None:
    paint, parts = rng.choice(TONES), Sheet()
    shaft = rect(206, 90, 100, 290)
    parts.add("eraser", rect(206, 16, 100, 90, 30), ink.PINK)
    body = parts.add("shaft", shaft, paint)
    parts.mark("left side", rect(206, 90, 34, 290), ink.lighter(paint, 0.35), body)
    parts.mark("right side", rect(272, 90, 34, 290), ink.darker(paint, 0.16), body)
    parts.add("band", rect(198, 76, 116, 44, 8), ink.SILVER)
    parts.mark("band line", rect(198, 92, 116, 10), ink.STEEL, "band")
    cone = polygon(
        [(206, 366), (240, 384), (272, 366), (306, 384), (306, 380), (256, 496), (206, 380)], (0, 8, 8, 0, 0, 6, 0)
    )
    parts.add("wood", cone, ink.SAND)
    parts.mark("lead", clipped(cone, rect(0, 452, 512, 60)), ink.NIGHT, "wood")
    tilted(sheet, parts, 40)


def magnifier(sheet: Sheet, rng: Random) -> None:
    frame, parts = rng.choice((ink.NAVY, ink.TOMATO, ink.TEAL, ink.AMBER, ink.SLATE)), Sheet()
    parts.add("joint", rect(232, 330, 48, 60, 4), ink.STEEL)
    parts.add("handle", rect(220, 364, 72, 150, 30), rng.choice((ink.BROWN, ink.CHARCOAL)))
    parts.mark("handle gleam", rect(236, 392, 12, 90, 6), ink.CARAMEL, "handle")
    parts.add("frame", circle(256, 190, 160), frame)
    glass = parts.add("glass", circle(256, 190, 124), ink.ICE, "frame")
    parts.mark(
        "gleam", together((sector(256, 190, 98, 180, 248, 78), sector(256, 190, 98, 258, 272, 78))), ink.WHITE, glass
    )
    if rng.random() < 0.4:
        parts.mark("star", star(270, 200, 54, 5, 0.5, 8), ink.AMBER, glass)
    tilted(sheet, parts, -42)


def scissors(sheet: Sheet, rng: Random) -> None:
    grip = rng.choice(TONES)
    for side, flip in (("back", False), ("front", True)):
        blade = spline([(200, 40), (262, 250), (300, 330), (258, 340), (196, 200)], {0, 2, 3})
        loop = ellipse(340, 412, 62, 78, -32) + ellipse(340, 412, 32, 48, -32)
        for title, part, tone in (
            (f"{side} blade", blade, ink.SILVER if flip else ink.STEEL),
            (f"{side} grip", loop, grip if flip else ink.darker(grip, 0.16)),
        ):
            sheet.add(title, part.mirrored() if flip else part, tone)
    sheet.mark("screw", circle(256, 272, 16), ink.SLATE)


def palette(sheet: Sheet, rng: Random) -> None:
    wood = rng.choice((ink.TAN, ink.CARAMEL, ink.SAND, ink.PEARL))
    outline = spline(
        [
            (256, 60),
            (410, 110),
            (470, 240),
            (410, 320),
            (320, 318),
            (310, 380),
            (330, 430),
            (240, 454),
            (90, 390),
            (44, 250),
            (110, 110),
        ]
    )
    board = sheet.add("board", outline + ellipse(268, 372, 34, 26), wood)
    for (x, y), tone in zip(
        ((150, 190), (250, 134), (352, 166), (400, 240), (116, 292), (176, 372)),
        rng.sample((ink.RED, ink.AMBER, ink.AZURE, ink.GREEN, ink.VIOLET, ink.PINK, ink.WHITE, ink.TEAL), 6),
        strict=True,
    ):
        blot = [around(x, y, rng.uniform(30, 42), angle) for angle in range(0, 360, 60)]
        sheet.mark("paint", spline(blot), tone, board)
    brush = Sheet()
    brush.add("brush handle", taper([(256, 500), (256, 360), (256, 200)], 10, 26, 16), ink.TOMATO)
    brush.add("ferrule", rect(240, 150, 32, 66, 4), ink.STEEL)
    brush.add("bristles", mirror_spline([(256, 60), (280, 110), (274, 156), (256, 158)], {0, 2}), ink.NIGHT)
    for shape in brush.shapes:
        sheet.add(shape.title, shape.path.turned(38).moved(70, 20), shape.fill)


def lamp(sheet: Sheet, rng: Random) -> None:
    shade, base = rng.sample((ink.TOMATO, ink.AMBER, ink.TEAL, ink.VIOLET, ink.PINK, ink.SKY, ink.NAVY), 2)
    sheet.add("light", polygon([(150, 250), (362, 250), (456, 470), (56, 470)], (4, 4, 40, 40)), "#fff3c4", plain=True)
    sheet.mark("pole", rect(246, 236, 20, 190), ink.CARAMEL)
    foot = mirror_spline([(256, 320), (300, 350), (304, 410), (276, 446), (256, 448)])
    body = sheet.add("vase", foot, base)
    sheet.mark("gleam", stroke([(228, 376), (230, 396), (238, 414)], 10), ink.lighter(base, 0.5), body)
    sheet.add("foot", rect(186, 436, 140, 34, 14), ink.BROWN)
    outline = polygon([(176, 50), (336, 50), (404, 256), (108, 256)], 14)
    cloth = sheet.add("shade", outline, shade)
    if rng.random() < 0.6:
        sheet.mark(
            "dots",
            clipped(
                together(
                    circle(x, y, 16)
                    for x, y in ((206, 110), (296, 100), (170, 186), (252, 166), (336, 180), (216, 226), (296, 232))
                ),
                outline,
            ),
            ink.lighter(shade, 0.6),
            cloth,
        )
    sheet.mark("hem", clipped(rect(50, 228, 412, 40), outline), ink.darker(shade, 0.2), cloth)


def armchair(sheet: Sheet, rng: Random) -> None:
    cloth, cushion = rng.sample((ink.TEAL, ink.TOMATO, ink.AMBER, ink.VIOLET, ink.AZURE, ink.PINK, ink.GREEN), 2)
    sheet.pair("leg", polygon([(122, 410), (166, 410), (150, 476), (128, 476)], 6), ink.BROWN)
    back = sheet.add(
        "back", polygon([(110, 60), (402, 60), (402, 380), (110, 380)], (80, 80, 10, 10)), ink.darker(cloth, 0.12)
    )
    sheet.mark(
        "buttons",
        together(circle(x, y, 10) for x, y in ((190, 136), (256, 136), (322, 136), (222, 190), (290, 190))),
        ink.darker(cloth, 0.32),
        back,
    )
    sheet.add("seat", rect(116, 290, 280, 136, 26), cloth)
    if rng.random() < 0.7:
        pillow = spline(
            [(190, 196), (256, 208), (322, 190), (330, 256), (324, 322), (256, 312), (190, 326), (180, 260)]
        )
        case = sheet.add("cushion", pillow.turned(8), cushion)
        sheet.mark("cushion star", star(256, 258, 34, 5, 0.5, 5), ink.WHITE, case)
    sheet.pair("arm", rect(50, 226, 92, 204, 42), cloth)


def teapot(sheet: Sheet, rng: Random) -> None:
    glaze = rng.choice((ink.SKY, ink.TOMATO, ink.TEAL, ink.VIOLET, ink.PINK, ink.AMBER))
    sheet.add("handle", ring(400, 280, 84, 54), ink.darker(glaze, 0.18))
    sheet.add("spout", taper([(160, 350), (90, 300), (76, 220), (28, 180)], 96, 60, 42, 36), ink.darker(glaze, 0.1))
    sheet.mark("knob", circle(252, 92, 28), ink.AMBER if glaze != ink.AMBER else ink.NAVY)
    sheet.add(
        "lid", spline([(160, 172), (196, 128), (256, 114), (316, 128), (352, 172)], {0, 4}), ink.darker(glaze, 0.18)
    )
    outline = spline(
        [(256, 158), (360, 176), (416, 280), (390, 390), (340, 436), (172, 436), (120, 390), (96, 280), (152, 176)],
        {4, 5},
    )
    body = sheet.add("pot", outline, glaze)
    flowers = rng.random() < 0.5
    for x, y in ((190, 300), (300, 270), (270, 366)):
        if flowers:
            sheet.mark(
                "petals",
                joined(*(circle(*around(x, y, 20, angle), 14) for angle in range(0, 360, 72))),
                ink.WHITE,
                body,
            )
            sheet.mark("flower heart", circle(x, y, 12), ink.YELLOW if glaze != ink.AMBER else ink.TOMATO, body)
        else:
            sheet.mark("dot", circle(x, y, 26), ink.WHITE, body)
    sheet.mark("foot", rect(166, 424, 180, 26, 13), ink.darker(glaze, 0.3))


def book(sheet: Sheet, rng: Random) -> None:
    cover, accent = rng.sample((ink.TOMATO, ink.TEAL, ink.AZURE, ink.VIOLET, ink.AMBER, ink.NAVY), 2)
    if rng.random() < 0.5:
        sheet.add("back cover", rect(104, 44, 318, 430, 26), ink.darker(cover, 0.24))
        sheet.add("pages", rect(128, 392, 286, 64, 10), ink.CREAM)
        front = sheet.add(
            "front cover",
            polygon(
                [(96, 40), (414, 40), (414, 404), (150, 404), (124, 424), (124, 452), (96, 440)],
                (40, 20, 6, 4, 10, 4, 20),
            ),
            cover,
        )
        label = sheet.add("label", rect(172, 110, 186, 120, 14), ink.CREAM, front)
        sheet.mark(
            "title lines",
            together((rect(200, 142, 130, 14, 7), rect(224, 174, 82, 14, 7))),
            ink.darker(cover, 0.2),
            label,
        )
        sheet.mark("ribbon", polygon([(330, 396), (372, 396), (372, 500), (351, 478), (330, 500)], 3), accent)
    else:
        sheet.add(
            "cover",
            mirror_spline([(256, 130), (380, 100), (490, 120), (490, 436), (380, 430), (256, 456)], {0, 2, 3, 5}),
            cover,
        )
        for side in (False, True):
            page = spline([(256, 130), (340, 84), (462, 96), (462, 404), (350, 396), (256, 432)], {0, 2, 3, 5})
            sheet.add(
                "left page" if side else "right page",
                page.mirrored() if side else page,
                ink.CREAM if side else ink.SAND,
            )
            lines = together(stroke([(288, y + 14), (350, y - 8), (430, y - 2)], 10) for y in (174, 222, 270, 318))
            sheet.mark("lines", lines.mirrored() if side else lines, ink.TAN)
        sheet.mark("bookmark", polygon([(380, 90), (416, 92), (416, 200), (398, 182), (380, 198)], 2), accent)


def umbrella(sheet: Sheet, rng: Random) -> None:
    one, two = rng.choice(
        (
            (ink.RED, ink.WHITE),
            (ink.AZURE, ink.SKY),
            (ink.VIOLET, ink.PINK),
            (ink.TEAL, ink.LEMON),
            (ink.AMBER, ink.TOMATO),
        )
    )
    two = ink.PEARL if two == ink.WHITE else two
    sheet.mark(
        "stick",
        stroke([(256, 60), (256, 400), (266, 450), (304, 462), (336, 440), (340, 410)], 20, corners={1}),
        ink.BROWN,
    )
    canopy = spline(
        [
            (40, 276),
            (90, 130),
            (256, 62),
            (422, 130),
            (472, 276),
            (436, 252),
            (400, 276),
            (364, 250),
            (328, 276),
            (292, 250),
            (256, 276),
            (220, 250),
            (184, 276),
            (148, 250),
            (112, 276),
            (76, 252),
        ],
        {0, 4, 6, 8, 10, 12, 14},
    )
    cloth = sheet.add("canopy", canopy, one)
    for title, points in (
        ("left panel", [(256, 62), (150, 140), (112, 290), (184, 290), (204, 170)]),
        ("right panel", [(256, 62), (362, 140), (400, 290), (328, 290), (308, 170)]),
    ):
        sheet.mark(title, clipped(spline(points, {0, 2, 3}), canopy), two, cloth)
    sheet.mark("tip", rect(246, 34, 20, 42, 9), ink.COCOA)
    if rng.random() < 0.5:
        for x, y in ((90, 360), (160, 420), (410, 350), (430, 450)):
            sheet.mark("raindrop", drop(x, y, 56, 12), ink.SKY if one != ink.AZURE else ink.NAVY)


def anchor(sheet: Sheet, rng: Random) -> None:
    metal, rope = rng.choice(
        ((ink.NAVY, ink.TAN), (ink.SLATE, ink.TOMATO), (ink.TEAL, ink.SAND), (ink.STEEL, ink.AZURE))
    )
    sheet.add("shank", rect(234, 100, 44, 370, 20), metal)
    sheet.add("stock", rect(150, 156, 212, 46, 23), metal)
    sheet.add("arms", sector(256, 270, 208, 18, 162, 160), metal)
    sheet.pair("fluke", polygon([(18, 338), (86, 236), (138, 346)], 12), metal)
    sheet.add("eye", ring(256, 76, 58, 28), ink.darker(metal, 0.2))
    line = stroke([(256, 40), (330, 70), (300, 200), (216, 270), (220, 350), (320, 390), (398, 470)], 20)
    sheet.mark("rope", line, rope)

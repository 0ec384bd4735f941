"""Buildings."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    circle,
    clipped,
    cloud,
    ellipse,
    joined,
    mirror_spline,
    polygon,
    rect,
    sector,
    spline,
    stroke,
    together,
)
from peeler.scenes.paths import Path, Point


def house(sheet: Sheet, rng: Random) -> None:
    wall, roof = rng.choice(
        (
            (ink.CREAM, ink.TOMATO),
            (ink.ICE, ink.NAVY),
            (ink.SAND, ink.TEAL),
            (ink.BLUSH, ink.PLUM),
            (ink.PEARL, ink.ORANGE),
        )
    )
    sheet.add("bush", joined_bush(72, 440), ink.GREEN)
    sheet.add("chimney", rect(344, 76, 56, 130, 6), ink.MAROON if roof != ink.TOMATO else ink.BROWN)
    sheet.add("chimney cap", rect(334, 66, 76, 26, 8), ink.SILVER)
    front = sheet.add(
        "wall", polygon([(92, 214), (256, 90), (420, 214), (420, 452), (92, 452)], (4, 4, 4, 10, 10)), wall
    )
    door_tone = rng.choice((ink.TEAL, ink.BROWN, ink.RED, ink.VIOLET))
    frame = sheet.add("door", rect(214, 310, 86, 142, (43, 43) if rng.random() < 0.5 else 8), door_tone, front)
    sheet.mark("door base", rect(214, 400, 86, 52), door_tone, frame)
    sheet.mark("door knob", circle(282, 390, 7), ink.YELLOW, frame)
    for x in (122, 326):
        window = sheet.add("window", rect(x, 290, 68, 76, 8), ink.SKY if wall != ink.ICE else ink.LEMON, front)
        sheet.mark("window bars", joined(rect(x + 30, 290, 8, 76), rect(x, 324, 68, 8)), ink.WHITE, window)
        sheet.add("sill", rect(x - 8, 362, 84, 16, 6), ink.BROWN, front, plain=True)
    sheet.add("round window", circle(256, 220, 34), ink.SKY if wall != ink.ICE else ink.LEMON, front)
    sheet.add("roof", stroke([(70, 238), (256, 86), (442, 238)], 52, curved=False), roof)
    sheet.add("ground", rect(30, 446, 452, 34, 17), ink.LEAF)
    if rng.random() < 0.5:
        sheet.add("front bush", joined_bush(420, 462), ink.LIME)


def joined_bush(x: float, base: float) -> Path:
    return cloud(x, base, 130, ((-0.3, -0.25, 0.25), (0.0, -0.45, 0.34), (0.3, -0.25, 0.25)))


def castle(sheet: Sheet, rng: Random) -> None:
    stone, roof = rng.choice(
        (
            (ink.SILVER, ink.TOMATO),
            (ink.LAVENDER, ink.PURPLE),
            (ink.SAND, ink.AZURE),
            (ink.BLUSH, ink.VIOLET),
            (ink.STEEL, ink.NAVY),
        )
    )
    back = ink.darker(stone, 0.12)
    sheet.mark("flag pole", rect(251, 14, 10, 100), ink.BROWN)
    sheet.mark("flag", polygon([(260, 18), (328, 40), (260, 64)], 5), rng.choice((ink.RED, ink.AMBER, ink.TEAL)))
    keep = sheet.add("keep", rect(196, 170, 120, 200), back)
    sheet.add("keep roof", polygon([(176, 186), (336, 186), (256, 74)], (8, 8, 6)), roof)
    sheet.add("keep window", rect(238, 214, 36, 58, 18), ink.NAVY, keep)
    battlements: list[Point] = [(110, 470), (110, 290)]
    for index in range(5):
        x = 110 + index * 64
        battlements += [(x, 290), (x, 262), (x + 36, 262), (x + 36, 290)]
    wall = sheet.add("wall", polygon([*battlements[2:], (402, 290), (402, 470), (110, 470)]), stone)
    for side, x in (("left", 46), ("right", 362)):
        tower = sheet.add(f"{side} tower", rect(x, 210, 104, 260, 6), back)
        sheet.add("tower roof", polygon([(x - 20, 224), (x + 124, 224), (x + 52, 104)], (8, 8, 6)), roof)
        sheet.add("tower window", rect(x + 36, 256, 32, 54, 16), ink.NAVY, tower)
        stones = together(rect(x + dx, y, 32, 14, 5) for dx, y in ((14, 350), (58, 384), (20, 420)))
        sheet.mark("stones", stones, ink.darker(back, 0.12), tower)
    gate = polygon([(206, 470), (206, 380), (256, 340), (306, 380), (306, 470)], (0, 40, 60, 40, 0))
    door = sheet.add("gate", gate, ink.COCOA, wall)
    sheet.mark("gate bars", clipped(together(rect(x, 330, 8, 150) for x in (228, 252, 276)), gate), ink.CARAMEL, door)
    stones = together(rect(x, y, 34, 14, 5) for x, y in ((160, 330), (320, 324), (172, 420), (318, 430)))
    sheet.mark("stones", stones, ink.darker(stone, 0.12), wall)
    sheet.add("ground", rect(20, 458, 472, 32, 16), ink.GREEN)


def city(sheet: Sheet, rng: Random) -> None:
    tones = rng.sample((ink.AZURE, ink.VIOLET, ink.TEAL, ink.CORAL, ink.AMBER, ink.NAVY, ink.STEEL, ink.PINK), 4)
    if rng.random() < 0.7:
        sheet.add("sun", circle(362, 130, 76), ink.YELLOW if ink.AMBER in tones else ink.AMBER)
    blocks = ((52, 210, 110, 4), (300, 170, 116, 4), (160, 70, 120, 6), (232, 270, 116, 3), (372, 290, 96, 3))
    for index, (x, top, width, rows) in enumerate(blocks):
        tone = tones[index % 4]
        tower = sheet.add("building", rect(x, top, width, 460 - top, 8), tone)
        if index == 2:
            sheet.mark("antenna", rect(x + 54, top - 56, 12, 60, 4), ink.CHARCOAL)
        lit = ink.LEMON if ink.lightness(tone) < 0.66 else ink.WHITE
        columns = 2 if width < 112 else 3
        gap = width / columns
        panes = [
            rect(x + gap * (column + 0.24), top + 30 + row * 46, gap * 0.52, 26, 4)
            for row in range(rows)
            for column in range(columns)
        ]
        rng.shuffle(panes)
        sheet.mark("lit windows", together(panes[2:]), lit, tower)
        sheet.mark("dark windows", together(panes[:2]), ink.darker(tone, 0.3), tower)
    sheet.add("left bush", joined_bush(90, 470), ink.GREEN)
    sheet.add("right bush", joined_bush(420, 470), ink.LEAF)
    sheet.add("street", rect(22, 452, 468, 34, 17), ink.SLATE)


def lighthouse(sheet: Sheet, rng: Random) -> None:
    stripe = rng.choice((ink.RED, ink.AZURE, ink.TEAL, ink.ORANGE))
    for turn in (0, 180):
        beam = polygon([(256, 116), (20, 66), (20, 166)], (0, 10, 10)).turned(turn, (256, 116))
        sheet.add("beam", beam, ink.LEMON, plain=True)
    tower = polygon([(206, 170), (306, 170), (342, 440), (170, 440)])
    body = sheet.add("tower", tower, ink.PEARL)
    for y in (170, 274, 378):
        sheet.mark("stripe", clipped(rect(100, y, 312, 52), tower), stripe, body)
    sheet.mark("window", rect(242, 234, 28, 42, 14), ink.NAVY, body)
    sheet.mark("door", rect(234, 376, 44, 66, 22), ink.COCOA, body)
    sheet.add("lamp room", rect(216, 88, 80, 66, 4), ink.YELLOW)
    for x in (236, 268):
        sheet.mark("bar", rect(x, 88, 8, 66), ink.CHARCOAL)
    sheet.add("gallery", rect(184, 148, 144, 28, 8), ink.CHARCOAL)
    sheet.add("dome", polygon([(202, 94), (310, 94), (256, 30)], (6, 6, 18)), stripe)
    sheet.add(
        "rock",
        spline([(76, 470), (110, 430), (180, 424), (256, 410), (350, 424), (410, 436), (438, 470)], {0, 6}),
        ink.SLATE,
    )
    sheet.add(
        "sea",
        spline(
            [
                (30, 470),
                (90, 446),
                (150, 468),
                (210, 448),
                (270, 468),
                (330, 448),
                (390, 468),
                (440, 448),
                (486, 472),
                (470, 500),
                (46, 500),
            ],
            {8, 0},
        ),
        ink.SKY,
    )


def windmill(sheet: Sheet, rng: Random) -> None:
    wall, roof = rng.choice(
        ((ink.CREAM, ink.BROWN), (ink.PEARL, ink.TOMATO), (ink.SAND, ink.TEAL), (ink.TAN, ink.NAVY))
    )
    sheet.add("hill", ellipse(256, 470, 220, 44), ink.LIME)
    tower = polygon([(196, 180), (316, 180), (356, 462), (156, 462)], (4, 4, 14, 14))
    body = sheet.add("tower", tower, wall)
    sheet.mark(
        "tower shade",
        clipped(polygon([(270, 170), (330, 170), (380, 480), (300, 480)]), tower),
        ink.darker(wall, 0.1),
        body,
    )
    sheet.add("door", rect(226, 380, 60, 82, (30, 30)), roof, body)
    for x, y in ((256, 300), (228, 240)):
        sheet.mark("window", rect(x - 14, y - 18, 28, 38, 14), ink.NAVY if roof != ink.NAVY else ink.AZURE, body)
    sheet.add("cap", mirror_spline([(256, 96), (322, 140), (336, 196), (256, 202)], {2}), roof)
    tilt = rng.uniform(20, 70)
    for angle in range(0, 360, 90):
        sail = rect(268, 76 - 60, 50, 118, 4).turned(angle + tilt, (256, 168))
        cloth = sheet.add("sail", sail, ink.SNOW if wall != ink.PEARL else ink.AMBER)
        lattice = together(rect(268, y, 50, 7) for y in (44, 74, 104))
        sheet.mark("lattice", lattice.turned(angle + tilt, (256, 168)), ink.STEEL, cloth)
        sheet.mark("spar", rect(250, 10, 12, 158, 4).turned(angle + tilt, (256, 168)), ink.COCOA)
    sheet.mark("hub", circle(256, 168, 20), ink.AMBER if wall != ink.PEARL else ink.NIGHT)


def tent(sheet: Sheet, rng: Random) -> None:
    one, two = rng.choice(((ink.ORANGE, ink.AMBER), (ink.TEAL, ink.MINT), (ink.AZURE, ink.SKY), (ink.ROSE, ink.PINK)))
    for x, size in ((104, 1.0), (424, 0.86)):
        sheet.mark("trunk", rect(x - 10, 400, 20, 60), ink.BROWN)
        for index in range(3):
            y = 400 - index * 76 * size
            sheet.add(
                "fir",
                polygon(
                    [
                        (x - (84 - index * 16) * size, y + 20),
                        (x + (84 - index * 16) * size, y + 20),
                        (x, y - 108 * size),
                    ],
                    (10, 10, 6),
                ),
                (ink.FOREST, ink.LEAF, ink.GREEN)[index],
            )
    outline = polygon([(256, 150), (462, 458), (50, 458)], (8, 10, 10))
    cloth = sheet.add("tent", outline, one)
    sheet.mark("light side", clipped(polygon([(256, 130), (256, 470), (0, 470)]), outline), two, cloth)
    opening = polygon([(256, 220), (336, 458), (176, 458)], (4, 2, 2))
    inside = sheet.add("opening", opening, ink.NAVY, cloth)
    sheet.mark(
        "flap", spline([(256, 220), (206, 360), (156, 458), (210, 458), (244, 330)], {0, 2, 3}), ink.CREAM, inside
    )
    sheet.mark("pole", stroke([(256, 160), (256, 122)], 10, curved=False), ink.BROWN)
    sheet.mark("pennant", polygon([(260, 110), (316, 128), (260, 146)], 4), ink.RED)
    sheet.add("ground", rect(20, 446, 472, 36, 18), ink.LIME)


def shop(sheet: Sheet, rng: Random) -> None:
    wall, stripe = rng.choice(
        (
            (ink.CREAM, ink.RED),
            (ink.PEARL, ink.TEAL),
            (ink.SAND, ink.VIOLET),
            (ink.ICE, ink.ROSE),
            (ink.BLUSH, ink.NAVY),
        )
    )
    body = sheet.add("wall", rect(70, 150, 372, 312, 10), wall)
    sheet.add("sign", rect(112, 60, 288, 76, 18), stripe)
    sheet.mark("letters", together(rect(x - 14, 86, 26, 24, 8) for x in (176, 230, 284, 338)), ink.LEMON)
    pane = rect(100, 270, 170, 130, 8)
    window = sheet.add("shop window", pane, ink.SKY if wall != ink.ICE else ink.NAVY, body)
    sheet.mark("gleam", clipped(polygon([(200, 260), (236, 260), (150, 410), (114, 410)]), pane), ink.ICE, window)
    for x, tone in ((132, ink.AMBER), (184, ink.PINK), (236, ink.LIME)):
        sheet.mark("ware", circle(x, 380, 20), tone, window)
    sheet.add("counter", rect(90, 396, 190, 24, 6), ink.BROWN, body)
    door = sheet.add("door", rect(306, 262, 100, 200, 8), ink.BROWN, body)
    sheet.add("door pane", rect(322, 280, 68, 96, 6), ink.ICE, door)
    sheet.mark("door knob", circle(386, 400, 8), ink.YELLOW, door)
    for index in range(6):
        x = 46 + index * 70
        awning = polygon([(70 + index * 62, 136), (132 + index * 62, 136), (x + 70, 214), (x, 214)])
        tone = stripe if index % 2 == 0 else ink.WHITE
        sheet.add("awning", awning, tone, plain=True)
        sheet.add("awning edge", sector(x + 35, 212, 35, 0, 180), tone if tone != ink.WHITE else ink.PEARL, plain=True)
    sheet.add("pavement", rect(30, 450, 452, 32, 12), ink.STEEL)

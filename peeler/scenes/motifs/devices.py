"""Devices."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    cut,
    joined,
    mirror_spline,
    polygon,
    rect,
    sector,
    stroke,
    together,
)

TONES = (ink.TOMATO, ink.AMBER, ink.TEAL, ink.AZURE, ink.VIOLET, ink.ROSE, ink.GREEN)


def phone(sheet: Sheet, rng: Random) -> None:
    case = rng.choice((ink.NIGHT, ink.NAVY, ink.SILVER, ink.ROSE, ink.TEAL))
    screen, accent = rng.choice(
        ((ink.ICE, ink.AZURE), (ink.LAVENDER, ink.VIOLET), (ink.MINT, ink.TEAL), ("#ffd9b8", ink.TOMATO))
    )
    sheet.mark("buttons", together((rect(392, 150, 14, 60, 6), rect(392, 226, 14, 44, 6))), ink.SLATE)
    body = sheet.add("case", rect(116, 24, 280, 464, 48), case)
    pane = rect(136, 46, 240, 420, 30)
    glass = sheet.add("screen", pane, screen, body, plain=True)
    if rng.random() < 0.5:
        sheet.mark("hill", clipped(circle(180, 480, 150), pane), accent, glass)
        sheet.mark("hill", clipped(circle(350, 500, 140), pane), ink.darker(accent, 0.2), glass)
        sheet.mark("sun", circle(300, 190, 42), ink.AMBER, glass)
    else:
        for index in range(6):
            x, y = 162 + index % 2 * 104, 104 + index // 2 * 104
            sheet.mark(
                "app",
                rect(x, y, 84, 84, 22),
                (accent, ink.AMBER, ink.TOMATO, ink.GREEN, ink.PINK, ink.NAVY)[index],
                glass,
            )
    sheet.mark("notch", rect(206, 46, 100, 24, 12), case, glass)
    sheet.mark("home line", rect(206, 440, 100, 10, 5), ink.WHITE, glass)


def laptop(sheet: Sheet, rng: Random) -> None:
    shell = rng.choice((ink.SLATE, ink.CHARCOAL, ink.SILVER, ink.NAVY))
    screen = rng.choice((ink.SKY, ink.VIOLET, ink.MINT, ink.NAVY if shell != ink.NAVY else ink.ICE))
    lid = sheet.add("lid", rect(82, 90, 348, 256, 24), shell)
    pane = rect(104, 112, 304, 212, 8)
    glass = sheet.add("screen", pane, screen, lid, plain=True)
    if rng.random() < 0.5:
        for index, (x, width, tone) in enumerate(
            (
                (128, 90, ink.AMBER),
                (152, 150, ink.WHITE),
                (152, 110, ink.PINK),
                (176, 130, ink.WHITE),
                (128, 70, ink.AMBER),
            )
        ):
            sheet.mark("line of code", rect(x, 140 + index * 34, width, 14, 7), tone, glass)
    else:
        sheet.mark(
            "bars",
            together(
                rect(134 + index * 50, 290 - height, 32, height, 4) for index, height in enumerate((50, 90, 70, 126))
            ),
            ink.AMBER,
            glass,
        )
        sheet.mark("curve", stroke([(134, 210), (190, 176), (250, 196), (366, 140)], 11), ink.WHITE, glass)
    sheet.add(
        "base",
        polygon([(20, 346), (492, 346), (470, 402), (42, 402)], (6, 6, 30, 30)),
        ink.lighter(shell, 0.25) if shell != ink.SILVER else ink.STEEL,
    )
    sheet.mark("dent", rect(200, 346, 112, 20, 10), ink.darker(shell, 0.2))


def camera(sheet: Sheet, rng: Random) -> None:
    body, band = rng.choice(
        (
            (ink.CHARCOAL, ink.SILVER),
            (ink.TEAL, ink.CREAM),
            (ink.TOMATO, ink.NAVY),
            (ink.SAND, ink.BROWN),
            (ink.PINK, ink.WHITE),
        )
    )
    sheet.add("bump", polygon([(176, 140), (204, 84), (308, 84), (336, 140)], (4, 18, 18, 4)), ink.darker(body, 0.16))
    sheet.mark("shutter", rect(82, 106, 70, 40, 12), ink.AMBER)
    outline = rect(36, 130, 440, 296, 44)
    case = sheet.add("body", outline, body)
    sheet.mark("band", clipped(rect(0, 212, 512, 136), outline), band, case)
    sheet.mark("flash", rect(372, 156, 70, 38, 10), ink.LEMON, case)
    barrel = sheet.add("lens barrel", circle(256, 284, 112), ink.NIGHT if body != ink.CHARCOAL else ink.SLATE, case)
    sheet.add("lens ring", circle(256, 284, 84), ink.STEEL, barrel, plain=True)
    lens = sheet.add("lens", circle(256, 284, 66), ink.NAVY, barrel, plain=True)
    sheet.mark("inner lens", circle(256, 284, 38), ink.AZURE, lens)
    sheet.mark("gleam", circle(236, 264, 14), ink.WHITE, lens)
    sheet.mark("lamp", circle(88, 178, 13), ink.RED if body != ink.TOMATO else ink.AMBER, case)


def clock(sheet: Sheet, rng: Random) -> None:
    case = rng.choice(TONES)
    alarm = rng.random() < 0.6
    if alarm:
        sheet.pair("foot", stroke([(150, 420), (112, 476)], 32, curved=False), ink.SLATE)
        sheet.pair(
            "bell", sector(130, 110, 78, 140, 320).turned(0, (130, 110)), ink.AMBER if case != ink.AMBER else ink.SLATE
        )
        sheet.mark("hammer", joined(rect(248, 40, 16, 60, 4), rect(222, 28, 68, 30, 15)), ink.SLATE)
    frame = sheet.add("case", circle(256, 270, 190), case)
    face = sheet.add("face", circle(256, 270, 150), ink.SNOW, frame)
    marks = together(
        rect(250, 132, 12, 28 if hour % 3 == 0 else 16, 4).turned(30 * hour, (256, 270)) for hour in range(12)
    )
    sheet.mark("hour marks", marks, ink.SLATE, face)
    hour = rng.uniform(0, 12)
    sheet.mark(
        "hour hand", stroke([(256, 270), around(256, 270, 72, hour * 30 - 90)], 20, curved=False), ink.NIGHT, face
    )
    sheet.mark(
        "minute hand",
        stroke([(256, 270), around(256, 270, 108, hour % 1 * 360 - 90)], 13, curved=False),
        ink.NIGHT,
        face,
    )
    sheet.mark("pin", circle(256, 270, 15), case, face)


def lightbulb(sheet: Sheet, rng: Random) -> None:
    glass = rng.choice((ink.YELLOW, ink.LEMON, ink.AMBER, ink.ICE))
    if rng.random() < 0.6:
        for angle in (-170, -135, -90, -45, -10):
            sheet.mark(
                "ray",
                stroke([around(256, 196, 190, angle), around(256, 196, 228, angle)], 18, curved=False),
                ink.AMBER if glass != ink.AMBER else ink.ORANGE,
            )
    outline = mirror_spline([(256, 44), (370, 92), (404, 200), (352, 296), (318, 372), (256, 376)], {4})
    bulb = sheet.add("bulb", outline, glass)
    sheet.mark(
        "filament",
        stroke(
            [
                (232, 372),
                (222, 280),
                (196, 226),
                (226, 214),
                (256, 258),
                (286, 214),
                (316, 226),
                (290, 280),
                (280, 372),
            ],
            11,
        ),
        ink.ORANGE,
        bulb,
    )
    sheet.mark("gleam", stroke([(146, 208), (158, 150), (198, 108)], 18), ink.WHITE, bulb)
    for y, half in ((362, 66), (398, 62), (434, 54)):
        sheet.add("thread", rect(256 - half, y, 2 * half, 34, 17), ink.STEEL if y != 398 else ink.SLATE)
    sheet.add("contact", sector(256, 462, 30, 0, 180), ink.CHARCOAL)


def gamepad(sheet: Sheet, rng: Random) -> None:
    case = rng.choice((ink.VIOLET, ink.CHARCOAL, ink.TEAL, ink.TOMATO, ink.SILVER, ink.AZURE))
    sheet.pair("shoulder", rect(96, 116, 110, 60, 26), ink.darker(case, 0.26))
    outline = mirror_spline(
        [(256, 156), (340, 144), (430, 166), (484, 290), (470, 402), (410, 414), (336, 338), (256, 334)]
    )
    body = sheet.add("case", outline, case)
    cross = joined(rect(94, 214, 100, 36, 10), rect(126, 182, 36, 100, 10))
    sheet.mark("cross", cross, ink.NIGHT if case != ink.CHARCOAL else ink.SILVER, body)
    for (x, y), tone in zip(
        ((368, 188), (408, 226), (368, 264), (328, 226)),
        (ink.YELLOW, ink.RED if case != ink.TOMATO else ink.NAVY, ink.LIME, ink.SKY),
        strict=True,
    ):
        sheet.mark("button", circle(x, y, 20), tone, body)
    sheet.pair("stick base", circle(200, 300, 38), ink.NIGHT if case != ink.CHARCOAL else ink.SLATE, body, plain=True)
    sheet.pair("stick", circle(200, 300, 25), ink.STEEL, body, plain=True)
    sheet.mark(
        "menu",
        together((rect(226, 212, 24, 14, 7), rect(262, 212, 24, 14, 7))),
        ink.WHITE if case != ink.SILVER else ink.SLATE,
        body,
    )


def headphones(sheet: Sheet, rng: Random) -> None:
    shell, pad = rng.choice(
        (
            (ink.TOMATO, ink.CHARCOAL),
            (ink.NAVY, ink.SKY),
            (ink.TEAL, ink.CREAM),
            (ink.VIOLET, ink.LAVENDER),
            (ink.CHARCOAL, ink.AMBER),
        )
    )
    sheet.add("band", sector(256, 280, 206, 175, 365, 168), shell)
    sheet.mark("band pad", sector(256, 280, 176, 220, 320, 152), pad)
    sheet.pair("cushion", rect(106, 262, 66, 168, 32), pad)
    sheet.pair("cup", polygon([(60, 270), (124, 258), (124, 434), (60, 422)], (40, 16, 16, 40)), shell)
    sheet.pair("cup line", rect(84, 300, 14, 92, 7), ink.lighter(shell, 0.45), plain=True)


def padlock(sheet: Sheet, rng: Random) -> None:
    metal, shackle = rng.choice(
        ((ink.AMBER, ink.STEEL), (ink.TOMATO, ink.SILVER), (ink.TEAL, ink.SLATE), (ink.VIOLET, ink.STEEL))
    )
    opened = rng.random() < 0.4
    loop = cut(
        joined(circle(256, 160, 118), rect(138, 160, 236, 110)), joined(circle(256, 160, 74), rect(182, 160, 148, 200))
    )
    sheet.add("shackle", cut(loop, rect(320, 190, 100, 200)) if opened else loop, shackle)
    body = sheet.add("body", rect(96, 214, 320, 264, 46), metal)
    sheet.mark(
        "lower half", clipped(rect(96, 214, 320, 264, 46), rect(0, 400, 512, 100)), ink.darker(metal, 0.14), body
    )
    sheet.mark(
        "keyhole",
        joined(circle(256, 322, 36), polygon([(240, 330), (272, 330), (284, 410), (228, 410)], 6)),
        ink.NIGHT,
        body,
    )
    sheet.mark("gleam", rect(126, 250, 16, 110, 8), ink.lighter(metal, 0.5), body)

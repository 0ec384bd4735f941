"""Weather and space."""

from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    cloud,
    cut,
    drop,
    ellipse,
    joined,
    mirror_spline,
    polygon,
    rect,
    sector,
    spline,
    star,
    stroke,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile


def _rays(sheet: Sheet, x: float, y: float, radius: float, fill: str, rng: Random) -> None:
    count, pointed = rng.choice((8, 10, 12)), rng.random() < 0.5
    for index in range(count):
        angle = index * 360 / count
        if pointed:
            tips = [
                around(x, y, radius * 1.14, angle - 11),
                around(x, y, radius * 1.62, angle),
                around(x, y, radius * 1.14, angle + 11),
            ]
            sheet.mark("ray", polygon(tips, 4), fill)
        else:
            sheet.mark(
                "ray",
                stroke([around(x, y, radius * 1.28, angle), around(x, y, radius * 1.58, angle)], radius * 0.17),
                fill,
            )


def sun(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice((ink.YELLOW, ink.AMBER))
    _rays(sheet, 256, 256, 136, ink.AMBER if tone == ink.YELLOW else ink.ORANGE, rng)
    disc = sheet.add("sun", circle(256, 256, 136), tone)
    if rng.random() < 0.5:
        sheet.pair(
            "glass", mirror_spline([(200, 216), (246, 222), (240, 262), (200, 276)], x=200), ink.NIGHT, disc, plain=True
        )
        sheet.mark("bridge", stroke([(150, 224), (256, 232), (362, 224)], 10), ink.NIGHT, disc)
        for x in (184, 294):
            sheet.mark("glint", stroke([(x, 254), (x + 22, 232)], 7, curved=False), ink.SKY, disc)
        smile(sheet, 256, 304, 44, 10, ink.COCOA, disc)
    else:
        eyes(sheet, 212, 244, 13, 18, disc)
        smile(sheet, 256, 276, 34, 10, ink.COCOA, disc)
    cheeks(sheet, 176, 292, 22, ink.CORAL, disc)


def weather(sheet: Sheet, rng: Random) -> None:
    kind = rng.choice(("sun", "rain", "storm", "snow", "night"))
    grey = (
        rng.choice((ink.PEARL, ink.SILVER, ink.ICE))
        if kind != "storm"
        else rng.choice((ink.SLATE, ink.STEEL, ink.NAVY))
    )
    if kind in ("sun", "rain"):
        x, y = 330, 170
        _rays(sheet, x, y, 84, ink.AMBER, rng)
        sheet.add("sun", circle(x, y, 84), ink.YELLOW)
    elif kind == "night":
        sheet.add("moon", cut(circle(330, 170, 120), circle(382, 128, 104)), ink.LEMON)
        for x, y, radius in ((402, 150, 20), (356, 60, 15), (440, 230, 14)):
            sheet.mark("star", star(x, y, radius, 4, 0.4, 2), ink.AMBER)
    if rng.random() < 0.5:
        sheet.add("back cloud", cloud(312, 330, 300), ink.darker(grey, 0.16))
    body = cloud(226, 380, 370)
    sheet.add("cloud", body, grey)
    if kind == "storm":
        sheet.add(
            "lightning",
            polygon([(236, 330), (322, 330), (282, 396), (330, 396), (208, 506), (240, 428), (192, 428)], 7),
            ink.YELLOW,
        )
    elif kind == "rain":
        for x, y in ((130, 440), (214, 466), (298, 440), (172, 500), (256, 520)):
            sheet.mark("raindrop", drop(x, y, 54, 14), ink.AZURE)
    elif kind == "snow":
        for x, y in ((130, 430), (226, 456), (322, 430), (178, 500), (274, 506)):
            arms = (stroke([around(x, y, 20, angle), around(x, y, -20, angle)], 8) for angle in (0, 60, 120))
            sheet.mark("snowflake", joined(*arms), ink.SKY)


def rainbow(sheet: Sheet, rng: Random) -> None:
    bands = rng.choice(
        (
            (ink.TOMATO, ink.ORANGE, ink.YELLOW, ink.GREEN, ink.AZURE, ink.VIOLET),
            (ink.PINK, ink.AMBER, ink.MINT, ink.SKY, ink.LAVENDER),
            (ink.CORAL, ink.YELLOW, ink.TEAL, ink.NAVY),
        )
    )
    step = 130 / len(bands)
    for index, band in enumerate(bands):
        sheet.add(
            "band",
            sector(
                256, 340, 214 - step * index, -180, 0, 78 if index == len(bands) - 1 else 214 - step * (index + 1) - 4
            ),
            band,
        )
    tone, faces = rng.choice((ink.PEARL, ink.ICE)), rng.random() < 0.5
    for side, x in (("left", 118), ("right", 394)):
        puff = sheet.add(f"{side} cloud", cloud(x, 400, 190), tone)
        if faces:
            sheet.mark("eye pair", together(ellipse(x + shift, 358, 7, 9) for shift in (-20, 20)), ink.NIGHT, puff)
            smile(sheet, x, 368, 12, 6, ink.NIGHT, puff)


def moon(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice((ink.YELLOW, ink.LEMON, ink.LAVENDER, ink.SILVER))
    body = cut(circle(240, 260, 200), circle(330, 200, 164))
    main = sheet.add("moon", body, tone)
    for x, y, radius in ((96, 250, 22), (130, 360, 30), (230, 420, 18), (84, 310, 11)):
        sheet.mark("crater", clipped(circle(x, y, radius), body), ink.darker(tone, 0.14), main)
    for index, (x, y, radius) in enumerate(((350, 160, 54), (436, 270, 34), (300, 280, 26))):
        sheet.add("star", star(x, y, radius, 5, 0.5, radius * 0.14), (ink.AMBER, ink.CORAL, ink.SKY)[index])
    if rng.random() < 0.6:
        sheet.add("cloud", cloud(330, 440, 280), ink.PEARL if tone != ink.SILVER else ink.ICE)


def planet(sheet: Sheet, rng: Random) -> None:
    tone = rng.choice((ink.AMBER, ink.VIOLET, ink.TEAL, ink.CORAL, ink.AZURE, ink.PINK))
    band = rng.choice(
        [
            choice
            for choice in (ink.LEMON, ink.LAVENDER, ink.ICE, ink.MINT, ink.BLUSH)
            if ink.difference(choice, tone) > 70
        ]
    )
    rim = ellipse(256, 256, 236, 70) + ellipse(256, 256, 176, 40)
    rim = rim.turned(-20)
    behind = clipped(rim, rect(-100, -100, 712, 356).turned(-20))
    before = clipped(rim, rect(-100, 256, 712, 356).turned(-20))
    sheet.add("back of ring", behind, ink.darker(band, 0.18))
    outline = circle(256, 256, 148)
    globe = sheet.add("planet", outline, tone)
    for y, height, amount in ((170, 30, 0.14), (226, 20, 0.08), (330, 34, 0.16)):
        stripe = spline(
            [
                (60, y),
                (200, y - 10),
                (300, y + 8),
                (460, y - 4),
                (460, y + height),
                (290, y + height + 10),
                (190, y + height - 8),
                (60, y + height + 2),
            ],
            {0, 3, 4, 7},
        ).turned(-20)
        sheet.mark("stripe", clipped(stripe, outline), ink.darker(tone, amount), globe)
    sheet.mark("spot", ellipse(206, 180, 26, 14, -20), ink.lighter(tone, 0.5), globe)
    sheet.add("front of ring", before, band)
    for x, y, radius in ((88, 110, 22), (420, 392, 24), (398, 96, 14), (120, 420, 13)):
        sheet.mark("star", star(x, y, radius, 4, 0.36, 2), ink.YELLOW if tone != ink.AMBER else ink.SKY)


def ufo(sheet: Sheet, rng: Random) -> None:
    hull, glass = rng.choice(
        ((ink.VIOLET, ink.MINT), (ink.STEEL, ink.SKY), (ink.TEAL, ink.LEMON), (ink.ROSE, ink.ICE), (ink.NAVY, ink.SKY))
    )
    if rng.random() < 0.7:
        sheet.add("beam", polygon([(180, 270), (332, 270), (424, 480), (88, 480)], (4, 4, 30, 30)), ink.LEMON)
        sheet.mark("beam core", polygon([(222, 280), (290, 280), (330, 480), (182, 480)], (4, 4, 20, 20)), ink.CREAM)
    dome = sheet.add("dome", clipped(circle(256, 190, 116), rect(0, 0, 512, 210)), glass)
    alien = ink.LIME if glass != ink.LEMON else ink.PINK
    sheet.mark("alien", mirror_spline([(256, 112), (306, 140), (300, 190), (276, 220), (256, 224)]), alien, dome)
    for side, x, turn in (("left", 236, 24), ("right", 276, -24)):
        sheet.mark(f"{side} alien eye", ellipse(x, 166, 10, 16, -turn), ink.NIGHT, dome)
    sheet.mark("gleam of dome", stroke([(166, 180), (182, 138), (208, 112)], 11), ink.WHITE, dome)
    sheet.add("underside", ellipse(256, 290, 128, 40), ink.darker(hull, 0.28))
    disc = sheet.add("hull", mirror_spline([(256, 192), (380, 204), (472, 248), (400, 286), (256, 304)]), hull)
    lights = together(circle(x, y, 14) for x, y in ((120, 250), (188, 266), (256, 272), (324, 266), (392, 250)))
    sheet.mark("lights", lights, ink.YELLOW, disc)


def earth(sheet: Sheet, rng: Random) -> None:
    sea, land = rng.choice(((ink.AZURE, ink.GREEN), (ink.SKY, ink.LEAF), (ink.NAVY, ink.TEAL), (ink.BLUE, ink.LIME)))
    outline = circle(256, 236, 178)
    stand = rng.random() < 0.5
    if stand:
        sheet.add("foot", polygon([(170, 492), (342, 492), (310, 452), (202, 452)], 12), ink.BROWN)
        sheet.add("arm", sector(256, 236, 216, -60, 130, 196), ink.CARAMEL)
        sheet.add("pin", rect(244, 426, 24, 40, 4), ink.CARAMEL)
    globe = sheet.add("sea", outline, sea)
    lands = (
        [(120, 100), (200, 60), (262, 96), (236, 150), (190, 170), (176, 220), (120, 210), (60, 190)],
        [(200, 230), (270, 240), (296, 290), (250, 350), (230, 410), (196, 360), (184, 290)],
        [(330, 120), (400, 90), (470, 170), (460, 260), (400, 290), (372, 240), (340, 210)],
        [(340, 330), (390, 320), (410, 360), (360, 400), (326, 380)],
    )
    turn = rng.uniform(-30, 30)
    for points in lands:
        sheet.mark("land", clipped(spline(points).turned(turn, (256, 236)), outline), land, globe)
    if rng.random() < 0.6:
        sheet.add("cloud", cloud(180, 200, 150), ink.WHITE, globe, plain=True)
        sheet.add("cloud", cloud(330, 330, 120), ink.WHITE, globe, plain=True)


def astronaut(sheet: Sheet, rng: Random) -> None:
    suit, visor = ink.PEARL, rng.choice((ink.NAVY, ink.PURPLE, ink.NIGHT, ink.PINE))
    accent = rng.choice((ink.TOMATO, ink.AMBER, ink.AZURE, ink.TEAL))
    sheet.add("backpack", rect(110, 270, 292, 170, 40), ink.STEEL)
    body = sheet.add("suit", polygon([(136, 360), (376, 360), (404, 500), (108, 500)], (80, 80, 30, 30)), suit)
    sheet.pair("sleeve stripe", stroke([(128, 440), (168, 446)], 16), accent, body, plain=True)
    panel = sheet.add("panel", rect(200, 416, 112, 62, 14), ink.SLATE, body)
    for x, tone in ((226, ink.TOMATO), (256, ink.YELLOW), (286, ink.GREEN)):
        sheet.mark("button", circle(x, 436, 9), tone, panel)
    sheet.mark("slot", rect(220, 456, 72, 9, 4), ink.SILVER, panel)
    sheet.pair("ear cap", rect(62, 178, 56, 96, 22), accent)
    helmet = sheet.add("helmet", circle(256, 220, 178), ink.SNOW if suit != ink.SNOW else suit)
    sheet.mark("helmet shade", cut(circle(256, 220, 178), circle(240, 206, 178)), ink.SILVER, helmet)
    glass = mirror_spline([(256, 118), (344, 130), (392, 220), (344, 318), (256, 334)])
    pane = sheet.add("visor", glass, visor, helmet)
    sheet.mark(
        "visor gleam",
        clipped(polygon([(150, 90), (220, 90), (150, 360), (80, 360)]).moved(24), glass),
        ink.lighter(visor, 0.3),
        pane,
    )
    sheet.mark(
        "visor gleam",
        clipped(polygon([(240, 90), (262, 90), (192, 360), (170, 360)]).moved(24), glass),
        ink.lighter(visor, 0.3),
        pane,
    )
    sheet.mark("star", star(332, 180, 24, 4, 0.36, 2), ink.YELLOW, pane)
    sheet.mark("star", star(300, 278, 16, 4, 0.36, 2), ink.ICE, pane)

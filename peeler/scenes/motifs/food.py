"""Sweets, meals and drinks."""

import math
from random import Random

from peeler.scenes import colours as ink
from peeler.scenes.drawing import Sheet
from peeler.scenes.forms import (
    around,
    circle,
    clipped,
    cut,
    drop,
    ellipse,
    grown,
    heart,
    joined,
    leaf,
    mirror_spline,
    polygon,
    rect,
    ring,
    spline,
    star,
    stroke,
    together,
)
from peeler.scenes.motifs.features import cheeks, eyes, smile
from peeler.scenes.paths import Path, Point

SPRINKLES = (ink.WHITE, ink.SKY, ink.LEMON, ink.ROSE, ink.MINT)


def waves(x0: float, x1: float, top: float, low: float, count: int, depth: float) -> Path:
    """A band from ``top`` down to ``low`` whose lower edge hangs in ``count`` round drips of ``depth``."""
    step = (x1 - x0) / count
    points: list[Point] = [(x0, top), (x1, top), (x1, low)]
    for index in range(count):
        right = x1 - index * step
        points += [(right - step * 0.5, low + depth), (right - step, low)]
    return spline(points, {0, 1, *range(2, len(points), 2)}, 0.45)


def burger(sheet: Sheet, rng: Random) -> None:
    bun = rng.choice((ink.TAN, "#e9a04b", ink.CARAMEL))
    patty = rng.choice((ink.COCOA, "#6e4030"))
    sheet.add("lower bun", rect(82, 372, 348, 78, (46, 60)), bun)
    sheet.add("patty", rect(70, 316, 372, 70, 35), patty)
    if rng.random() < 0.8:
        sheet.add(
            "cheese",
            polygon([(92, 300), (420, 300), (352, 336), (316, 366), (276, 330), (180, 330)], (8, 8, 6, 12, 6, 6)),
            ink.AMBER,
        )
    sheet.add("tomato", rect(84, 276, 344, 38, 19), ink.RED)
    lettuce = waves(62, 450, 244, 278, 6, 24)
    sheet.add("lettuce", lettuce, rng.choice((ink.LIME, ink.GREEN)))
    outline = spline(
        [(76, 254), (92, 150), (180, 76), (256, 66), (332, 76), (420, 150), (436, 254), (400, 268), (112, 268)], {0, 6}
    )
    top = sheet.add("upper bun", outline, bun)
    seeds = (
        (170, 142, -24),
        (232, 106, 10),
        (306, 116, -8),
        (362, 160, 26),
        (266, 162, 0),
        (206, 192, 14),
        (324, 204, -14),
    )
    sheet.mark("sesame", together(ellipse(x, y, 9, 14, turn) for x, y, turn in seeds), ink.CREAM, top)


def donut(sheet: Sheet, rng: Random) -> None:
    dough = rng.choice((ink.TAN, "#e0a45c"))
    icing = rng.choice((ink.PINK, ink.COCOA, ink.MINT, ink.LAVENDER, ink.ROSE, ink.SKY))
    base = sheet.add("dough", circle(256, 256, 210) + circle(256, 256, 66), dough)
    waviness = rng.randrange(7, 10)
    outer = [around(256, 256, 184 + 12 * (-1) ** index, index * 180 / waviness) for index in range(2 * waviness)]
    inner = [around(256, 256, 86 + 6 * (-1) ** index, index * 36) for index in range(10)]
    glaze = sheet.add("icing", spline(outer) + spline(inner), icing, base)
    bars: dict[str, list[Path]] = {}
    tones = rng.sample([tone for tone in SPRINKLES if ink.difference(tone, icing) > 50], 3)
    for index in range(15):
        angle = index * 360 / 15 + rng.uniform(-6, 6)
        x, y = around(256, 256, (114, 138, 158)[index % 3], angle)
        turn = math.radians(rng.uniform(0, 180))
        bar = stroke(
            [(x - 10 * math.cos(turn), y - 10 * math.sin(turn)), (x + 10 * math.cos(turn), y + 10 * math.sin(turn))], 11
        )
        bars.setdefault(tones[index * 2 % 7 % 3], []).append(bar)
    for tone, paths in bars.items():
        sheet.mark("sprinkles", together(paths), tone, glaze)


def ice_cream(sheet: Sheet, rng: Random) -> None:
    scoops = rng.sample((ink.PINK, ink.MINT, ink.CREAM, ink.COCOA, ink.LAVENDER, ink.LEMON, ink.CORAL), 3)
    triangle = polygon([(156, 268), (356, 268), (256, 492)], (10, 10, 16))
    cone = sheet.add("cone", triangle, ink.TAN)
    bars = [
        stroke([(256 + shift - lean * 100, 260), (256 + shift + lean * 60, 480)], 8, curved=False)
        for shift in (-70, 0, 70)
        for lean in (-1, 1)
    ]
    sheet.mark("waffle lines", clipped(joined(*bars), triangle), ink.CARAMEL, cone)
    balls = ((256, 118, 74),) if rng.random() < 0.4 else ((256, 96, 70), (196, 190, 76), (316, 190, 76))
    for (x, y, radius), fill in zip(reversed(balls), scoops, strict=False):
        sheet.add("scoop", circle(x, y, radius), fill)
    if len(balls) == 1:
        sheet.shapes.pop()
        sheet.add("scoop", circle(256, 160, 112), scoops[0])
    sheet.add("drip", waves(146, 366, 238, 264, 5, 22), scoops[0] if len(balls) == 1 else scoops[1])
    top = 30 if len(balls) == 3 else 52
    berry = sheet.add("cherry", circle(268, top, 30), ink.RED)
    sheet.mark("glint of cherry", circle(258, top - 9, 7), ink.BLUSH, berry)
    sheet.mark("stalk", stroke([(272, top - 26), (284, top - 52), (310, top - 66)], 8), ink.FOREST)


def popsicle(sheet: Sheet, rng: Random) -> None:
    first, second, third = rng.sample((ink.CORAL, ink.AMBER, ink.MINT, ink.PINK, ink.SKY, ink.LEMON, ink.VIOLET), 3)
    outline = polygon([(152, 40), (360, 40), (360, 372), (152, 372)], (104, 104, 30, 30))
    if rng.random() < 0.5:
        outline = cut(outline, joined(circle(346, 56, 46), circle(302, 30, 40), circle(372, 110, 36)))
    sheet.add("stick", rect(232, 350, 48, 134, 24), ink.SAND)
    body = sheet.add("ice", outline, first)
    sheet.mark("lower stripe", clipped(rect(100, 262, 300, 140), outline), second, body)
    sheet.mark(
        "middle stripe",
        clipped(
            spline(
                [(100, 150), (206, 170), (310, 146), (400, 160), (400, 268), (300, 254), (200, 276), (100, 260)],
                {0, 3, 4, 7},
            ),
            outline,
        ),
        third,
        body,
    )
    for x in (206, 288):
        sheet.mark("groove", rect(x, 120, 20, 190, 10), ink.darker(third, 0.12), body)


def cake(sheet: Sheet, rng: Random) -> None:
    sponge, icing = rng.choice(
        (
            (ink.SAND, ink.PINK),
            (ink.BROWN, ink.CREAM),
            (ink.CREAM, ink.ROSE),
            (ink.TAN, ink.MINT),
            (ink.BLUSH, ink.WHITE),
        )
    )
    sheet.add("plate", ellipse(256, 446, 228, 34), ink.SILVER)
    block = polygon([(84, 244), (428, 244), (428, 440), (84, 440)], (30, 30, 40, 40))
    base = sheet.add("sponge", block, sponge)
    sheet.mark(
        "filling",
        clipped(rect(60, 346, 392, 30), block),
        ink.darker(icing, 0.2) if icing != ink.WHITE else ink.CORAL,
        base,
    )
    sheet.add(
        "icing",
        joined(rect(84, 212, 344, 66, 33), waves(84, 428, 240, 272, 6, 34)),
        icing if icing != ink.WHITE else ink.PEARL,
        None,
    )
    flame = rng.choice((ink.ORANGE, ink.AMBER))
    for index, x in enumerate((152, 256, 360)):
        stem = rect(x - 12, 128, 24, 90, 4)
        candle = sheet.add("candle", stem, (ink.SKY, ink.LEMON, ink.MINT)[index])
        stripes = together(stroke([(x - 20, y + 14), (x + 20, y - 6)], 9) for y in (150, 182))
        sheet.mark("candle stripes", clipped(stripes, stem), ink.WHITE, candle)
        sheet.mark("flame", drop(x, 92, 62), flame)
        sheet.mark("flame core", drop(x, 102, 30), ink.LEMON)


def cupcake(sheet: Sheet, rng: Random) -> None:
    cup, cream = (
        rng.sample((ink.ROSE, ink.TEAL, ink.VIOLET, ink.AZURE, ink.AMBER), 1)[0],
        rng.choice((ink.BLUSH, ink.CREAM, ink.MINT, ink.COCOA, ink.LAVENDER)),
    )
    outline = polygon([(116, 292), (396, 292), (352, 470), (160, 470)], 14)
    case = sheet.add("case", outline, cup)
    pleats = together(
        polygon([(x, 280), (x + 26, 280), (256 + (x + 22 - 256) * 0.68, 480), (256 + (x + 4 - 256) * 0.68, 480)])
        for x in (156, 211, 266, 321)
    )
    sheet.mark("pleats", clipped(pleats, outline), ink.darker(cup, 0.18), case)
    for index, (y, half) in enumerate(((270, 172), (198, 130), (134, 86))):
        tone = (
            cream
            if index % 2 == 0
            else ink.lighter(cream, 0.25)
            if ink.lightness(cream) < 0.8
            else ink.darker(cream, 0.06)
        )
        sheet.add(("lower", "middle", "upper")[index] + " cream", rect(256 - half, y - 46, 2 * half, 92, 46), tone)
    if rng.random() < 0.5:
        berry = sheet.add("cherry", circle(256, 70, 40), ink.RED)
        sheet.mark("glint of cherry", circle(242, 57, 9), ink.BLUSH, berry)
    else:
        sheet.add("star", star(256, 64, 54, 5, 0.5, 8), ink.YELLOW)
    tones = rng.sample([tone for tone in SPRINKLES if ink.difference(tone, cream) > 50], 2)
    for tone, places in zip(
        tones, (((160, 262), (300, 258), (290, 206)), ((224, 286), (352, 284), (214, 196), (256, 136))), strict=True
    ):
        sheet.mark("sprinkles", together(circle(x, y, 9) for x, y in places), tone)


def pizza(sheet: Sheet, rng: Random) -> None:
    crust = rng.choice((ink.TAN, ink.CARAMEL))
    slice_outline = polygon([(84, 132), (428, 132), (256, 486)], (20, 20, 14))
    cheese = sheet.add(
        "cheese", joined(slice_outline, rect(150, 320, 44, 84, 22), rect(300, 300, 40, 112, 20)), ink.YELLOW
    )
    sheet.add(
        "crust",
        spline(
            [
                (62, 150),
                (70, 96),
                (160, 66),
                (256, 58),
                (352, 66),
                (442, 96),
                (450, 150),
                (420, 166),
                (256, 134),
                (92, 166),
            ]
        ),
        crust,
    )
    for x, y, radius in ((190, 212, 38), (318, 204, 40), (254, 308, 36), (254, 410, 20)):
        disc = sheet.mark("salami", circle(x, y, radius), ink.RED, cheese)
        sheet.mark("salami fleck", circle(x - radius * 0.3, y - radius * 0.2, radius * 0.2), ink.CORAL, disc)
        sheet.mark("salami fleck", circle(x + radius * 0.35, y + radius * 0.3, radius * 0.16), ink.CORAL, disc)
    herb = rng.choice((ink.LEAF, ink.NIGHT))
    for x, y, turn in ((254, 220, 20), (204, 276, -50), (312, 268, 40), (262, 364, 0)):
        form = leaf((x - 18, y), (x + 18, y), 18).turned(turn, (x, y)) if herb == ink.LEAF else ring(x, y, 15, 7)
        sheet.mark("basil" if herb == ink.LEAF else "olive", form, herb, cheese)


def coffee(sheet: Sheet, rng: Random) -> None:
    mug = rng.choice((ink.TOMATO, ink.TEAL, ink.SNOW, ink.AMBER, ink.VIOLET, ink.NAVY))
    mug = ink.PEARL if mug == ink.SNOW else mug
    sheet.add("saucer", ellipse(232, 446, 200, 34), ink.lighter(mug, 0.45) if mug != ink.PEARL else ink.SILVER)
    sheet.add("handle", ring(392, 298, 74, 42), ink.darker(mug, 0.16))
    outline = polygon([(72, 190), (392, 190), (380, 440), (84, 440)], (10, 10, 110, 110))
    cup = sheet.add("cup", outline, mug)
    if rng.random() < 0.5:
        sheet.mark("heart", heart(232, 318, 110), ink.WHITE if mug != ink.PEARL else ink.TOMATO, cup)
    else:
        sheet.mark(
            "band",
            clipped(rect(40, 262, 400, 46), outline),
            ink.lighter(mug, 0.5) if mug != ink.PEARL else ink.SKY,
            cup,
        )
    sheet.add("rim", ellipse(232, 192, 160, 40), ink.lighter(mug, 0.6) if mug != ink.PEARL else ink.SNOW)
    sheet.mark("coffee", ellipse(232, 196, 138, 28), ink.COCOA)
    for x, height in ((164, 0), (232, -26), (300, 0)):
        sheet.mark(
            "steam",
            stroke(
                [(x, 138 + height * 0.4), (x - 18, 108 + height * 0.6), (x + 12, 76 + height), (x - 6, 44 + height)], 16
            ),
            ink.SILVER,
        )


def sushi(sheet: Sheet, rng: Random) -> None:
    fish = rng.choice((ink.CORAL, ink.ORANGE, ink.TOMATO, ink.AMBER))
    rice = mirror_spline([(256, 250), (380, 262), (436, 330), (420, 420), (340, 446), (256, 448)])
    body = sheet.add("rice", rice, ink.PEARL)
    eyes(sheet, 196, 366, 14, 18, body)
    cheeks(sheet, 152, 394, 20, ink.PINK, body)
    smile(sheet, 256, 376, 24, 8, ink.NIGHT, body)
    outline = spline(
        [
            (44, 318),
            (60, 220),
            (150, 140),
            (256, 124),
            (362, 140),
            (452, 220),
            (468, 318),
            (420, 330),
            (340, 292),
            (256, 284),
            (172, 292),
            (92, 330),
        ],
        {0, 6},
    )
    topping = sheet.add("fish", outline, fish)
    for x in (130, 206, 306, 382):
        lean = (x - 256) * 0.24
        bar = stroke([(x - lean * 0.2, 100), (x + lean * 0.3, 210), (x + lean, 340)], 14)
        sheet.mark("fish line", clipped(bar, outline), ink.lighter(fish, 0.45), topping)
    if rng.random() < 0.7:
        band = clipped(rect(222, 90, 68, 380), joined(outline, rice))
        sheet.add("seaweed", band, ink.NIGHT if fish != ink.AMBER else ink.FOREST)
        if len(sheet.shapes) > 12:
            sheet.shapes = [shape for shape in sheet.shapes if "mouth" not in shape.id]


def fried_egg(sheet: Sheet, rng: Random) -> None:
    pan = rng.choice((ink.CHARCOAL, ink.NIGHT, ink.SLATE))
    sheet.add("handle", stroke([(360, 360), (460, 460)], 48, curved=False), rng.choice((ink.BROWN, ink.RED, ink.TEAL)))
    sheet.add("joint", stroke([(330, 330), (376, 376)], 34, curved=False), ink.STEEL)
    iron = sheet.add("pan", circle(216, 216, 186), pan)
    sheet.mark("bottom of pan", circle(216, 216, 154), ink.lighter(pan, 0.12), iron)
    points = [around(212, 214, rng.uniform(96, 134), index * 45) for index in range(8)]
    white = sheet.add("egg white", spline(points), ink.SNOW, iron)
    x, y = 212 + rng.uniform(-20, 20), 212 + rng.uniform(-16, 16)
    yolk = sheet.add("yolk", circle(x, y, 52), ink.AMBER, white)
    sheet.mark("glint of yolk", ellipse(x - 18, y - 20, 16, 9, -36), ink.LEMON, yolk)


def shake(sheet: Sheet, rng: Random) -> None:
    drink, straw = rng.choice(
        (
            (ink.PINK, ink.TEAL),
            (ink.AMBER, ink.ROSE),
            (ink.LIME, ink.VIOLET),
            (ink.CARAMEL, ink.TOMATO),
            (ink.SKY, ink.ORANGE),
        )
    )
    sheet.add("straw", stroke([(282, 250), (304, 60), (368, 34)], 22, curved=False), straw)
    outline = polygon([(132, 150), (380, 150), (346, 480), (166, 480)], (14, 14, 34, 34))
    glass = sheet.add("glass", outline, ink.ICE)
    filled = clipped(grown(outline, -16), rect(0, 214, 512, 300))
    liquid = sheet.add("drink", filled, drink, glass)
    if drink == ink.CARAMEL:
        pearls = together(circle(x, y, 15) for x, y in ((196, 444), (252, 454), (308, 442), (222, 406), (284, 404)))
        sheet.mark("pearls", pearls, ink.COCOA, liquid)
    else:
        for x, y, turn in ((214, 290, 18), (288, 330, -20), (224, 390, -8)):
            sheet.mark(
                "ice cube", rect(x - 26, y - 26, 52, 52, 10).turned(turn, (x, y)), ink.lighter(drink, 0.55), liquid
            )
    sheet.mark("gleam", rect(166, 240, 14, 150, 7).turned(-5, (172, 300)), ink.WHITE, glass)
    sheet.add("lid", rect(114, 128, 284, 44, 20), ink.SILVER)
    if rng.random() < 0.6:
        x, y = 370, 156
        fruit = sheet.add("lemon slice", circle(x, y, 62), rng.choice((ink.YELLOW, ink.ORANGE, ink.LIME)))
        sheet.mark("lemon pith", circle(x, y, 50), ink.CREAM, fruit)
        segments = together(
            polygon([around(x, y, 10, angle), around(x, y, 46, angle - 24), around(x, y, 46, angle + 24)], 6)
            for angle in range(0, 360, 60)
        )
        sheet.mark("lemon segments", segments, ink.AMBER, fruit)


def toast(sheet: Sheet, rng: Random) -> None:
    crust = rng.choice((ink.CARAMEL, ink.BROWN))
    half = [(256, 76), (352, 66), (440, 100), (448, 190), (402, 236), (404, 420), (380, 446)]
    outline = mirror_spline([*half, (256, 448)], {5})
    bread = sheet.add("crust", outline, crust)
    crumb = sheet.add("crumb", grown(outline, -26), ink.SAND, bread)
    kind = rng.choice(("butter", "jam", "face"))
    if kind == "butter":
        pat = sheet.add(
            "melted butter",
            spline([(176, 250), (250, 206), (340, 236), (356, 320), (300, 376), (210, 360), (160, 312)]),
            ink.LEMON,
            crumb,
            plain=True,
        )
        sheet.add("butter", rect(206, 236, 108, 92, 14).turned(-14), ink.YELLOW, pat)
    elif kind == "jam":
        jam = spline(
            [
                (140, 130),
                (256, 116),
                (372, 130),
                (386, 220),
                (344, 300),
                (300, 284),
                (262, 360),
                (214, 310),
                (160, 326),
                (128, 220),
            ]
        )
        spread = sheet.add("jam", jam, ink.ROSE, crumb)
        sheet.mark("gleam of jam", stroke([(166, 176), (184, 152), (222, 146)], 14), ink.BLUSH, spread)
    else:
        eyes(sheet, 196, 270, 16, 20, crumb)
        cheeks(sheet, 156, 318, 24, ink.CORAL, crumb)
        smile(sheet, 256, 300, 34, 9, ink.COCOA, crumb)

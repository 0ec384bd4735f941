"""How much of the lettering of screens, slides and labels is found as lines of text.

    python benchmarks/lettering.py FOLDER [--pages 24] [--seed 2]

Draws pages with Chromium into FOLDER: cells with and without a card, each with one text in one of nine typefaces, ten
to 48 pixels, dark, pale or white, bold, slanted or set wide, some of them as short as "OK". Each page is also drawn
without its texts; where the two differ there is text. One is found if a line of text shows nine tenths of its strong
pixels and is hardly anything else. Prints the share by height and the number of lines that are no text, and last one
JSON document.
"""

import argparse
import html
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.flat.drawing import read_drawing
from peeler.flat.matting import grown
from peeler.flat.pieces import TEXT
from peeler.geometry import RGB, Pixels

SIZE = 640, 480
CELL = 320, 96
FACES = "DejaVu Sans, DejaVu Serif, DejaVu Sans Mono, Nimbus Sans, Nimbus Roman, URW Bookman".split(", ")
FACES += ["URW Gothic", "P052", "Nimbus Sans Narrow"]
WORDS = """Balance Recent Coffee bar Hello Anna Quarterly results Revenue grew by two new markets opened costs stayed
flat Read more Sign in Log out Settings Profile Messages total price order now shipping free trial mountain alpine
outdoor gear since 1987 search home about contact team blog summer sale up to 50% off fresh juice bakery pizza menu
lunch""".split()
SHORT = ("OK", "Hi", "GO", "Q1", "Q2", "24%", "UP", "12", "On", "$5", "No", "Buy", "New", "Top", "7")
HEIGHTS = (10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 36, 48)
DARK = ("#222", "#333", "#1f3a5f", "#264653", "#005f73", "#7a4b00", "#555", "#000", "#888", "#8d99ae", "#999")
PALE = ("#fff", "#fff", "#ffe8d6", "#e8e4ff")
LIGHT_GROUND = ("#ffffff", "#f4f1ea", "#fff3e0", "#e0f7fa", "#f7f7fb", "#ffd166", "#f2cc8f")
DARK_GROUND = ("#1f3a5f", "#264653", "#e07a5f", "#2a9d8f", "#6a5af9", "#ef476f", "#3d405b")
PLACES = """<script>document.body.dataset.r=JSON.stringify([...document.querySelectorAll("span")].map(e=>{
let r=document.createRange();r.selectNodeContents(e);let b=r.getBoundingClientRect();
return [b.left,b.top,b.right,b.bottom,e.textContent,parseFloat(getComputedStyle(e).fontSize)]}))</script>"""
FOUND, PURE = 0.9, 0.9
BANDS = (0, 12, 16, 22, 32, 64)

Levels = NDArray[np.intp]


class Found(NamedTuple):
    """A text, the height of its letters in pixels, and whether one line of text shows it."""

    text: str
    height: float
    whole: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium draws the pages; it is not on the PATH.")
    given.folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(given.seed)
    found, strays = list[Found](), 0
    for number in range(given.pages):
        page = given.folder / f"{given.seed}-{number}.html"
        page.write_text(_page(rng), encoding="utf-8")
        rows, others = _scored(page, chromium)
        found += rows
        strays += others
    by_height = {}
    for low, high in zip(BANDS, BANDS[1:], strict=False):
        band = [row for row in found if low <= row.height < high]
        for name, is_short in (("short", True), ("long", False)):
            some = [row for row in band if (len(row.text) <= 3) == is_short]
            share = sum(row.whole for row in some) / max(len(some), 1)
            by_height[f"{low} to {high} px, {name}"] = round(share, 3)
            print(f"{low:2} to {high:2} px, {name:5}: {share:.2f} of {len(some)}")
    share = sum(row.whole for row in found) / len(found)
    print(json.dumps({"texts": len(found), "found": round(share, 3), "no text": strays, "by height": by_height}))


def _page(rng: random.Random) -> str:
    ground = rng.choice(LIGHT_GROUND[:5])
    cells = "".join(_cell(rng, x, y, ground) for y in range(0, SIZE[1], CELL[1]) for x in range(0, SIZE[0], CELL[0]))
    style = f"margin:0;width:{SIZE[0]}px;height:{SIZE[1]}px;background:{ground};overflow:hidden"
    return f'<html><head><meta charset="utf8"></head><body style="{style}">{cells}{PLACES}</body></html>'


def _cell(rng: random.Random, x: int, y: int, ground: str) -> str:
    card = ""
    if rng.random() < 0.5:
        ground = rng.choice(LIGHT_GROUND + DARK_GROUND)
        box = f"left:{x + 8}px;top:{y + 6}px;width:304px;height:84px;border-radius:{rng.choice((0, 10, 24))}px"
        card = f'<div style="position:absolute;{box};background:{ground}"></div>'
    size, spread = rng.choice(HEIGHTS), rng.choice((0, 0, 0, 0.06, 0.15))
    text = rng.choice(SHORT) if rng.random() < 0.22 else _words(rng, int(280 / (size * 0.62 * (1 + spread))))
    style = [f"position:absolute;left:{x + 22 + rng.choice((0, 0.37, 0.71))}px;top:{y + 18}px;white-space:nowrap"]
    style += [f"font-family:'{rng.choice(FACES)}';font-size:{size}px;letter-spacing:{spread}em"]
    style += [f"color:{rng.choice(PALE if ground in DARK_GROUND else DARK)}"]
    style += ["font-weight:bold"] * (rng.random() < 0.3) + ["font-style:italic"] * (rng.random() < 0.15)
    return f'{card}<span style="{";".join(style)}">{html.escape(text)}</span>'


def _words(rng: random.Random, most: int) -> str:
    text = " ".join(rng.choice(WORDS) for _ in range(rng.choice((1, 1, 2, 3, 4))))
    text = text.upper() if rng.random() < 0.2 else text
    return text[:most].strip() or "OK"


def _scored(page: Path, chromium: str) -> tuple[list[Found], int]:
    """The texts of a page, and how many lines of text are elsewhere."""
    bare = page.with_name(f"{page.stem}-bare.html")
    bare.write_text(page.read_text().replace("</head>", "<style>span{visibility:hidden}</style></head>"))
    full, empty = (_drawn(each, chromium) for each in (page, bare))
    differs = np.abs(full.astype(int) - empty).max(axis=2)
    drawing = read_drawing(full)
    lines = [drawing.shapes[place].visible.on(drawing.size) for place in drawing.places(TEXT)]
    near = grown(differs > 0, 1)
    rows = [
        Found(text, height, any(_shows(line, differs, part) for line in lines))
        for text, height, part in _texts(page, chromium, differs)
    ]
    return rows, sum(bool((line & ~near).sum() > 0.3 * line.sum()) for line in lines)


def _shows(line: Pixels, differs: Levels, part: Pixels) -> bool:
    strong = part & (differs > 0.5 * np.percentile(differs[part], 97))
    shown = np.count_nonzero(line & strong) >= FOUND * np.count_nonzero(strong)
    return bool(shown and np.count_nonzero(line & grown(part, 1)) >= PURE * np.count_nonzero(line))


def _texts(page: Path, chromium: str, differs: Levels) -> Iterator[tuple[str, float, Pixels]]:
    """Each text that shows, its height and its pixels."""
    dump = subprocess.run([*_command(chromium), "--dump-dom", page.resolve().as_uri()], capture_output=True, text=True)
    told = re.search(r'data-r="([^"]*)"', dump.stdout)
    assert told is not None, dump.stderr
    for x0, y0, x1, y1, text, height in json.loads(html.unescape(told.group(1))):
        part = np.zeros(differs.shape, np.bool_)
        part[max(0, int(y0) - 2) : int(y1) + 3, max(0, int(x0) - 3) : int(x1) + 4] = True
        part &= differs > 0
        if part.any():
            yield text, height, part


def _drawn(page: Path, chromium: str) -> RGB:
    shot = page.with_suffix(".png")
    shot.unlink(missing_ok=True)
    run = subprocess.run(
        [*_command(chromium), f"--screenshot={shot.resolve()}", page.resolve().as_uri()], capture_output=True, text=True
    )
    assert shot.exists(), run.stderr
    return np.array(Image.open(shot).convert("RGB"))


def _command(chromium: str) -> list[str]:
    window = f"--window-size={SIZE[0]},{SIZE[1]}"
    return [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text", window]


if __name__ == "__main__":
    main()

"""Runs and batches on disk for tests of their pages, and what a browser would make of a page."""

import json
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.exporters.html import HtmlExporter, write_index
from peeler.files import png_bytes
from peeler.geometry import Box, Mask
from peeler.graph import Element, LayerGraph
from peeler.graph_drawing import draw_graph
from peeler.stack import Layer, LayerStack

SIZE = (400, 300)
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "\"onload='alert(3)'",
    "]]>",
    "nul\0byte",
    "😀🎩",
    "x" * 10_000,
    "\ud800",
    "\u202egpj.exe",
    "",
]


def stack_named(*names: str) -> LayerStack:
    white = np.full((300, 400, 4), 255, dtype=np.uint8)
    layers = [Layer("background", "background", Box(0, 0, *SIZE), white, role="background", ink="#ffffff")]
    for number, name in enumerate(names):
        box = Box(20 + 30 * number, 20, 80 + 30 * number, 200)
        pixels = np.zeros((box.height, box.width, 4), dtype=np.uint8)
        pixels[:] = (200, 30, 20 * number, 255)
        layers.append(Layer(f"e{number}", name, box, pixels, ink=f"#c81e{20 * number:02x}"))
    return LayerStack(SIZE, tuple(layers))


def write_run(folder: Path, stack: LayerStack, note: str = "", seconds: float = 0.5) -> Path:
    """A finished run on disk that peels one layer per step, from the top."""
    folder.mkdir()
    (folder / "input.png").write_bytes(png_bytes(stack.composite()[..., :3]))
    for index, layer in enumerate(reversed(stack.elements)):
        _write_step(folder / "steps" / f"{index:02d}", index, layer, stack, note)
    run = {
        "status": "ok",
        "stop_reason": "background",
        "note": note,
        "picture": {"name": stack.layers[-1].name or "none", "sha256": "ab" * 32},
        "preset": {"seed": 42, "engine": "flat"},
        "engine": {"analyst": "flat", "remover": "flat", "fallback": None, "why": "as asked"},
        "versions": {"peeler": "0.1"},
    }
    (folder / "run.json").write_text(json.dumps(run))
    timings = {"started": "2025-01-01", "seconds": {"read": seconds}, "steps": [{"analyse": seconds}]}
    (folder / "timings.json").write_text(json.dumps(timings))
    return folder


def _write_step(folder: Path, index: int, layer: Layer, stack: LayerStack, note: str) -> None:
    folder.mkdir(parents=True)
    below = stack.layers[: stack.layers.index(layer) + 1]
    mask = layer.on(SIZE)[..., 3] > 0
    element = Element(id=layer.id, name=layer.name, colour=str(layer.ink), box=layer.box, mask=Mask.of(mask))
    (folder / "canvas.png").write_bytes(png_bytes(LayerStack(SIZE, below).composite()[..., :3]))
    (folder / "mask.png").write_bytes(png_bytes(mask))
    (folder / "graph.svg").write_text(draw_graph(LayerGraph(elements=(element,)), SIZE))
    verdict = {"accepted": True, "reason": "accepted", "changed_inside": 1.0, "drift_outside": 0.0, "left": 0.0}
    attempts = [
        {"seed": 1, "remover": "flat", "verdict": {**verdict, "accepted": False, "reason": layer.name}},
        {"seed": 2, "remover": "flat", "verdict": verdict},
    ]
    step = {"index": index, "removed": [layer.id], "layers": [{"id": layer.id, "name": layer.name, "ink": layer.ink}]}
    (folder / "step.json").write_text(json.dumps({**step, "attempts": attempts, "cut_edges": [], "note": note}))


def write_batch(folder: Path, rows: list[dict[str, Any]], seconds: float = 0.5) -> Path:
    (folder / "batch.json").write_text(json.dumps({"rows": rows, "engine": {"analyst": "flat", "remover": "flat"}}))
    (folder / "timings.json").write_text(json.dumps({"runs": {row["name"]: seconds for row in rows}}))
    write_index(folder)
    return folder / "index.html"


def report_of(folder: Path, stack: LayerStack) -> str:
    HtmlExporter().export(stack, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and that they nest."""

    VOID = {"meta", "img", "input", "br"}

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._open and self._open[-1] == "svg" or tag == "path":
            return
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def links(self) -> set[str]:
        found = {attrs.get(name) or "" for _, attrs in self.elements for name in ("href", "src")}
        return {link for link in found if link and not link.startswith("data:")}


def pixels_of(uri: str) -> NDArray[np.uint8]:
    image = Image.open(BytesIO(b64decode(uri.partition("base64,")[2])))
    return np.asarray(image.convert("RGBA"))

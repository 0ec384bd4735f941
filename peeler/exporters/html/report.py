"""The page of one run: what went in, what came out, and every step between."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from peeler.exporters.html.bench import Shown, bench, facts_of, within_reach
from peeler.exporters.html.listened import told_spent
from peeler.exporters.html.measures import read_drawing
from peeler.exporters.html.page import STOP_REASONS, brand, chip, file_link, page, read_json, status_chip, text
from peeler.exporters.html.pictures import MISSED, difference, difference_thumb, thumb
from peeler.exporters.html.previews import STAGE, picture_uri
from peeler.exporters.html.steps import LAST, Steps, graph_section, read_picture, steps_section, style_variables
from peeler.files import replacing
from peeler.stack import LayerStack
from peeler.text import plural

LARGE = 256
"""Longest side of the result pictures, in pixels."""
LINKED = (".svg", ".psd", ".pptx", ".ora", ".webp", ".gif")
EVERYTHING_INSIDE = "data:"


class HtmlExporter:
    """Writes the page of the run whose folder the file lies in."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the page of the run in ``path``'s folder to ``path``. Raises StoreError."""
        markup = _report(path.parent, stack)
        with replacing(path) as unfinished:
            unfinished.write_text(markup, encoding="utf-8")


def _report(folder: Path, stack: LayerStack) -> str:
    run = read_json(folder / "run.json", {})
    read = [(path, read_json(path / "step.json")) for path in sorted((folder / "steps").glob("[0-9]*"))]
    steps = [(path, step) for path, step in read if step]
    name = text(run.get("picture", {}).get("name") or folder.name)
    listed, drawing = within_reach(stack), read_drawing(folder, stack)
    shown, result = _result(folder, stack)
    body = [
        "<main>",
        _header(name, run, stack, len(steps), _links(folder)),
        f'<div style="{style_variables(folder, listed, steps)};--ratio:{stack.size[0]}/{stack.size[1]}">',
        bench(listed, facts_of(folder, listed, _lifted(steps), drawing), shown, drawing),
        result,
        graph_section(steps),
        steps_section(steps, listed, LAST if (folder / LAST).is_file() else ""),
        "</div>",
        '<section id="times" hidden><h2>Timings</h2><div></div></section>',
        _provenance(run),
        "</main>",
    ]
    timings = read_json(folder / "timings.json", {})
    styles, scripts = ("style.css", "bench.css"), ("bench.js", "times.js")
    return page(f"{name} – Peeler", "\n".join(body), timings, styles, scripts, EVERYTHING_INSIDE)


def _lifted(steps: Steps) -> dict[str, int]:
    """Layer id → the step that lifted it."""
    return {layer["id"]: step["index"] for _, step in steps for layer in step.get("layers", ())}


def _links(folder: Path) -> str:
    """What else the run has made, as links."""
    files = [path.name for path in folder.iterdir() if path.suffix in LINKED and not path.name.startswith(".")]
    names = [*sorted(files), *(name for name in ("stack/stack.json",) if (folder / name).is_file())]
    return " · ".join(f'<a href="{file_link(name)}">{text(name)}</a>' for name in names)


def _header(name: str, run: dict[str, Any], stack: LayerStack, steps: int, links: str) -> str:
    engine = run.get("engine", {})
    facts = [
        f"{stack.size[0]} × {stack.size[1]} px",
        plural(len(stack.elements), "layer") + " on a background",
        plural(steps, "step"),
    ]
    chips = [status_chip(run.get("status", "unknown"))]
    if reason := run.get("stop_reason"):
        chips.append(chip(text(STOP_REASONS.get(reason, reason))))
    if engine:
        chips.append(chip(f"{text(engine.get('analyst'))} analyst, {text(engine.get('remover'))} remover"))
    note = f'<p class="note">{text(run["note"], 400)}</p>' if run.get("note") else ""
    return (
        f'<header>{brand("report")}<h1>{name}</h1><p class="facts">{" · ".join(facts)}</p>'
        f'<p class="chips">{"".join(chips)}</p><p class="links">{links}</p>{note}</header>'
    )


def _result(folder: Path, stack: LayerStack) -> tuple[Shown, str]:
    """The pictures for the stage, and the section that says how exact the stack is."""
    picture = read_picture(folder / "input.png")
    layers = stack.composite(residual=False)
    whole, missed = layers, difference(layers, picture)
    wholly_missed = missed
    if any(layer.role == "residual" for layer in stack.layers):
        whole = stack.composite()
        wholly_missed = difference(whole, picture)
    largest = int(wholly_missed.max(initial=0))
    shown = Shown(picture_uri(picture), picture_uri(whole), difference_thumb(wholly_missed, STAGE), largest)
    off = int(np.count_nonzero(missed > MISSED))
    told = f"{off:,} px ({off / missed.size:.2%})".replace(",", "\u202f") if off else "none"
    facts = [
        ("layers alone are off by more than 2 levels", told),
        ("largest difference, layers alone", f"{int(missed.max(initial=0))} of 255"),
        ("largest difference, with the residual", f"{largest} of 255"),
    ]
    return shown, (
        '<section><h2>Result</h2><div class="trio">'
        f"{_figure(thumb(picture, LARGE), 'Input', 'input.png')}"
        f"{_figure(thumb(layers, LARGE), 'Composite of the layers')}"
        f"{_figure(difference_thumb(missed, LARGE), 'Difference', kind='plain')}"
        f'<dl class="facts">{"".join(f"<div><dt>{told}</dt><dd>{value}</dd></div>" for told, value in facts)}</dl>'
        "</div></section>"
    )


def _figure(uri: str, told: str, link: str = "", kind: str = "") -> str:
    picture = f'<img src="{uri}" alt="{told}">'
    picture = f'<a href="{link}">{picture}</a>' if link else picture
    return f'<figure class="{kind}"><div class="pane">{picture}</div><figcaption>{told}</figcaption></figure>'


def _provenance(run: dict[str, Any]) -> str:
    picture, engine = run.get("picture", {}), run.get("engine", {})
    rows = [
        ("picture", f"<code>sha256 {text(picture.get('sha256', ''))}</code>"),
        ("engine", text(engine.get("why", ""))),
        ("fallback", text(engine.get("fallback") or "none")),
        ("spent", text(told_spent(run.get("spent")))),
        ("versions", text(", ".join(f"{name} {version}" for name, version in sorted(run.get("versions", {}).items())))),
    ]
    rows += [
        (text(key), f"<code>{text(json.dumps(value))}</code>") for key, value in sorted(run.get("preset", {}).items())
    ]
    listed = "".join(f"<div><dt>{key}</dt><dd>{value}</dd></div>" for key, value in rows)
    return f'<section><h2>Provenance</h2><dl class="provenance">{listed}</dl></section>'

"""The page of one run: what went in, what came out, and every step between."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from peeler.errors import StoreError
from peeler.exporters.colours import only_colour
from peeler.exporters.html.listened import listened, told_spent
from peeler.exporters.html.page import (
    STOP_REASONS,
    brand,
    chip,
    page,
    read_json,
    status_chip,
    text,
)
from peeler.exporters.html.pictures import (
    MISSED,
    difference,
    difference_thumb,
    layer_thumb,
    mask_thumb,
    svg_uri,
    thumb,
)
from peeler.files import read_png, replacing
from peeler.geometry import RGB, RGBA, Pixels
from peeler.stack import Layer, LayerStack
from peeler.text import plural

LARGE, SMALL = 256, 171
"""Longest side of the result pictures and of those of layers and steps, in pixels."""
MOST_LAYERS, MOST_PLANES, MOST_NAMES = 96, 48, 18
"""Layers shown as cards, layers of the exploded view, and names listed per step."""
LINKED = (".svg", ".psd", ".pptx", ".ora", ".webp", ".gif")
MOST_GRAPH_BYTES = 200_000
"""Graph drawings are embedded up to this size, those of later steps up to this sum; others are linked."""


class HtmlExporter:
    """Writes the page of the run whose folder the file lies in."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the page of the run in ``path``'s folder to ``path``. Raises StoreError."""
        markup = _report(path.parent, stack)
        with replacing(path) as unfinished:
            unfinished.write_text(markup, encoding="utf-8")


def _report(folder: Path, stack: LayerStack) -> str:
    run = read_json(folder / "run.json", {})
    steps = [(path, read_json(path / "step.json")) for path in sorted((folder / "steps").glob("[0-9]*"))]
    steps = [(path, step) for path, step in steps if step]
    name = text(run.get("picture", {}).get("name") or folder.name)
    body = [
        "<main>",
        _header(name, run, stack, len(steps), _links(folder)),
        _result(folder, stack),
        _layers(stack, _lifted(steps)),
        _graph(steps),
        _steps(steps, stack),
        '<section id="times" hidden><h2>Timings</h2><div></div></section>',
        _provenance(run),
        "</main>",
    ]
    return page(f"{name} – Peeler", "\n".join(body), "report.js", read_json(folder / "timings.json", {}))


def _links(folder: Path) -> str:
    """What else the run has made, as links."""
    files = [path.name for path in folder.iterdir() if path.suffix in LINKED and not path.name.startswith(".")]
    names = [*sorted(files), *(name for name in ("stack/stack.json",) if (folder / name).is_file())]
    return " · ".join(f'<a href="{quote(name.encode("utf-8", "replace"))}">{text(name)}</a>' for name in names)


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


def _result(folder: Path, stack: LayerStack) -> str:
    picture = _read(folder / "input.png")
    layers = stack.composite(residual=False)
    missed = difference(layers, picture)
    whole = missed
    if any(layer.role == "residual" for layer in stack.layers):
        whole = difference(stack.composite(), picture)
    off = int(np.count_nonzero(missed > MISSED))
    shown = f"{off:,} px ({off / missed.size:.2%})".replace(",", "\u202f") if off else "none"
    facts = [
        ("layers alone are off by more than 2 levels", shown),
        ("largest difference, layers alone", f"{int(missed.max(initial=0))} of 255"),
        ("largest difference, with the residual", f"{int(whole.max(initial=0))} of 255"),
    ]
    return (
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


def _layers(stack: LayerStack, lifted: dict[str, int]) -> str:
    """The layers pulled apart, then one card each, bottom first. Pictures are style variables: each shows twice."""
    width, height = stack.size
    shown = stack.layers[:MOST_LAYERS]
    pictures = "".join(f"--l{i}:url({layer_thumb(layer, stack.size, SMALL)});" for i, layer in enumerate(shown))
    cards = "".join(_layer_card(index, layer, lifted) for index, layer in enumerate(shown))
    left = len(stack.layers) - len(shown)
    more = (
        f'<p class="more"><small>and {left} more in <a href="stack/stack.json">stack/</a></small></p>' if left else ""
    )
    return (
        f"<style>:root{{{pictures}--ratio:{width}/{height};--wide:{min(1.0, width / height):.4f}}}</style>\n"
        "<section><h2>Layers <small>bottom to top</small></h2>"
        f'{_planes(shown)}<ol class="cards" start="0">{cards}</ol>{more}</section>'
    )


def _planes(layers: Sequence[Layer]) -> str:
    chosen = sorted({round(index) for index in np.linspace(0, len(layers) - 1, min(MOST_PLANES, len(layers)))})
    last = max(1, len(chosen) - 1)
    spans = (
        f'<span style="--at:{place / last:.4f};background-image:var(--l{index})" title="{text(layers[index].name)}">'
        "</span>"
        for place, index in enumerate(chosen)
    )
    # Many panes on each other would add up to black.
    tint = min(0.07, 0.5 / max(1, len(chosen)))
    return f'<div class="exploded" aria-hidden="true" style="--tint:{tint:.3f}">{"".join(spans)}</div>'


def _layer_card(index: int, layer: Layer, lifted: dict[str, int]) -> str:
    colour = text(layer.ink or only_colour(layer) or "", 7)
    ink = (
        f'<span class="ink"><i style="background:{colour}"></i>{colour}</span>'
        if colour
        else f"<span>{'many colours' if layer.pixels[..., 3].any() else 'clear'}</span>"
    )
    step = f"step {lifted[layer.id] + 1}" if layer.id in lifted else layer.role
    part = f"<span>part of {text(layer.part_of, 24)}</span>" if layer.part_of else ""
    name = text(layer.name)
    return (
        f'<li><div class="pane" role="img" aria-label="{name}">{_art(f"var(--l{index})")}<b>{index}</b></div>'
        f'<h3 title="{name}">{text(layer.name, 80) or "(no name)"}</h3>'
        f"<p>{ink}<span>{step}</span><span>{layer.box.width} × {layer.box.height}</span>{part}</p></li>"
    )


def _lifted(steps: Sequence[tuple[Path, Any]]) -> dict[str, int]:
    """Layer id → index of the step that lifted it."""
    return {layer["id"]: step["index"] for _, step in steps for layer in step.get("layers", ())}


def _graph(steps: Sequence[tuple[Path, Any]]) -> str:
    if not steps or not (steps[0][0] / "graph.svg").is_file():
        return ""
    drawing, told = steps[0][0] / "graph.svg", "layer graph of the input"
    link = f'href="steps/{steps[0][0].name}/graph.svg"'
    if drawing.stat().st_size <= MOST_GRAPH_BYTES:
        shown = f'<a class="graph" {link}><img src="{svg_uri(drawing.read_bytes())}" alt="{told}"></a>'
    else:
        shown = f"<p><a {link}>A large {told}</a></p>"
    return f"<section><h2>Layer graph <small>of the input</small></h2>{shown}</section>"


def _steps(steps: Sequence[tuple[Path, Any]], stack: LayerStack) -> str:
    if not steps:
        return ""
    room = MOST_GRAPH_BYTES
    rows = []
    for path, step in steps:
        drawing = path / "graph.svg"
        size = drawing.stat().st_size if drawing.is_file() and path != steps[0][0] else 0
        room -= size
        rows.append(_step(path, step, stack, drawing if size and room >= 0 else None))
    return f"<section><h2>Steps <small>top to bottom</small></h2>{''.join(rows)}</section>"


def _step(path: Path, step: dict[str, Any], stack: LayerStack, drawing: Path | None) -> str:
    canvas = thumb(_read(path / "canvas.png"), SMALL)
    covered = mask_thumb(_read_mask(path / "mask.png"), SMALL)
    places = {layer.id: index for index, layer in enumerate(stack.layers[:MOST_LAYERS])}
    lifted = [layer["id"] for layer in reversed(step.get("layers", [])) if layer["id"] in places]
    removed = _art(",".join(f"var(--l{places[layer]})" for layer in lifted) or "none")
    before = _art("var(--canvas)")
    mask_over = f'{before}<img src="{covered}" alt="">'
    name = path.name
    return (
        f'<article class="step" style="--canvas:url({canvas})"><h3>Step {step["index"] + 1}</h3>'
        f"{_pane('canvas', before, 'Canvas before', f'steps/{name}/canvas.png')}"
        f"{_pane('covered', mask_over, 'Mask', f'steps/{name}/mask.png')}"
        f"{_pane('removed', removed, 'Removed', f'steps/{name}/step.json')}"
        f'<div class="told">{"".join(_told(step))}{listened(path)}{_graph_before(path, drawing)}</div></article>'
    )


def _graph_before(path: Path, drawing: Path | None) -> str:
    if not (path / "graph.svg").is_file():
        return ""
    link, told = f"steps/{path.name}/graph.svg", "Layer graph before this step"
    if not drawing:
        return f'<p><a href="{link}">{told}</a></p>'
    picture = f'<img src="{svg_uri(drawing.read_bytes())}" alt="{told}">'
    return f'<details><summary>{told}</summary><a class="graph" href="{link}">{picture}</a></details>'


def _pane(kind: str, inner: str, told: str, link: str) -> str:
    pane = f'<a class="pane {kind}" href="{link}" aria-label="{told}">{inner}</a>'
    return f"<figure>{pane}<figcaption>{told}</figcaption></figure>"


def _art(images: str) -> str:
    return f'<span class="art" style="background-image:{images}"></span>'


def _told(step: dict[str, Any]) -> Iterator[str]:
    """What a step says in words: what went, how it was judged, how often it was tried."""
    layers = step.get("layers") or [{"name": name, "ink": None} for name in step.get("removed", ())]
    names = layers if len(layers) <= MOST_NAMES else layers[: MOST_NAMES - 1]
    items = "".join(f"<li>{_swatch(layer.get('ink'))}{text(layer['name'], 80)}</li>" for layer in names)
    more = f"<li><small>and {len(layers) - len(names)} more</small></li>" if len(layers) > len(names) else ""
    yield f"<ul>{items}{more}</ul>"
    for number, attempt in enumerate(step.get("attempts", ()), start=1):
        verdict = attempt["verdict"]
        kind, told = ("ok", "accepted") if verdict["accepted"] else ("failed", f"rejected: {text(verdict['reason'])}")
        by = f"{text(attempt.get('remover', ''))}, seed {text(attempt.get('seed', ''))}"
        shares = "".join(
            f"<div><dt>{name}</dt><dd>{verdict[key]:.1%}</dd></div>"
            for key, name in (
                ("changed_inside", "changed inside"),
                ("drift_outside", "drift outside"),
                ("left", "left"),
            )
            if isinstance(verdict.get(key), int | float)
        )
        yield f'<p>{chip(told, kind)} <small>attempt {number}: {by}</small></p><dl class="facts">{shares}</dl>'
        if checked := attempt.get("checked"):
            yield f'<p class="note">the model: {text(json.dumps(checked, ensure_ascii=False), 300)}</p>'
    if cut := step.get("cut_edges"):
        yield f"<p><small>{plural(len(cut), 'edge')} cut to break a cycle</small></p>"
    if step.get("note"):
        yield f'<p class="note">{text(step["note"], 400)}</p>'


def _swatch(ink: str | None) -> str:
    return f'<i class="swatch" style="background:{text(ink, 7)}"></i>' if ink else '<i class="swatch"></i>'


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


def _read(path: Path) -> RGB | RGBA:
    """A stored picture as RGB or RGBA. Raises StoreError."""
    pixels = _stored(path)
    return pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)


def _read_mask(path: Path) -> Pixels:
    pixels = _stored(path)
    return (pixels if pixels.ndim == 2 else pixels[..., 0]) > 0


def _stored(path: Path) -> NDArray[np.uint8]:
    try:
        return read_png(path)
    except (OSError, SyntaxError, ValueError) as problem:
        raise StoreError(f"{path}: cannot be read ({problem})") from problem

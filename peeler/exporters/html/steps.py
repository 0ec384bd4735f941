"""The steps of a run in a page: canvas, mask, what was removed, what was left, and how it was judged."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peeler.errors import StoreError
from peeler.exporters.html.listened import listened
from peeler.exporters.html.page import chip, text
from peeler.exporters.html.pictures import layer_thumb, mask_thumb, svg_uri, thumb
from peeler.files import read_png
from peeler.geometry import RGB, RGBA, Pixels
from peeler.stack import LayerStack
from peeler.text import plural

LAST = "background.png"
"""The canvas that is left at the end."""
SMALL = 171
"""Longest side of the pictures of layers and steps, in pixels."""
MOST_NAMES, MOST_CANDIDATES = 18, 40
"""Names listed per step, and candidates and instances per attempt."""
MOST_GRAPH_BYTES = 200_000
"""Graph drawings are embedded up to this size, those of later steps up to this sum; others are linked."""
_SHARES = (("changed_inside", "changed inside"), ("drift_outside", "drift outside"), ("left", "left"))

Steps = Sequence[tuple[Path, dict[str, Any]]]


def style_variables(folder: Path, stack: LayerStack, steps: Steps) -> str:
    """Small pictures that show more than once, as custom properties: layers ``--l0``…, canvases ``--s0``…."""
    canvases = [read_picture(path / "canvas.png") for path, _ in steps]
    if steps and (folder / LAST).is_file():
        canvases.append(read_picture(folder / LAST))
    layers = [f"--l{place}:url({layer_thumb(layer, stack.size, SMALL)})" for place, layer in enumerate(stack.layers)]
    return ";".join([*layers, *(f"--s{place}:url({thumb(canvas, SMALL)})" for place, canvas in enumerate(canvases))])


def graph_section(steps: Steps) -> str:
    """The layer graph of the input."""
    drawing = steps[0][0] / "graph.svg" if steps else None
    if drawing is None or not drawing.is_file():
        return ""
    told = "layer graph of the input"
    link = f'href="steps/{steps[0][0].name}/graph.svg"'
    if drawing.stat().st_size <= MOST_GRAPH_BYTES:
        shown = f'<a class="graph" {link}><img src="{svg_uri(drawing.read_bytes())}" alt="{told}"></a>'
    else:
        shown = f"<p><a {link}>A large {told}</a></p>"
    return f"<section><h2>Layer graph <small>of the input</small></h2>{shown}</section>"


def steps_section(steps: Steps, stack: LayerStack, last: str) -> str:
    """One card per step, the first on top; ``last`` is the file of the canvas after all of them, if there is one."""
    if not steps:
        return ""
    room = MOST_GRAPH_BYTES
    rows = []
    after = [f"steps/{path.name}/canvas.png" for path, _ in steps[1:]] + [last]
    for place, (path, step) in enumerate(steps):
        drawing = path / "graph.svg"
        size = drawing.stat().st_size if drawing.is_file() and path != steps[0][0] else 0
        room -= size
        graph = _graph_before(path, drawing if size and room >= 0 else None)
        rows.append(_step(place, path, step, stack, after[place], graph))
    return f"<section><h2>Steps <small>top to bottom</small></h2>{''.join(rows)}</section>"


def _step(place: int, path: Path, step: dict[str, Any], stack: LayerStack, following: str, graph: str) -> str:
    name = path.name
    covered = mask_thumb(_read_mask(path / "mask.png"), SMALL)
    places = {layer.id: index for index, layer in enumerate(stack.layers)}
    lifted = [layer["id"] for layer in reversed(step.get("layers", [])) if layer["id"] in places]
    removed = _art(",".join(f"var(--l{places[layer]})" for layer in lifted) or "none")
    before, after = _art(f"var(--s{place})"), _art(f"var(--s{place + 1})")
    mask_over = f'{before}<img src="{covered}" alt="">'
    return (
        f'<article class="step"><h3>Step {step["index"] + 1}</h3>'
        f"{_pane('canvas', before, 'Canvas before', f'steps/{name}/canvas.png')}"
        f"{_pane('covered', mask_over, 'Mask', f'steps/{name}/mask.png')}"
        f"{_pane('removed', removed, 'Removed', f'steps/{name}/step.json')}"
        f"{_pane('canvas', after, 'Canvas after', following) if following else ''}"
        f'<div class="told">{"".join(_told(path, step))}{listened(path)}{graph}</div></article>'
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


def _told(path: Path, step: dict[str, Any]) -> Iterator[str]:
    """What a step says in words: what went, how it was judged, how often it was tried."""
    layers = step.get("layers") or [{"name": name, "ink": None} for name in step.get("removed", ())]
    names = layers if len(layers) <= MOST_NAMES else layers[: MOST_NAMES - 1]
    items = "".join(f"<li>{_swatch(layer.get('ink'))}{text(layer['name'], 80)}</li>" for layer in names)
    more = f"<li><small>and {len(layers) - len(names)} more</small></li>" if len(layers) > len(names) else ""
    yield f"<ul>{items}{more}</ul>"
    for number, attempt in enumerate(step.get("attempts", ())):
        yield from _attempt(path, number, attempt)
    if cut := step.get("cut_edges"):
        yield f"<p><small>{plural(len(cut), 'edge')} cut to break a cycle</small></p>"
    if step.get("note"):
        yield f'<p class="note">{text(step["note"], 400)}</p>'


def _attempt(path: Path, number: int, attempt: dict[str, Any]) -> Iterator[str]:
    verdict = attempt["verdict"]
    kind, told = ("ok", "accepted") if verdict["accepted"] else ("failed", f"rejected: {text(verdict['reason'])}")
    by = f"{text(attempt.get('remover', ''))}, seed {text(attempt.get('seed', ''))}"
    by += f", {plural(int(attempt['steps']), 'step')}" if attempt.get("account") and attempt.get("steps") else ""
    file = f"attempts/{number:02d}.png"
    seen = f' · <a href="steps/{path.name}/{file}">what came out</a>' if (path / file).is_file() else ""
    yield f"<p>{chip(told, kind)} <small>attempt {number + 1}: {by}{seen}</small></p>"
    shares = "".join(
        f"<div><dt>{name}</dt><dd>{verdict[key]:.1%}</dd></div>"
        for key, name in _SHARES
        if isinstance(verdict.get(key), int | float)
    )
    yield f'<dl class="facts">{shares}</dl>'
    if account := attempt.get("account"):
        yield _account(account)
    if checked := attempt.get("checked"):
        yield f'<p class="note">the model: {text(json.dumps(checked, ensure_ascii=False), 300)}</p>'


def _account(account: dict[str, Any]) -> str:
    """What a remover says of its work: what it was asked in words and places, and what it chose from."""
    rows = [("asked for", f"<code>{text(account['prompt'], 600)}</code>")] if "prompt" in account else []
    instances = [one for one in account.get("instances") or () if isinstance(one, dict)]
    told = "".join(
        f"<li>{text(one.get('prompt', ''))} <small>{text(one.get('tokens', '?'), 12)} tokens</small></li>"
        for one in instances[:MOST_CANDIDATES]
    )
    rows += [("where", f"<ul>{told}</ul>")] if told else []
    candidates = [one for one in account.get("candidates") or () if isinstance(one, dict)]
    rows += [("chosen from", _candidates(candidates[:MOST_CANDIDATES], account.get("chosen")))] if candidates else []
    known = {"prompt", "instances", "candidates", "chosen"}
    rows += [
        (text(key, 40), f"<code>{text(json.dumps(value, ensure_ascii=False), 300)}</code>")
        for key, value in sorted(account.items())
        if key not in known
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
    return (
        f'<details class="account"><summary>What the remover was asked and chose</summary><dl>{listed}</dl></details>'
    )


def _candidates(candidates: Sequence[dict[str, Any]], chosen: object) -> str:
    scores = sorted({key for one in candidates for key in one} - {"seed"})
    head = "".join(f'<th scope="col">{text(key.replace("_", " "), 30)}</th>' for key in ["seed", *scores])
    rows = "".join(
        f'<tr><th scope="row">{text(one.get("seed", "?"), 24)}{" ✓ chosen" if one.get("seed") == chosen else ""}</th>'
        f"{''.join(f'<td>{_score(one.get(key))}</td>' for key in scores)}</tr>"
        for one in candidates
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _score(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, float) else text("" if value is None else value, 40)


def _swatch(ink: str | None) -> str:
    return f'<i class="swatch" style="background:{text(ink, 7)}"></i>' if ink else '<i class="swatch"></i>'


def read_picture(path: Path) -> RGB | RGBA:
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

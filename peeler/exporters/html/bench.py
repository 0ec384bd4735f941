"""The workbench of a report: the stage with its four views, and the table of layers that decides what it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from peeler.exporters.colours import only_colour
from peeler.exporters.grouping import Group, grouped
from peeler.exporters.html.measures import Drawing, hidden_shares
from peeler.exporters.html.page import file_link, read_json, text
from peeler.exporters.html.pictures import MISSED
from peeler.exporters.html.previews import Preview, previews, stage_factor
from peeler.stack import Layer, LayerStack, merged
from peeler.text import label, plural, slug

MOST_LAYERS = 400
"""Layers with a row of their own; what lies above them is shown as one."""
SMALL = 256
"""Pictures with shorter sides are shown with their pixels as squares."""
MINI, CLOSEST = 46, 5.0
"""Side of the small pictures in the table, and how much they magnify at most."""
_VIEWS = (("layers", "Layers"), ("compare", "Before / after"), ("difference", "Difference"), ("exploded", "Exploded"))
_GROUNDS = (("checks", "Checkerboard"), ("white", "White"), ("black", "Black"), ("magenta", "Magenta"))


@dataclass(frozen=True)
class Shown:
    """Pictures of the whole canvas at the size of the stage, as data URIs, and how far the layers are off."""

    picture: str
    composite: str
    heat: str
    largest: int


@dataclass(frozen=True)
class Facts:
    """What a row tells besides the layer itself."""

    hidden: float
    step: int | None
    segments: int | None
    file: str


def within_reach(stack: LayerStack) -> LayerStack:
    """The same picture with no more layers than a page has rows for."""
    if len(stack.layers) <= MOST_LAYERS:
        return stack
    kept, rest = stack.layers[: MOST_LAYERS - 1], stack.layers[MOST_LAYERS - 1 :]
    return LayerStack(stack.size, (*kept, merged(rest, f"{plural(len(rest), 'more layer')}, as one")))


def facts_of(folder: Path, stack: LayerStack, lifted: dict[str, int], drawing: Drawing | None) -> list[Facts]:
    """What is known of each layer, bottom first."""
    stored = read_json(folder / "stack" / "stack.json", {}).get("layers", ())
    files = {row["id"]: f"stack/{Path(row['file']).name}" for row in stored}
    files = {layer: file for layer, file in files.items() if (folder / file).is_file()}
    told = drawing is not None and len(drawing.segments) == len(stack.layers)
    segments = drawing.segments if drawing and told else [None] * len(stack.layers)
    return [
        Facts(hidden, lifted.get(layer.id), count, files.get(layer.id, ""))
        for layer, hidden, count in zip(stack.layers, hidden_shares(stack), segments, strict=True)
    ]


def bench(stack: LayerStack, facts: Sequence[Facts], shown: Shown, drawing: Drawing | None) -> str:
    """The section with stage and table. What only a script can do is hidden until there is one."""
    pictures = previews(stack)
    width, height = stack.size
    small = " small" if max(stack.size) < SMALL else ""
    return (
        '<section aria-labelledby="layers"><h2 id="layers">Layers '
        f"<small>top to bottom{_drawn(drawing)}</small></h2>"
        f'<div id="bench" class="bench{small}" style="--ratio:{width}/{height}">\n'
        f'<div class="desk">{_tools()}{_stage(stack, pictures, shown)}{_dials(shown.largest)}'
        '<p class="said" role="status"></p></div>\n'
        f'<div class="listed">{_list_tools()}<div class="scroll">{_table(stack, facts, pictures)}</div>{_KEYS}</div>'
        "\n</div></section>"
    )


_KEYS = (
    '<details class="keys" hidden><summary>Keys and links</summary><p>In the list: <kbd>↑</kbd> <kbd>↓</kbd> '
    "<kbd>Home</kbd> <kbd>End</kbd> choose a layer, <kbd>Space</kbd> shows or hides it, <kbd>S</kbd> shows it alone, "
    "<kbd>←</kbd> <kbd>→</kbd> fold and unfold a group, <kbd>Tab</kbd> goes to what can be done with it. "
    "A click on the picture chooses the uppermost layer shown there. The address of the page "
    "keeps all of this, to be sent or marked.</p></details>"
)


def _drawn(drawing: Drawing | None) -> str:
    if drawing is None:
        return ""
    link = f'<a href="{file_link(drawing.file)}">{text(drawing.file, 60)}</a>'
    return f" · {plural(sum(drawing.segments), 'path segment')} in {link}, {drawing.size / 1000:.1f} kB"


def _tools() -> str:
    return f'<div class="tools">{_choice("view", "View", _VIEWS)}{_choice("ground", "Ground", _GROUNDS)}</div>'


def _choice(name: str, told: str, options: Sequence[tuple[str, str]]) -> str:
    """Radio buttons: the style sheet follows them by itself, so that they work without a script."""
    buttons = "".join(
        f'<label title="{words}"><input type="radio" name="{name}" value="{value}"{"" if place else " checked"}>'
        f"<span>{words}</span></label>"
        for place, (value, words) in enumerate(options)
    )
    return f'<fieldset class="choice {name}"><legend>{told}</legend>{buttons}</fieldset>'


def _list_tools() -> str:
    buttons = "".join(
        f'<button type="button" data-do="{what}">{told}</button>'
        for what, told in (("all", "Show all"), ("none", "Hide all"), ("reset", "As it was"))
    )
    search = '<input type="search" placeholder="Find a layer" aria-label="Find a layer by name or id">'
    return f'<div class="tools scripted" hidden>{buttons}{search}</div>'


def _stage(stack: LayerStack, pictures: Sequence[Preview], shown: Shown) -> str:
    factor = stage_factor(stack.size)
    wide, high = -(-stack.size[0] // factor), -(-stack.size[1] // factor)
    last = max(1, len(stack.layers) - 1)
    planes = "".join(
        _plane(place / last, layer, preview, stack.size)
        for place, (layer, preview) in enumerate(zip(stack.layers, pictures, strict=True))
    )
    return (
        f'<div class="stage" data-factor="{factor}">'
        f'<img class="whole" src="{shown.composite}" width="{wide}" height="{high}" alt="All layers, painted over each '
        'other"><canvas class="live" role="img" aria-label="The layers that are shown, painted over each other" '
        f'width="{wide}" height="{high}" hidden></canvas>'
        f'<img class="before" src="{shown.picture}" alt="The input, on the left of the divide">'
        f'<img class="heat" src="{shown.heat}" alt="Where the layers differ from the input: at most {shown.largest} of '
        f'255 levels"><canvas class="heat" role="img" aria-label="Where the layers that are shown differ from the '
        f'input" width="{wide}" height="{high}" hidden></canvas>'
        f'<div class="pulled" role="img" aria-label="The layers pulled apart">\n{planes}</div>'
        '<canvas class="outline" aria-hidden="true" hidden></canvas><i class="divide"></i></div>'
    )


def _plane(at: float, layer: Layer, preview: Preview, size: tuple[int, int]) -> str:
    left, top, width, height = preview.place
    shares = f"{left / size[0]:.4%};top:{top / size[1]:.4%};width:{width / size[0]:.4%};height:{height / size[1]:.4%}"
    opacity = f";opacity:{layer.opacity:.4g}" if layer.opacity < 1 else ""
    hidden = "" if layer.visible else " hidden"
    return f'<img src="{preview.uri}" alt="" style="--at:{at:.4f};left:{shares}{opacity}"{hidden}>\n'


def _dials(largest: int) -> str:
    return (
        '<div class="dials"><label class="compare" hidden>Input <input type="range" name="split" min="0" max="100" '
        'value="50" aria-label="How much of the input is shown, from the left"> Layers</label>'
        '<label class="exploded" hidden>Distance <input type="range" name="spread" min="0" max="100" value="60" '
        'aria-label="Distance of the layers from each other"></label>'
        f'<div class="difference scale"><span>1–{MISSED}</span><i></i><span>62 levels and more</span>'
        f'<span>largest difference: <b class="largest">{largest} of 255</b></span></div></div>'
    )


def _table(stack: LayerStack, facts: Sequence[Facts], pictures: Sequence[Preview]) -> str:
    if not stack.layers:
        return "<p>There are no layers.</p>"
    bodies = "".join(reversed(list(_bodies(stack, facts, pictures))))
    return (
        '<table class="layers" aria-label="Layers, the uppermost first"><thead><tr><th scope="col">Shown</th>'
        f'<th scope="col">Layer</th><th scope="col">Actions</th></tr></thead>{bodies}</table>'
    )


def _bodies(stack: LayerStack, facts: Sequence[Facts], pictures: Sequence[Preview]) -> Iterator[str]:
    """The parts of the table, bottom first: a thing with its parts, or one layer."""
    place = 0
    for member in grouped(stack):
        layers = member.layers if isinstance(member, Group) else (member,)
        places = range(place, place + len(layers))
        rows = "".join(
            _row(layer, at, stack.size, facts[at], pictures[at], isinstance(member, Group))
            for at, layer in zip(reversed(places), reversed(layers), strict=True)
        )
        yield _group(member, rows) if isinstance(member, Group) else f"<tbody>{rows}</tbody>"
        place = places.stop


def _group(group: Group, rows: str) -> str:
    name = text(group.shown, 80)
    return (
        f'<tbody class="group"><tr class="head" aria-level="1"><td>{_eye(name, True)}</td>'
        f'<th scope="rowgroup"><b>{name}</b> <small>{plural(len(group.layers), "layer")}</small></th>'
        f"<td>{_solo(name)}</td></tr>{rows}</tbody>"
    )


def _row(layer: Layer, place: int, size: tuple[int, int], facts: Facts, preview: Preview, inside: bool) -> str:
    name = text(layer.name, 80) or "(no name)"
    told = "".join(f"<span>{fact}</span>" for fact in _told(layer, facts, inside))
    exact = " data-exact" if preview.exact else ""
    at = " ".join(map(str, preview.place))
    return (
        f'<tr aria-level="{1 + inside}" data-layer="{text(layer.id)}" data-place="{place}" data-at="{at}" '
        f'data-opacity="{layer.opacity:.4g}" data-role="{layer.role}"{exact}>'
        f'<td>{_eye(name, layer.visible)}</td><th scope="row">{_mini(layer, place, size)}'
        f'<b title="{text(layer.name)}">{name}</b><span class="told">{told}</span></th>'
        f"<td>{_solo(name)}{_download(layer, name, place, facts.file)}</td></tr>\n"
    )


def _mini(layer: Layer, place: int, size: tuple[int, int]) -> str:
    """The layer as a small picture, where it lies on the canvas; small ones are looked at more closely."""
    x0, y0, x1, y1 = layer.box
    zoom = min(CLOSEST, max(1.0, 0.7 * max(size) / max(x1 - x0, y1 - y0, 1)))
    scale = zoom * MINI / max(size)
    # The whole canvas is in the middle of the frame; more closely, the layer is.
    middle = ((x0 + x1) / 2, (y0 + y1) / 2) if zoom > 1 else (size[0] / 2, size[1] / 2)
    left, top = (MINI / 2 - at * scale for at in middle)
    where = f"{left:.1f}px {top:.1f}px/{size[0] * scale:.1f}px {size[1] * scale:.1f}px"
    return f'<span class="mini"><i style="background:var(--l{place}) {where} no-repeat"></i></span>'


def _told(layer: Layer, facts: Facts, inside: bool) -> Iterator[str]:
    colour = text(layer.ink or only_colour(layer) or "", 7)
    if colour:
        yield f'<i class="swatch" style="background:{colour}"></i>{colour}'
    else:
        yield "many colours" if layer.pixels[..., 3].any() else "clear"
    box = layer.box
    yield f"{box.width} × {box.height} at {box.x0}, {box.y0}"
    if layer.opacity < 1:
        yield f"opacity {layer.opacity:.0%}"
    if not layer.visible:
        yield "hidden layer"
    yield f"id {text(layer.id, 40)}"
    yield layer.role if facts.step is None else f"{layer.role}, step {facts.step + 1}"
    if layer.part_of and not inside:
        yield f"part of {text(layer.part_of, 24)}"
    if facts.segments is not None:
        yield plural(facts.segments, "segment")
    if layer.visible and layer.role != "residual":
        yield f"{facts.hidden:.0%} hidden"


def _eye(name: str, checked: bool) -> str:
    return f'<input type="checkbox" aria-label="Show {name}"{" checked" if checked else ""} hidden>'


def _solo(name: str) -> str:
    return (
        f'<button type="button" class="solo" aria-pressed="false" aria-label="Show only {name}" title="Show only this" '
        "hidden>solo</button>"
    )


def _download(layer: Layer, name: str, place: int, file: str) -> str:
    """A link to the layer's file; without one, a script hands out the picture that the page holds."""
    saved = f"{place:02d}-{slug(label(layer.name), layer.role)}.png"
    where = f'href="{file_link(file)}"' if file else "hidden"
    return f'<a class="png" download="{saved}" aria-label="Download {name} as PNG" {where}>PNG</a>'

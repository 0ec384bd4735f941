#!/usr/bin/env python3
"""How good the paths are: of whole pictures, and of the true layers alone, with VTracer in the same run.

    pip install scikit-image shapely
    python benchmarks/vectors.py TRUTH [--limit N] [--worst N]

TRUTH holds png/NAME.png, svg/NAME.svg (one path of M, L, C, Z per shape, bottom first) and layers/NAME/NN.png (each
path alone). Pictures are peeled by the embedded engine; the SVG of the stack is rendered and compared with the picture.
The true layers are vectorised each by itself, and the outlines compared with the true ones; what goes on beyond the
canvas, and lines without any width, are left out. Hairlines are looked for by putting another colour in the place of
the background, at 1, 3 and 8 times the size: three pixels and more inside of what covers it none of it may be seen.
VTracer traces the whole pictures in both its modes, and each true layer in black and white, which suits it best. Prints
a table, and as the last line the same as one JSON document.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import cv2
import numpy as np
import vtracer
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely import LinearRing, LineString
from skimage.color import deltaE_ciede2000, rgb2lab

from peeler.batch import peel_picture
from peeler.evaluate.truth import read_truth, truth_names
from peeler.exporters.svg import SvgExporter
from peeler.files import png_bytes
from peeler.geometry import RGB, RGBA
from peeler.presets import load_preset
from peeler.registry import vectorizer
from peeler.scenes.render import picture as on_white
from peeler.scenes.render import rendered
from peeler.stack import Layer, LayerStack

FINE = 0.05
"""Pixels between two points of a flattened outline."""
SCALES = (1, 3, 8)
"""Times the size at which hairlines are looked for."""
SEEN = 24
"""Grey levels of magenta from which a hairline is seen."""
MAGENTA = "#ff00ff"
SVG = "{http://www.w3.org/2000/svg}"
Points = NDArray[np.float64]


class Drawn(NamedTuple):
    """One outline of a shape: control points, 2 × 2 for a line and 4 × 2 for a cubic, or points of an arc.

    ``count`` is how many segments it counts as.
    """

    segments: list[Points]
    count: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--worst", type=int, default=0, help="also list the N worst pictures by PSNR, and layers")
    arguments = parser.parse_args()
    names = truth_names(arguments.truth)[: arguments.limit]
    if not names:
        sys.exit(f"no pictures in {arguments.truth}")
    cv2.setNumThreads(1)
    pictures = [measure_picture(arguments.truth, name) for name in names]
    layers = [row for name in names for row in measure_layers(arguments.truth, name)]
    results = summary(pictures, layers)
    print_table(results, len(pictures), len(layers))
    for row in sorted(pictures, key=lambda row: row["peeler"]["psnr"])[: arguments.worst]:
        print(row["name"], row["peeler"])
    for row in sorted(layers, key=lambda row: -row["peeler"]["hausdorff"])[: arguments.worst]:
        print(row["name"], row["true_segments"], row["peeler"])
    print(json.dumps(results))


# Whole pictures


def measure_picture(truth: Path, name: str) -> dict[str, Any]:
    true = read_truth(truth, name)
    stack = peel_picture(true.picture, load_preset("plain", {"outputs": ()}))
    exporter = SvgExporter(vectorizer("curves"))
    started = time.process_time()
    svg = exporter.draw(stack)
    seconds = time.process_time() - started
    row = {"name": name, "peeler": fidelity(svg, true.picture) | {"cpu_s": seconds}}
    row["peeler"]["hairlines"] = hairlines(svg, stack)
    for mode in ("stacked", "cutout"):
        started = time.process_time()
        traced = trace(png_bytes(true.picture), mode)
        row[mode] = fidelity(traced, true.picture) | {"cpu_s": time.process_time() - started}
    return row


def fidelity(svg: str, picture: RGB) -> dict[str, float]:
    shown = on_white(svg)
    error = float(((shown.astype(float) - picture) ** 2).mean())
    colour = float(deltaE_ciede2000(rgb2lab(shown), rgb2lab(picture)).mean())
    return {"psnr": 10 * np.log10(255**2 / max(error, 0.065)), "delta_e": colour, "bytes": len(svg.encode())}


def trace(png: bytes, mode: str) -> str:
    """VTracer's SVG, with its defaults."""
    return str(vtracer.convert_raw_image_to_svg(png, img_format="png", hierarchical=mode))


def hairlines(svg: str, stack: LayerStack) -> int:
    """Pixels, over all scales, that let the background through where other layers cover it."""
    covered = np.zeros(stack.size[::-1], np.uint8)
    for layer in stack.layers:
        if layer.role == "element":
            covered[layer.box.slices] |= (layer.pixels[..., 3] == 255).astype(np.uint8)
    inside = cv2.erode(cv2.copyMakeBorder(covered, 2, 2, 2, 2, cv2.BORDER_REPLICATE), np.ones((5, 5), np.uint8))
    inside = inside[2:-2, 2:-2]
    count = 0
    for scale in SCALES:
        with_background, without = (render_at(change_background(svg, colour), scale) for colour in (MAGENTA, "#00ff00"))
        through = np.abs(with_background.astype(int) - without).max(axis=2) > SEEN
        where = cv2.resize(inside, through.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        count += int((through & where).sum())
    return count


def change_background(svg: str, colour: str) -> str:
    """The drawing with its background, a rectangle, in another colour; other backgrounds stay."""
    return re.sub(r'(<rect [^>]*fill=")#[0-9a-f]{6}', rf"\g<1>{colour}", svg, count=1)


def render_at(svg: str, scale: int) -> RGB:
    head = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert head
    width, height = (int(side) * scale for side in head.groups())
    return rendered(svg.replace(head.group(), f'width="{width}" height="{height}"', 1))[..., :3]


# True layers


def measure_layers(truth: Path, name: str) -> Iterator[dict[str, Any]]:
    true = read_truth(truth, name)
    drawing = ElementTree.parse(truth / "svg" / f"{name}.svg").getroot()
    shapes = [outlines_of(path.attrib["d"]) for path in drawing.iter(f"{SVG}path")]
    for place, (layer, shape) in enumerate(zip(true.layers, shapes, strict=True)):
        if not layer.pixels.size or not shape or not inside_canvas(shape, true.size):
            continue
        flat = Layer(layer.id, layer.name, layer.box, layer.pixels, ink=main_ink(layer.pixels))
        started = time.process_time()
        ours = "".join(vectorizer("curves").vectorize(flat))
        seconds = time.process_time() - started
        yield {
            "name": f"{name}/{place:02d}",
            "true_segments": count_segments(shape),
            "peeler": against(shape, ours) | {"cpu_s": seconds},
            "vtracer": against(shape, vtraced(layer)),
        }


def main_ink(pixels: RGBA) -> str:
    shown = pixels[pixels[..., 3] == pixels[..., 3].max()]
    return "#" + bytes(np.median(shown[:, :3], axis=0).astype(np.uint8)).hex()


def inside_canvas(shape: list[Drawn], size: tuple[int, int]) -> bool:
    """What goes on beyond the canvas cannot be seen, and not be traced either."""
    points = np.concatenate([segment for outline in shape for segment in outline.segments])
    return bool((points >= 0).all() and (points <= size).all())


def vtraced(layer: Layer) -> str:
    """VTracer's paths of one layer, moved to its place; in black, as it knows a binary mode for what is one shape."""
    margin = 2
    alpha = np.pad(layer.pixels[..., 3], margin)
    grey = np.repeat((255 - alpha)[..., None], 3, axis=2)
    svg = vtracer.convert_raw_image_to_svg(png_bytes(grey), img_format="png", colormode="binary")
    corner = layer.box.x0 - margin, layer.box.y0 - margin
    return "".join(
        f'<path transform="translate({float(x) + corner[0]},{float(y) + corner[1]})" d="{data}"/>'
        for data, x, y in re.findall(r'<path d="([^"]*)"[^>]*translate\(([-\d.]+),([-\d.]+)\)', str(svg))
    )


def against(shape: list[Drawn], markup: str) -> dict[str, float]:
    """Segments of the drawn paths, and the symmetric Hausdorff distance to the true shape in pixels."""
    drawn: list[Drawn] = []
    for path in ElementTree.fromstring(f"<g>{markup}</g>"):
        drawn += drawn_by(path)
    if not drawn:
        return {"segments": 0, "hausdorff": float("inf")}
    one, other = flattened(shape), flattened(drawn)
    distance = max(cKDTree(one).query(other)[0].max(), cKDTree(other).query(one)[0].max())
    return {"segments": count_segments(drawn), "hausdorff": float(distance)}


# Paths


def drawn_by(element: ElementTree.Element) -> list[Drawn]:
    """The outlines of a path or of a shape that SVG has a name for, moved and turned to its place."""
    outlines = named_outline(element) if "d" not in element.attrib else outlines_of(element.attrib["d"])
    if "stroke-width" in element.attrib:
        outlines = sides_of(element, outlines)
    told = element.attrib.get("transform", "")
    if moved := re.search(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)", told):
        offset = np.array([float(moved[1]), float(moved[2])])
        return [Drawn([segment + offset for segment in one.segments], one.count) for one in outlines]
    if turned := re.search(r"rotate\(([-\d.]+) ([-\d.]+) ([-\d.]+)\)", told):
        angle, middle = np.deg2rad(float(turned[1])), np.array([float(turned[2]), float(turned[3])])
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return [Drawn([(part - middle) @ turn + middle for part in one.segments], one.count) for one in outlines]
    return outlines


def sides_of(element: ElementTree.Element, lines: list[Drawn]) -> list[Drawn]:
    """The outlines of a line of one width; it counts as many segments as the line in its middle."""
    half = float(element.attrib["stroke-width"]) / 2
    join = "round" if "stroke-linejoin" in element.attrib or element.tag.endswith("circle") else "mitre"
    parts: list[Drawn] = []
    for line in lines:
        is_open = "z" not in element.get("d", "z")
        middle = flattened([line])
        # Ends that only rounding keeps apart would turn back on themselves, with a spike for a corner.
        middle = middle[np.append(True, np.hypot(*np.diff(middle, axis=0).T) > 1e-6)]
        string = LineString(middle) if is_open else LinearRing(middle)
        cap = element.get("stroke-linecap", "butt").replace("butt", "flat")
        wide = string.buffer(half, cap_style=cap, join_style=join, quad_segs=32)
        for number, ring in enumerate([wide.exterior, *wide.interiors]):
            points = np.array(ring.coords)
            parts.append(
                Drawn(
                    [np.stack(pair) for pair in zip(points[:-1], points[1:], strict=True)], 0 if number else line.count
                )
            )
    return parts


def named_outline(element: ElementTree.Element) -> list[Drawn]:
    """The outline of a circle, an ellipse or a rectangle, which counts as one segment."""
    get = {key: float(value) for key, value in element.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
    if "cx" in get:
        radii = get.get("rx", get.get("r", 0)), get.get("ry", get.get("r", 0))
        return [Drawn(arc(np.array([get["cx"], get["cy"]]), radii, 0, 2 * np.pi), 1)]
    x0, y0, radius = get["x"], get["y"], get.get("rx", 0)
    x1, y1 = x0 + get["width"], y0 + get["height"]
    corners = (
        (x1 - radius, y0 + radius),
        (x1 - radius, y1 - radius),
        (x0 + radius, y1 - radius),
        (x0 + radius, y0 + radius),
    )
    parts: list[Points] = []
    for number, corner in enumerate(corners):
        turn = arc(np.array(corner), (radius, radius), (number - 1) * np.pi / 2, np.pi / 2)
        if parts:
            parts.append(np.stack([parts[-1][-1], turn[0][0]]))
        parts += turn
    return [Drawn([*parts, np.stack([parts[-1][-1], parts[0][0]])], 1)]


def arc(middle: Points, radii: tuple[float, float], start: float, turn: float) -> list[Points]:
    """An arc of an ellipse as short lines."""
    angles = start + turn * np.linspace(0, 1, 400)
    points = middle + np.stack([np.cos(angles) * radii[0], np.sin(angles) * radii[1]], axis=1)
    return [np.stack(pair) for pair in zip(points[:-1], points[1:], strict=True)]


def outlines_of(data: str) -> list[Drawn]:
    """The closed outlines of path data, or its lines if nothing closes them; an outline of no width is none."""
    outlines: list[Drawn] = []
    here = start = np.zeros(2)
    is_open = "z" not in data.lower()
    segments: list[Points] = []
    for letter, numbers in re.findall(r"([MLHVCSQTAZ])([^MLHVCSQTAZ]*)", data, re.IGNORECASE):
        values = [float(value) for value in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", numbers)]
        if letter in "Mm":
            finish(outlines, segments, here, start, is_open)
            segments = []
            here = start = np.array(values[:2]) + (here if letter == "m" else 0)
            values = values[2:]
            letter = "L" if letter == "M" else "l"
        for points in stretches(letter, values, here, start):
            if np.ptp(points, axis=0).max() > 1e-6:
                segments.append(points)
            here = points[-1]
    finish(outlines, segments, here, start, is_open)
    return outlines


def finish(outlines: list[Drawn], segments: list[Points], here: Points, start: Points, is_open: bool) -> None:
    if is_open and segments:
        outlines.append(Drawn(segments, len(segments)))
    elif segments and width_of(segments) > 0.01:  # a line without width shows nothing
        if np.abs(here - start).max() > 0.005:
            segments = [*segments, np.stack([here, start])]
        outlines.append(Drawn(segments, len(segments)))


def width_of(segments: list[Points]) -> float:
    """The area of an outline by half of its length, in pixels; of curves those of their control points."""
    x, y = np.concatenate(segments).T
    area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    return 2 * area / max(1e-9, float(np.hypot(np.diff(x), np.diff(y)).sum()))


def stretches(letter: str, values: list[float], here: Points, start: Points) -> Iterator[Points]:
    """The control points of each segment of one command."""
    relative = letter.islower()
    size = {"L": 2, "C": 6, "H": 1, "V": 1, "S": 4, "A": 7}.get(letter.upper(), 0)
    if letter in "Zz":
        if np.abs(here - start).max() > 0.005:
            yield np.stack([here, start])
        else:
            yield np.stack([here, start])
        return
    assert size, f"path command {letter} is not known here"
    for place in range(0, len(values), size):
        some = values[place : place + size]
        origin = here if relative else np.zeros(2)
        if letter.upper() == "L":
            points = np.stack([here, origin + some])
        elif letter.upper() == "C":
            points = np.vstack([here, origin + np.array(some).reshape(3, 2)])
        elif letter.upper() == "H":
            points = np.stack([here, [some[0] + origin[0], here[1]]])
        elif letter.upper() == "V":
            points = np.stack([here, [here[0], some[0] + origin[1]]])
        else:
            points = elliptical_arc(here, some, origin)
        yield points
        here = points[-1]


def elliptical_arc(here: Points, arc_values: list[float], origin: Points) -> Points:
    """An arc as points, by its centre (SVG 2, section B.2.4)."""
    across, down, turn, large, sweep, x, y = arc_values
    end = origin + (x, y)
    cosine, sine = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    back = np.array([[cosine, sine], [-sine, cosine]])  # from the axes of the ellipse
    start = (here - end) / 2 @ back.T / (across, down)
    size = float(start @ start)
    grown = max(1.0, np.sqrt(size))
    start /= grown
    away = np.sqrt(max(0.0, 1 / float(start @ start) - 1)) * (-1 if large == sweep else 1)
    centre = away * np.array([start[1], -start[0]])
    first, last = (np.arctan2(*(way - centre)[::-1]) for way in (start, -start))
    turned = (last - first) % (2 * np.pi) - (0 if sweep else 2 * np.pi)
    angles = first + turned * np.linspace(0, 1, 400)
    local = (centre + np.stack([np.cos(angles), np.sin(angles)], axis=1)) * (across, down) * grown
    return (here + end) / 2 + local @ back


def count_segments(shape: list[Drawn]) -> int:
    return sum(outline.count for outline in shape)


def flattened(shape: list[Drawn]) -> Points:
    """Points on the outlines, ``FINE`` pixels apart."""
    parts = []
    for outline in shape:
        for segment in outline.segments:
            length = float(np.hypot(*np.diff(segment, axis=0).T).sum())
            share = np.linspace(0, 1, max(2, int(length / FINE)))[:, None]
            if len(segment) not in (2, 4):
                parts.append(segment)
            elif len(segment) == 2:
                parts.append(segment[0] * (1 - share) + segment[1] * share)
            else:
                rest = 1 - share
                weights = rest**3, 3 * share * rest**2, 3 * share**2 * rest, share**3
                parts.append(sum((weight * point for weight, point in zip(weights, segment, strict=True)), np.zeros(2)))
    return np.concatenate(parts)


# Figures


def summary(pictures: list[dict[str, Any]], layers: list[dict[str, Any]]) -> dict[str, Any]:
    whole = {
        who: {key: values(pictures, who, key) for key in pictures[0][who]} for who in ("peeler", "stacked", "cutout")
    }
    results: dict[str, Any] = {
        who: {
            "psnr_mean": mean(rows["psnr"]),
            "psnr_least": float(min(rows["psnr"])),
            "delta_e_mean": mean(rows["delta_e"]),
            "bytes_mean": mean(rows["bytes"]),
            "cpu_s_mean": mean(rows["cpu_s"]),
        }
        for who, rows in whole.items()
    }
    results["peeler"]["hairline_pixels"] = int(sum(whole["peeler"]["hairlines"]))
    results["peeler"]["pictures_with_hairlines"] = int(sum(count > 0 for count in whole["peeler"]["hairlines"]))
    true = sum(row["true_segments"] for row in layers)
    for who, column in (("peeler", "peeler"), ("vtracer", "stacked")):
        distances = values(layers, who, "hausdorff")
        results[column] |= {
            "segments_per_true": sum(values(layers, who, "segments")) / true,
            "hausdorff_median": float(np.median(distances)),
            "hausdorff_p95": float(np.percentile(distances, 95)),
        }
    return results


def values(rows: list[dict[str, Any]], who: str, key: str) -> list[float]:
    return [row[who][key] for row in rows]


def mean(numbers: list[float]) -> float:
    return float(np.mean(numbers))


def print_table(results: dict[str, Any], pictures: int, layers: int) -> None:
    columns = list(results)
    print(f"{pictures} pictures, {layers} true layers\n\n{'':<26}" + "".join(f"{column:>12}" for column in columns))
    for name in results["peeler"]:
        cells = (results[column].get(name) for column in columns)
        print(f"{name:<26}" + "".join(f"{'' if cell is None else f'{cell:.4g}':>12}" for cell in cells))
    print()


if __name__ == "__main__":
    main()

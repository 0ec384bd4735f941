"""SVG from strangers: what is drawn of it looks the same, and whatever is hostile refuses it at once."""

import time
from xml.etree import ElementTree

import numpy as np
import pytest

from peeler.errors import ReplyError
from peeler.exporters.svg import check_svg
from peeler.scenes.render import rendered
from peeler.svg_paths import MOST_CURVES
from peeler.vectorizers.foreign import LARGEST, MOST_ELEMENTS, SVG, Frame, redrawn

FRAME = Frame(0, 0, 100, 100)
HEAD = f'<svg xmlns="{SVG}" width="100" height="100" viewBox="0 0 100 100">'
SQUARE = '<path d="M10 10h30v30h-30z"/>'


def drawing(body: str, root: str = 'viewBox="0 0 100 100"') -> str:
    return f'<svg xmlns="{SVG}" {root}>{body}</svg>'


def differs(body: str, root: str = 'viewBox="0 0 100 100"') -> int:
    """Pixels in which the renderer shows something else for the shapes as they came."""
    paths = redrawn(drawing(body, root), FRAME)
    check_svg(f"{HEAD}{''.join(paths)}</svg>")
    theirs = rendered(drawing(body, f'width="100" height="100" {root}')).astype(int)
    mine = rendered(f"{HEAD}{''.join(paths)}</svg>").astype(int)
    off = np.abs(theirs - mine)
    off[..., :3][(theirs[..., 3] < 8) | (mine[..., 3] < 8)] = 0
    return int((off.max(axis=2) > 24).sum())


GENTLE = {
    "lines": '<path d="M10 10L50,12 40.5.5e2l-20-3H5V20z" fill="#1e90ff"/>',
    "relative moves": '<path d="m10 10 20 0 0 20-20 0zm30 30 20 0 0 20-20 0z" fill="rgb(80%,10%,3%)"/>',
    "smooth cubics": '<path d="M10 50C10 20 40 20 40 50S70 80 70 50s20-30 20 0v40H10z" fill="#a3c"/>',
    "quadratics": '<path d="M10 50Q25 10 40 50T70 50t20 0v40H10z" fill="rgba(3,2,1,.5)"/>',
    "arcs": '<path d="M10 50a20 15 30 1 150 20 30 30 0 01-20 10A9 9 0 0 0 10 50z" fill="red"/>',
    "tiny radii": '<path d="M10 50A1 1 0 0 1 60 50L60 80z" fill="red"/>',
    "figures": '<rect x="3" y="4" width="30" height="20" rx="4" fill="#f80"/><circle cx="60" cy="20" r="9"/>'
    '<ellipse cx="30" cy="70" rx="15" ry="6" fill="navy"/><polygon points="70,70 90 70,80,90" fill="#0a0"/>',
    "holes by evenodd": '<path fill-rule="evenodd" d="M5 5h80v80h-80zM15 15h50v50h-50zM25 25h20v20h-20z"/>',
    "holes by nonzero": '<path d="M5 5h80v80h-80zM15 15v50h50v-50z"/>',
    "open": '<path d="M5 5L50 5L50 50"/>',
    "inherited": '<g fill="#0a0" fill-opacity=".5"><g opacity=".5"><path d="M5 5h50v50z"/></g>'
    '<path d="M60 60h30v30z" fill-opacity="1" opacity="50%"/></g>',
    "transforms": '<g transform="translate(40 10) rotate(20), scale(.8 .5)"><path transform="skewX(10)'
    ' matrix(1 .1 -.1 1 3 4) rotate(-9 3 3) skewY(3)" d="M10 10h40v40h-40z" fill="#f0f"/></g>',
    "style": '<path d="M10 10h40v40z" style="fill: rgb(10,20,30); stroke: none; fill-opacity: 0.25;"/>',
    "hidden": f'<g display="none"><path d="M0 0h9v9z"/></g><path d="M0 60h9v9z" style="visibility:hidden"/>{SQUARE}',
    "seams closed": '<path d="M10 10h60v60z" fill="#123456" stroke="#123456" stroke-width="0"/>',
    "words": f"<title>a &lt;script&gt;</title><desc>b</desc><metadata><r:R xmlns:r='x'><r:a/></r:R></metadata>{SQUARE}",
    "comments": f"<!-- <script/> -->{SQUARE}",
}


@pytest.mark.parametrize("body", GENTLE.values(), ids=GENTLE)
def test_filled_shapes_look_the_same(body: str) -> None:
    assert differs(body) <= 2


def test_a_drawing_of_another_size_is_brought_to_its_place() -> None:
    (path,) = redrawn(drawing('<path d="M10 10h20v20h-20z"/>', 'viewBox="5 5 50 100"'), Frame(-8, 100, 25, 50))
    assert ElementTree.fromstring(path).get("d") == "M-5.5 102.5h10v10h-10z"
    (path,) = redrawn(drawing('<path d="M1 1h2v2h-2z"/>', 'width="10px" height="10"'), FRAME)
    assert ElementTree.fromstring(path).get("d") == "M10 10h20v20h-20z"


def test_the_ground_behind_a_layer_is_left_out() -> None:
    ground = '<path d="M0 0h100v100h-100z" fill="#fff"/><path d="M0 0h100v100h-100zM10 10v30h30v-30z" fill="#fff"/>'
    assert len(redrawn(drawing(ground + SQUARE), FRAME)) == 1


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ENTITY = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
MANY = " ".join(f'data-{n}=""' for n in range(10**5))
HOSTILE = {
    "XXE": ENTITY + drawing("<title>&a;</title>" + SQUARE),
    "parameter entities": '<!DOCTYPE svg [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd"> %a;]>' + drawing(SQUARE),
    "billion laughs": f'<!DOCTYPE svg [<!ENTITY l0 "ha">{BOMB}]>' + drawing(f"<title>&l9;</title>{SQUARE}"),
    "a bare document type": "<!DOCTYPE svg>" + drawing(SQUARE),
    "an undeclared entity": drawing(f"<title>&a;</title>{SQUARE}"),
    "a style sheet": '<?xml-stylesheet href="x.css"?>' + drawing(SQUARE),
    "script": drawing(f"<script>alert(1)</script>{SQUARE}"),
    "script in words": drawing(f"<metadata><script>alert(1)</script></metadata>{SQUARE}"),
    "script of another name": drawing(f'<x:script xmlns:x="{SVG}">1</x:script>{SQUARE}'),
    "HTML": drawing(f'<h:script xmlns:h="http://www.w3.org/1999/xhtml">1</h:script>{SQUARE}'),
    "handler": drawing('<path onclick="alert(1)" d="M0 0h9v9z"/>'),
    "handler of the root": drawing(SQUARE, 'viewBox="0 0 100 100" onload="alert(1)"'),
    "foreignObject": drawing(f"<foreignObject><body/></foreignObject>{SQUARE}"),
    "an external picture": drawing('<image href="http://127.0.0.1:9/a.png" width="9" height="9"/>'),
    "an embedded picture": drawing('<image href="data:image/png;base64,AAAA"/>'),
    "use": drawing('<use href="#a"/>'),
    "a link": drawing(f'<a href="javascript:alert(1)">{SQUARE}</a>'),
    "animation": drawing('<path d="M0 0h9v9z"><animate attributeName="d" to="M0 0"/></path>'),
    "a style element": drawing(f"<style>*{{fill:url(http://127.0.0.1:9)}}</style>{SQUARE}"),
    "a style that loads": drawing('<path d="M0 0h9v9z" style="fill: url(http://127.0.0.1:9/a)"/>'),
    "an escaped style": drawing('<path d="M0 0h9v9z" style="fill: \\75rl(http://127.0.0.1:9/a)"/>'),
    "an imported style": drawing('<path d="M0 0h9v9z" style="@import url(x)"/>'),
    "a paint server": drawing('<path d="M0 0h9v9z" fill="url(#a)"/>'),
    "a filter": drawing('<path d="M0 0h9v9z" filter="url(#a)"/>'),
    "a mask": drawing('<path d="M0 0h9v9z" mask="url(http://127.0.0.1:9/#a)"/>'),
    "xlink": drawing('<path xmlns:x="http://www.w3.org/1999/xlink" x:href="#a" d="M0 0h9v9z"/>'),
    "lines": drawing('<path d="M0 0h9v9z" fill="none" stroke="#000"/>'),
    "words drawn": drawing("<text>hello</text>"),
    "another root": f'<g xmlns="{SVG}">{SQUARE}</g>',
    "no namespace": f'<svg viewBox="0 0 1 1">{SQUARE}</svg>',
    "an inner drawing": drawing(drawing(SQUARE)),
    "no size": drawing(SQUARE, ""),
    "a size that is none": drawing(SQUARE, 'viewBox="0 0 nan nan"'),
    "a negative size": drawing(SQUARE, 'viewBox="0 0 -1 -1"'),
    "another form": drawing(SQUARE, 'viewBox="0 0 100 50"'),
    "NaN": drawing('<path d="M0 0L NaN 1z"/>'),
    "infinity": drawing('<path d="M0 0L 1e999 1z"/>'),
    "Infinity": drawing('<circle cx="Infinity" cy="0" r="3"/>'),
    "far away": drawing('<path d="M0 0L 1e7 1z"/>'),
    "far away by transforms": drawing(f'<path transform="{"scale(1000) " * 9}" d="M0 0h9v9z"/>'),
    "many transforms": drawing(f'<path transform="{"scale(1) " * 10**5}" d="M0 0h9v9z"/>'),
    "tiny numbers": drawing('<path d="M0 0A1e-300 1e-300 0 0 1 1e-300 0A1e6 1e-300 0 1 1 1e-200 1e-300z"/>'),
    "a path that is none": drawing('<path d="L0 0h9v9z"/>'),
    "half a number": drawing('<path d="M0 0h9v9.z.."/>'),
    "a long number": drawing(f'<path d="M{"1" * 10**6} 0h9v9z"/>'),
    "10⁶ paths": drawing(SQUARE * 10**6),
    "many elements": drawing("<g/>" * (MOST_ELEMENTS + 1)),
    "many curves": drawing(f'<path d="M0 0{"h1" * (MOST_CURVES + 2)}z"/>'),
    "many nested contours": drawing(f'<path fill-rule="evenodd" d="{"M0 0h9v9z" * 1000}"/>'),
    "deep nesting": drawing("<g>" * 100_000 + "</g>" * 100_000),
    "deep words": drawing("<metadata>" + "<a xmlns='x'>" * 1000 + "</a>" * 1000 + "</metadata>" + SQUARE),
    "a huge attribute": drawing(f'<path id="{"x" * 10**6}" d="M0 0h9v9z"/>'),
    "many attributes": drawing(f'<path {MANY} d="M0 0h9v9z"/>'),
    "too large": drawing(" " * LARGEST + SQUARE),
    "UTF-16": (drawing(SQUARE)).encode("utf-16").decode("utf-8", "replace"),
    "UTF-16 without a mark": (drawing(SQUARE)).encode("utf-16-le").decode("utf-8", "replace"),
    "no UTF-8": (drawing(SQUARE) + "<!--é-->").encode("latin-1").decode("utf-8", "replace"),
    "cut off": drawing(SQUARE)[:-8],
    "two documents": drawing(SQUARE) * 2,
    "an open comment": drawing(SQUARE) + "<!--" * 10**6,
    "not SVG": '{"error": "no"}',
    "empty": "",
    "nothing drawn": drawing(
        '<path d="M0 0"/><path d="M0 0h9v9z" fill="none"/><g opacity="0"><path d="M0 0h9v9z"/></g>'
    ),
}


@pytest.mark.parametrize("markup", HOSTILE.values(), ids=HOSTILE)
def test_what_is_hostile_is_refused_in_a_line(markup: str) -> None:
    begun = time.process_time()
    with pytest.raises(ReplyError, match="^the SVG|^a shape") as told:
        redrawn(markup, FRAME)
    assert "\n" not in str(told.value) and len(str(told.value)) < 300
    assert time.process_time() - begun < 10


def test_another_declared_encoding_is_not_believed() -> None:
    """UTF-7 would make a script of plain text; what was decoded as UTF-8 is read as that."""
    markup = '<?xml version="1.0" encoding="UTF-7"?>' + drawing(f"<title>+ADw-script+AD4-</title>{SQUARE}")
    (path,) = redrawn(markup, FRAME)
    assert "script" not in path


def test_nothing_of_the_markup_is_copied() -> None:
    body = '<g id="evil" class="evil" data-evil="evil"><path d="M10 10h30v30h-30z" fill="#ABC"/></g>'
    assert redrawn(drawing(body), FRAME) == ['<path fill="#aabbcc" d="M10 10h30v30h-30z"/>']

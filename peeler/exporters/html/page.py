"""What all pages share: the frame, escaping, stored facts."""

import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from peeler.errors import StoreError
from peeler.text import label

_HERE = Path(__file__).parent
_MARK = (
    '<svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">'
    '<path d="M12 13 2.5 17.5 12 22l9.5-4.5z" opacity=".35"/><path d="M12 8 2.5 12.5 12 17l9.5-4.5z" opacity=".65"/>'
    '<path d="M12 2 2.5 6.5 12 11l9.5-4.5z"/></svg>'
)
STOP_REASONS = {
    "background": "only the background is left",
    "nothing_more": "nothing more to peel was seen",
    "max_steps": "the step limit was reached",
    "stuck": "every attempt at a removal was rejected",
    "targets": "nothing is left of what was asked for",
    "budget": "what was allowed is spent",
    "unreadable": "the model's replies could not be used",
}


def text(value: object, longest: int = 160) -> str:
    """Anything as harmless markup text: one line, no control characters, escaped also for attributes."""
    return escape(label(str(value), longest), quote=True)


def page(title: str, body: str, timings: object, styles: Sequence[str], scripts: Sequence[str], images: str) -> str:
    """A whole page that may run and load nothing but its own ``styles`` and ``scripts``, and pictures from ``images``.

    ``timings`` goes on one line of its own, the only one that differs between equal runs.
    """
    # A "<" inside would let a name in the data end the script.
    data = json.dumps(timings, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
    style = "\n" + "".join(_asset(name) for name in styles)
    # A block each, so that none sees what another one declares.
    script = "\n" + "".join(f"{{\n{_asset(name)}}}\n" for name in scripts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(style, script, images)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
<script type="application/json" id="timings">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def _policy(style: str, script: str, images: str) -> str:
    """What a browser may do with a page (Content Security Policy Level 3): nothing but what is written into it.

    Attributes may style, since that is how places and pictures get to where they belong.
    """
    allowed = {
        "default-src": "'none'",
        "script-src": _fingerprint(script),
        "style-src-elem": _fingerprint(style),
        "style-src-attr": "'unsafe-inline'",
        "img-src": images,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {where}" for what, where in allowed.items())


def _fingerprint(code: str) -> str:
    return f"'sha256-{b64encode(sha256(code.encode()).digest()).decode()}'"


def file_link(name: str, whole: str = "/") -> str:
    """A file next to the page as an address, whatever its name is; characters in ``whole`` stay as they are."""
    return quote(name.encode("utf-8", "replace"), safe=whole)


def brand(what: str) -> str:
    return f'<p class="brand">{_MARK}<span>Peeler</span><i>{what}</i></p>'


def chip(told: str, kind: str = "") -> str:
    return f'<span class="chip {kind}">{told}</span>'


def status_chip(status: str) -> str:
    return chip(text(status, 20), status if status in ("ok", "stopped", "failed", "running") else "")


def read_json(path: Path, missing: Any = None) -> Any:
    """The stored data, or ``missing`` when there is no such file. Raises StoreError when it is damaged."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return missing
    except (OSError, ValueError) as problem:
        raise StoreError(f"cannot read {path}: {problem}") from problem


@cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")

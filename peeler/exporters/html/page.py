"""What all pages share: the frame, escaping, stored facts."""

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

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


def page(title: str, body: str, script: str, timings: object) -> str:
    """A whole page. ``timings`` goes on one line of its own, the only one that differs between equal runs."""
    # A "<" inside would let a name in the data end the script.
    data = json.dumps(timings, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{_asset("style.css")}</style>
</head>
<body>
{body}
<script type="application/json" id="timings">{data}</script>
<script>
{_asset(script)}</script>
</body>
</html>
"""


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

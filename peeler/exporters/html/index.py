"""The front page of a batch: every picture, what failed and why first."""

from pathlib import Path
from typing import Any

from peeler.exporters.html.listened import told_spent
from peeler.exporters.html.page import STOP_REASONS, brand, file_link, page, read_json, status_chip, text
from peeler.files import replacing
from peeler.text import plural

INDEX_FILE = "index.html"
_ORDERS = (
    ("", "order of the batch"),
    ("name", "name"),
    ("status", "status, stopped first"),
    ("layers", "layers, most first"),
    ("steps", "steps, most first"),
    ("seconds", "seconds, most first"),
)


def write_index(batch_folder: Path) -> None:
    """Write ``index.html`` from the ``batch.json`` of a batch. Raises StoreError."""
    batch = read_json(batch_folder / "batch.json", {})
    rows = batch.get("rows", [])
    # Not the folder's name: the same batch gives the same page wherever it lies.
    name = plural(len(rows), "picture")
    failed = [row for row in rows if row.get("status") == "failed"]
    body = [
        "<main>",
        f"<header>{brand('batch')}<h1>{name}</h1>{_facts(batch)}</header>",
        _totals(rows),
        _failures(failed),
        _runs([row for row in rows if row.get("status") != "failed"]),
        "</main>",
    ]
    timings = read_json(batch_folder / "timings.json", {})
    # The pictures lie beside the page, which may be looked at from a disk or from a server.
    markup = page(f"{name} – Peeler", "\n".join(body), timings, ("style.css",), ("index.js",), "'self' file:")
    with replacing(batch_folder / INDEX_FILE) as unfinished:
        unfinished.write_text(markup, encoding="utf-8")


def _facts(batch: dict[str, Any]) -> str:
    engine, versions = batch.get("engine", {}), batch.get("versions", {})
    facts = [f"{text(engine.get('analyst'))} analyst, {text(engine.get('remover'))} remover"] if engine else []
    facts += [f"{text(name)} {text(version)}" for name, version in sorted(versions.items())]
    facts += [text(told_spent(batch["spent"]))] if batch.get("spent") else []
    return f'<p class="facts">{" · ".join(facts)}</p>'


def _totals(rows: list[dict[str, Any]]) -> str:
    counts = {status: sum(row.get("status") == status for row in rows) for status in ("ok", "stopped", "failed")}
    tiles = [("", len(rows), "pictures"), *((status, count, status) for status, count in counts.items() if count)]
    tiles += [
        ("", sum(row.get("layers", 0) for row in rows), "layers"),
        ("", sum(row.get("steps", 0) for row in rows), "steps"),
    ]
    shown = "".join(f'<div><b class="{kind}">{count}</b><span>{told}</span></div>' for kind, count, told in tiles)
    return f'<div class="totals">{shown}<div hidden><b id="seconds"></b><span>median per picture</span></div></div>'


def _failures(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    lines = "".join(
        f"<tr><td>{text(row.get('input') or row.get('name'))}</td><td>{text(row.get('reason'), 400)}</td></tr>"
        for row in rows
    )
    return f'<section><h2>Failed</h2><table class="failures">{lines}</table></section>'


def _runs(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    cards = "\n".join(_card(row) for row in rows)
    orders = "".join(f'<option value="{value}">{told}</option>' for value, told in _ORDERS)
    return (
        '<section><h2>Pictures</h2><p class="find" hidden><input class="filter" type="search" '
        'placeholder="Filter by name, status or note" aria-label="Filter by name, status or note">'
        f'<label>Sort by <select class="order">{orders}</select></label><span role="status" class="found"></span></p>'
        f'<ul class="runs">\n{cards}\n</ul></section>'
    )


def _card(row: dict[str, Any]) -> str:
    name, shown = str(row.get("name", "")), text(row.get("name", ""))
    link = file_link(name, "")
    stopped = status_chip("stopped") if row.get("status") == "stopped" else ""
    reason = text(STOP_REASONS.get(row.get("stop_reason", ""), row.get("stop_reason")))
    why = f'<p class="stopped">{reason}</p>' if stopped else ""
    note = f"<p>{text(row['note'], 200)}</p>" if row.get("note") else ""
    layers, steps, status = row.get("layers", 0), row.get("steps", 0), text(row.get("status"), 20)
    return (
        f'<li data-layers="{text(layers, 12)}" data-steps="{text(steps, 12)}" data-status="{status}">'
        f'<a href="{link}/report.html"><div class="pane"><img loading="lazy" src="{link}/input.png" alt=""></div>'
        f'<h3 title="{shown}">{shown}</h3></a><p>{stopped}<span>{plural(layers, "layer")}</span>'
        f'<span>{plural(steps, "step")}</span><span data-run="{shown}"></span></p>{why}{note}</li>'
    )

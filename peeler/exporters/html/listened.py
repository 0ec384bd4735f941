"""What a model was asked in a step, what it said, and what was believed of it."""

import json
from pathlib import Path
from typing import Any

from peeler.exporters.html.page import read_json, text
from peeler.records import Spent

MOST_ROWS = 60
"""Claims and exchanges listed per step."""
LONGEST_ANSWER = 4000


def listened(step: Path) -> str:
    """A fold with the questions, answers and beliefs of a step; nothing where no model was asked."""
    exchanges = read_json(step / "vlm" / "exchanges.json", [])
    if not exchanges:
        return ""
    said = read_json(step / "analysis.json", {})
    parts = [
        *(_exchange(exchange) for exchange in exchanges[:MOST_ROWS]),
        _table("Believed", [(item["name"], ", ".join(item["elements"])) for item in said.get("believed", ())]),
        _table("Not believed", [(item["what"], item["why"]) for item in said.get("dropped", ())]),
    ]
    return f"<details><summary>What the model was asked and said</summary>{''.join(parts)}</details>"


def told_spent(spent: dict[str, Any] | None) -> str:
    """What a run or batch has spent, in words."""
    return str(Spent(**spent)) if spent else "nothing"


def _exchange(exchange: dict[str, Any]) -> str:
    prompt = exchange["prompt"]
    outcome = "from the cache" if exchange["cached"] else exchange["outcome"]
    head = f"{prompt['id']} {prompt['version']}: {outcome}"
    problem = f'<p class="note">{text(exchange["problem"], 400)}</p>' if exchange["problem"] else ""
    return f"<p><b>{text(head)}</b> {text(exchange['asked'])}</p>{problem}<p><code>{_answer(exchange)}</code></p>"


def _answer(exchange: dict[str, Any]) -> str:
    return text(exchange["text"] or json.dumps(None), LONGEST_ANSWER)


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join(f"<tr><td>{text(one)}</td><td>{text(other, 300)}</td></tr>" for one, other in rows[:MOST_ROWS])
    return f"<p><b>{title}</b></p><table>{lines}</table>"

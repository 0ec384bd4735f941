#!/usr/bin/env python3
"""What becomes of a batch when the vision-language model fails in every way it can.

    python benchmarks/faults.py [FOLDER] [--limit N] [--rate 0.2] [--only KIND ...]

For each kind of fault, then for all of them together, peels a folder by a model on this machine that fails so at the
given rate (``peeler serve-vlm --fault KIND=RATE``), and goes on once with what did not come through. A last batch may
spend only half of what the first one took. Every picture has to end finished or with a reason, nothing that was paid
may be asked again, and no batch may spend more than it is allowed. Prints a table, and as the last line the same as
one JSON document; the exit code is 1 if one of these does not hold.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from testset import link_pictures, parser_of

from peeler.batch import BatchSummary, peel_folder
from peeler.presets import load_preset
from peeler.serve_vlm.answers import MODEL
from peeler.serve_vlm.faults import Fault, Faults
from peeler.serve_vlm.server import Loopback, Tally, serving

PRICES = {"input": 1.25, "output": 10.0}
"""US dollars per million tokens."""
ENOUGH = 100.0
"""US dollars."""


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as scratch:
        link_pictures(arguments, pictures := Path(scratch) / "pictures")
        rows = list(measure(pictures, Path(scratch), arguments.rate, arguments.only or [*Fault]))
    print(json.dumps(rows))
    if not all(row["clear"] and not row["repeated"] and row["cost"] <= row["allowed"] for row in rows):
        sys.exit(1)


def parse() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--rate", type=float, default=0.2, help="probability of each fault")
    parser.add_argument("--only", type=Fault, nargs="*", help="these kinds only")
    return parser.parse_args()


def measure(pictures: Path, scratch: Path, rate: float, kinds: list[Fault]) -> Iterator[dict[str, Any]]:
    prices = scratch / "prices.yaml"
    prices.write_text(json.dumps({"date": "2026-01-01", "prices": [{"match": f"openai:{MODEL}", **PRICES}]}))
    worlds: dict[str, dict[Fault, float]] = {"none": {}} | {kind.value: {kind: rate} for kind in kinds}
    worlds["all"] = dict.fromkeys(kinds, rate)
    allowed = ENOUGH
    with serving() as server:
        for name, rates in [*worlds.items(), ("half the money", {})]:
            server.faults, server.tally = Faults(rates, delay=1, retry_after=1), Tally()
            row = one_batch(name, server, pictures, scratch / name, prices, allowed)
            if name == "none":
                most = row["cost"]
            elif name == "all":
                allowed = most / 2
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
            yield row


def one_batch(name: str, server: Loopback, pictures: Path, out: Path, prices: Path, allowed: float) -> dict[str, Any]:
    settings = {
        "analyst": f"openai:{MODEL}@{server.url}/v1",
        "maintain": True,
        "timeout": 5 if server.faults.rates else 60,
        "max_cost": allowed,
    }
    settings |= {"prices": str(prices), "cache": str(out / "replies"), "outputs": "png"}
    began = time.perf_counter()
    first = peel_folder(pictures, out, load_preset("plain", settings))
    last = peel_folder(pictures, out, load_preset("plain", settings))
    told = server.tally.told()
    return {
        "faults": name,
        "seconds": round(time.perf_counter() - began, 1),
        "first": first.totals,
        "then": last.totals,
        "clear": all(row.stop_reason or row.reason for done in (first, last) for row in done.rows),
        "reasons": reasons(last),
        "requests": told["requests"],
        "repeated": told["repeated"],
        "cost": round(sum(told["tokens"][way] * PRICES[way] for way in PRICES) / 1e6, 6),
        "told": last.spent.money if last.spent else 0.0,
        "allowed": round(allowed, 6),
    }


def reasons(done: BatchSummary) -> dict[str, int]:
    """How many pictures ended for which reason."""
    ends = [row.stop_reason or row.reason.partition(":")[0][:60] for row in done.rows]
    return {end: ends.count(end) for end in sorted(set(ends))}


if __name__ == "__main__":
    main()

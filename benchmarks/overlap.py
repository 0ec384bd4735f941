#!/usr/bin/env python3
"""Whether other pictures are worked on while one waits for a vision-language model.

    python benchmarks/overlap.py [FOLDER] [--limit N] [--in-flight K] [--reply-time SECONDS]

Peels a folder by the embedded engine on all cores, then by a model on this machine (``peeler serve-vlm``) that takes
its time to answer: asked once for each picture, and again after each removal. With perfect overlap the batch takes the
larger of (time of all answers / K) and the embedded engine's time; the ratio says how far it is from that. The model
reads every picture once before, so that what it does itself is not measured. Prints a table, and as the last line the
same as one JSON document.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from testset import link_pictures, parser_of

from peeler.batch import peel_folder
from peeler.presets import load_preset
from peeler.serve_vlm.answers import MODEL
from peeler.serve_vlm.faults import Faults
from peeler.serve_vlm.server import Tally, serving

ASKING: dict[str, dict[str, Any]] = {"once": {}, "after each removal": {"maintain": True}}


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as scratch:
        count = link_pictures(arguments, pictures := Path(scratch) / "pictures")
        results = measure(pictures, count, Path(scratch), arguments.in_flight, arguments.reply_time)
    for name in results[0]:
        print(f"{name:<16}" + "".join(f"{row[name]:>20}" for row in results))
    print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--in-flight", type=int, default=8, help="pictures that wait at once")
    parser.add_argument("--reply-time", type=float, default=3.0, help="seconds of every answer")
    return parser.parse_args()


def measure(pictures: Path, count: int, scratch: Path, in_flight: int, reply_time: float) -> list[dict[str, Any]]:
    embedded = batch_seconds(pictures, scratch / "embedded", engine="flat")
    rows = []
    with serving() as server:
        for name, how in ASKING.items():
            settings = how | {"analyst": f"openai:{MODEL}@{server.url}/v1", "cache": "off", "in_flight": in_flight}
            server.faults = Faults()
            batch_seconds(pictures, scratch / name / "warm", **settings)
            server.faults, server.tally = Faults(reply_time=reply_time), Tally()
            seconds = batch_seconds(pictures, scratch / name / "slow", **settings)
            row = figures(int(server.tally.told()["requests"]), seconds, embedded, in_flight, reply_time)
            rows.append({"asked": name, "pictures": count, **row})
    return rows


def figures(answers: int, seconds: float, embedded: float, in_flight: int, reply_time: float) -> dict[str, Any]:
    bound = max(answers * reply_time / in_flight, embedded)
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "in_flight": in_flight,
        "reply_time_s": reply_time,
        "answers": answers,
        "vlm_s": round(answers * reply_time, 1),
        "embedded_s": round(embedded, 1),
        "bound_s": round(bound, 1),
        "batch_s": round(seconds, 1),
        "ratio": round(seconds / bound, 2),
    }


def batch_seconds(folder: Path, out: Path, **settings: Any) -> float:
    began = time.perf_counter()
    done = peel_folder(folder, out, load_preset("plain", settings))
    if done.failed:
        sys.exit(f"{done.failed[0].input}: {done.failed[0].reason}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

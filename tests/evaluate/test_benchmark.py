import json
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.toy import Toy

PROJECT = Path(__file__).parents[2]


def test_the_engine_benchmark_ends_with_one_document(toy: Toy, tmp_path: Path) -> None:
    toy.save(tmp_path / "png" / "toy.png")
    (tmp_path / "layers" / "toy").mkdir(parents=True)
    Image.fromarray(toy.picture).convert("RGBA").save(tmp_path / "layers" / "toy" / "00.png")
    command = [sys.executable, PROJECT / "benchmarks" / "engine.py", tmp_path / "png", "--truth", tmp_path]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PEELER_ENGINE": "scripted"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    results = json.loads(done.stdout.splitlines()[-1])
    assert results["pictures"] == 1
    assert results["peeler"]["exact"] == 1
    for name in ("peeler", "vtracer"):
        assert 0 < results[name]["median_s"] <= results[name]["p95_s"] <= results[name]["max_s"]
        assert results[name]["peak_mb"] > 20
    assert results["batch"]["scaling"] > 0

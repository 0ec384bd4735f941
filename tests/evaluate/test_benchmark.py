import json
import os
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from peeler.flat import survey
from tests.toy import Toy

PROJECT = Path(__file__).parents[2]


def test_the_engine_benchmark_ends_with_one_document(toy: Toy, tmp_path: Path) -> None:
    toy.save(tmp_path / "png" / "toy.png")
    (tmp_path / "layers" / "toy").mkdir(parents=True)
    Image.fromarray(toy.picture).convert("RGBA").save(tmp_path / "layers" / "toy" / "00.png")
    atlas = tmp_path / "atlas.html"
    script, truth = PROJECT / "benchmarks" / "engine.py", ["--truth", tmp_path, "--variants", "--atlas", atlas]
    command = [sys.executable, script, tmp_path / "png", *truth]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PEELER_ENGINE": "scripted"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    results = json.loads(done.stdout.splitlines()[-1])
    assert results["pictures"] == 1
    assert results["peeler"]["exact"] == 1
    for name in ("peeler", "vtracer", "vtracer cutout"):
        assert 0 < results[name]["median_s"] <= results[name]["p95_s"] <= results[name]["max_s"]
        assert results[name]["peak_mb"] > 20
    assert results["batch"]["scaling"] > 0
    assert "groups" not in results, "the truth knows of none"
    assert {"shapes", "visible", "hull", "no cue", "it is the thinner one"} <= results["variants"].keys()
    assert results["stages"]["write PNG"] > 0
    assert atlas.read_text().count("<figure>") == 1


def test_a_stage_stops_while_one_inside_of_it_runs(engine_stages: ModuleType) -> None:
    watch = engine_stages.Stopwatch()
    inner = watch.timed("inner", lambda: burn(0.04))

    def both() -> None:
        burn(0.02)
        inner()

    watch.timed("outer", both)()
    watch.switch()
    assert 0.02 <= watch.seconds["outer"] < 0.04 <= watch.seconds["inner"] < 0.06


def test_every_stage_is_a_function_of_the_package_and_is_put_back(engine_stages: ModuleType) -> None:
    palette = survey.find_palette
    with engine_stages.stages() as seconds:
        assert survey.find_palette is not palette
    assert survey.find_palette is palette
    assert seconds.keys() == {"the rest"}


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.fixture
def engine_stages() -> ModuleType:
    spec = spec_from_file_location("engine_stages", PROJECT / "benchmarks" / "engine_stages.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

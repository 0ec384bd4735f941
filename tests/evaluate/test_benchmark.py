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


def test_icons_become_pictures_whose_layers_are_known(tmp_path: Path) -> None:
    """Not those that are no flat drawing, that are one family or that resemble a picture kept back."""
    sun = '<circle cx="8" cy="8" r="6" fill="#fc0"/><rect x="2" y="2" width="3" height="9" fill="#c00"/>'
    moon = '<rect x="1" y="9" width="14" height="5" fill="#04c"/><circle cx="4" cy="5" r="3" fill="#888"/>'
    dot = '<circle cx="11" cy="11" r="2" fill="currentColor"/>'
    bodies = {
        "sun": sun + dot,
        "moon-light-skin-tone": moon + dot,
        "moon-dark-skin-tone": moon + dot,
        "glass": f'<g opacity=".5">{sun}{dot}</g>',
        "two": sun + '<rect width="4" height="4" fill="#0f0" stroke="#00f"/>',
        "few": dot,
    }
    package = tmp_path / "shapes" / "icons.json"
    package.parent.mkdir()
    package.write_text(json.dumps({"icons": {name: {"body": body} for name, body in bodies.items()}}))

    assert run_icons(tmp_path / "all", package) == {"sun", "moon-light-skin-tone"}
    layers = [
        Image.open(tmp_path / "all" / "shapes" / "layers" / "sun" / f"0{place}.png").getpixel(point)
        for place, point in enumerate([(256, 256), (150, 150), (338, 338)])
    ]
    assert layers == [(255, 204, 0, 255), (204, 0, 0, 255), (51, 51, 51, 255)]
    with Image.open(tmp_path / "all" / "shapes" / "png" / "sun.png") as picture:
        assert (picture.size, picture.getpixel((0, 0))) == ((512, 512), (255, 255, 255))

    (tmp_path / "kept").mkdir()
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((300, 300)).save(tmp_path / "kept" / "sun.png")
    assert run_icons(tmp_path / "unlike", package, "--unlike", tmp_path / "kept") == {"moon-light-skin-tone"}


def run_icons(out: Path, *arguments: Path | str) -> set[str]:
    command = [sys.executable, PROJECT / "benchmarks" / "icons.py", out, *arguments]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=True)
    return {file.stem for file in out.glob("*/png/*.png")}


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

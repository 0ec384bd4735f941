"""The plan of the house, held by tests: who may import whom, what an import costs, how long things may get."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from peeler.presets import FLUX, VARIABLE, FluxSettings, Preset

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "peeler"

TIERS: dict[str, set[str]] = {
    "words": {"errors", "geometry", "channels", "graph", "ordering", "stack", "text", "protocols", "secrets"}
    | {"dialogue", "svg_paths"},
    "vision": {"flat", "scenes", "tints", "editing", "comparing"},
    "loop": {"inputs", "judge", "lift", "presets", "registry", "peel", "batch"}
    | {"files", "records", "runs", "step_files", "workers", "graph_drawing", "prompting", "replies", "asking"}
    | {"choice", "attempts", "laps", "grounding", "claimed_order", "claimed_places", "engines"}
    | {"nets", "weights", "frames", "stack_files", "particulars", "sequences"},
    "backends": {"analysts", "removers", "vlms", "vectorizers", "exporters", "importers"},
    "doors": {"evaluate", "doctor", "account", "listened", "layout", "console", "cli", "serve_vlm", "models"}
    | {"exchange", "train", "opening", "operations", "side_by_side", "vectorize", "redrawing"},
}
RANK = {room: rank for rank, rooms in enumerate(TIERS.values()) for room in rooms}
HEAVY = ("cv2", "torch", "vtracer", "resvg_py", "networkx", "diffusers", "transformers", "peft")
HEAVY += ("huggingface_hub", "openai", "google.genai", "httpx2", "dotenv", "tenacity", "json_repair")
HEAVY += ("psd_tools", "pptx", "lxml")
BLAND = {"util", "utils", "helper", "helpers", "common", "manager", "misc", "tools", "base"}
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60

MODULES = sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def room(module: str) -> str:
    """The part of the package a module belongs to: ``flat`` for ``peeler.flat.palette``."""
    return module.split(".")[1] if "." in module else module


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """The modules of the package that a module imports anywhere, also inside its functions."""
    known = {dotted(module) for module in MODULES}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "peeler")
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{dotted(path)} imports by a relative name"
            if (node.module or "").split(".")[0] == "peeler":
                inner = {f"{node.module}.{alias.name}" for alias in node.names} & known
                yield from inner or {str(node.module)}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def inside() -> list[Path]:
    """All modules but the front of the package, which names the rooms it hands on and imports them when asked."""
    return [path for path in MODULES if dotted(path) != "peeler"]


def each_module(argument: str = "path") -> pytest.MarkDecorator:
    return pytest.mark.parametrize(argument, inside(), ids=dotted)


def test_every_room_has_its_tier() -> None:
    assert {room(dotted(path)) for path in inside()} <= RANK.keys()


@each_module()
def test_imports_go_one_way(path: Path) -> None:
    here = room(dotted(path))
    for target in imports(path):
        if target != "peeler":
            assert RANK[room(target)] <= RANK[here], f"{dotted(path)} must not import {target}"


@each_module()
def test_backends_do_not_know_each_other(path: Path) -> None:
    here = room(dotted(path))
    if here in TIERS["backends"]:
        others = {target for target in imports(path) if room(target) in TIERS["backends"] - {here}}
        assert not others, f"{dotted(path)} must not import {others}"


def test_flat_vision_does_not_know_the_drawn_scenes() -> None:
    """What is measured on the scenes must not have seen how they are made."""
    for path in MODULES:
        if room(dotted(path)) == "flat":
            assert "scenes" not in {room(target) for target in imports(path)}


def test_there_are_no_cycles() -> None:
    TopologicalSorter({dotted(path): set(imports(path)) - {"peeler"} for path in inside()}).prepare()


@pytest.mark.parametrize("module", ["peeler", "peeler.cli", "peeler.registry", "peeler.vlms"])
def test_importing_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not done.stdout.split()


@each_module()
def test_names_say_something(path: Path) -> None:
    assert not BLAND & set(path.relative_to(PACKAGE).with_suffix("").parts)


@each_module()
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@each_module()
def test_functions_stay_short(path: Path) -> None:
    long = [node.name for node in functions(path) if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION]
    assert not long


@each_module()
def test_everything_is_annotated(path: Path) -> None:
    for node in functions(path):
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare = [arg.arg for arg in every if arg.annotation is None and arg.arg not in {"self", "cls"}]
        assert not bare, f"{node.name} in {dotted(path)} leaves {bare} without a type"
        assert node.returns is not None, f"{node.name} in {dotted(path)} leaves its result without a type"


@each_module()
def test_no_error_is_swallowed(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node):
            assert any(isinstance(inner, ast.Raise) for inner in ast.walk(node)), f"{dotted(path)}:{node.lineno}"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def tracked() -> list[Path]:
    if not shutil.which("git"):
        pytest.skip("there is no git")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [PROJECT / name for name in listing.stdout.split("\0") if name]


def test_no_file_names_a_place_on_one_machine() -> None:
    place = re.compile(r"""(?<![\w.:/<])/(?:home|Users|root|work|opt)/\w""")
    for path in tracked():
        if path.suffix in {".py", ".md", ".sh", ".toml", ".txt", ".yaml", ".yml", ".json", ""} and path.is_file():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                assert not place.search(line), f"{path.relative_to(PROJECT)}:{number} names a place on one machine"


def test_nothing_large_is_tracked() -> None:
    large = [path for path in tracked() if path.is_file() and path.stat().st_size > 1_500_000]
    assert not large


def environment_names() -> set[str]:
    """The variables that the package reads: every setting of a preset, and what backends name in their source."""
    text = "".join(path.read_text(encoding="utf-8") for path in MODULES)
    keys = re.findall(r"""["']([A-Z_]+_API_KEY|[A-Z_]+_BASE_URL|HF_TOKEN)["']""", text)
    settings = [setting for setting in Preset.model_fields if setting != FLUX]
    settings += [f"{FLUX}_{setting}" for setting in FluxSettings.model_fields]
    return {f"{VARIABLE}{setting.upper()}" for setting in settings} | set(keys)


def test_the_example_environment_is_in_step() -> None:
    example = PROJECT / ".env.example"
    listed = re.findall(r"^#?\s*([A-Z][A-Z_]+)=", example.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted(environment_names())

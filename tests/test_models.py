"""The commands ``peeler models`` as a user meets them, with a hub on this machine."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from peeler.cli import app
from peeler.console import Code
from peeler.weights.store import models_folder
from tests.weights.hub import Hub, clear_settings, serving

LORA = "LayerPeeler_rank256_step20000.safetensors"


def models(*arguments: str | Path, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["models", *map(str, arguments)], input=typed)


def document(result: Result) -> dict[str, Any]:
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the models of a test are."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return models_folder({"XDG_CACHE_HOME": str(tmp_path / "cache")})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(Hub("kingno/LayerPeeler", {LORA: b"weights" * 500_000, "dataset.zip": b"not wanted"})) as running:
        clear_settings(monkeypatch)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", running.url)
        template = "{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", f"{running.url}/{template}")
        yield running


def test_list_shows_what_there_is_and_how_to_get_it(folder: Path) -> None:
    result = models("list")
    assert result.exit_code == Code.OK
    for words in (
        "flux-dev",
        "not here",
        "about 33.7 GB",
        "peeler models fetch layerpeeler-lora",
        "size as the hub says",
    ):
        assert words in result.stdout
    rows = document(models("list", "--json"))["models"]
    assert {row["name"]: row["state"] for row in rows}["peel-flux"] == "not here"
    assert rows[0]["path"] == str(folder / "flux-dev")


def test_fetch_asks_shows_the_licence_once_and_says_where(hub: Hub, folder: Path) -> None:
    result = models("fetch", "layerpeeler-lora", "--yes")
    assert result.exit_code == Code.OK, result.stderr
    place = folder / "layerpeeler-lora"
    assert result.stdout == f"layerpeeler-lora: 1 file, 3.5 MB → {place}\n"
    assert "none stated by its authors" in result.stderr
    assert "3.5 MB of 3.5 MB are to come" in result.stderr and "are free" in result.stderr
    again = models("fetch", "layerpeeler-lora", "--json")
    assert again.exit_code == Code.OK and "licence" not in again.stderr
    assert document(again)["path"] == str(place)
    assert "here" in models("list").stdout and "dataset.zip" not in str(list(place.rglob("*")))
    assert models("verify", "layerpeeler-lora").stdout == f"layerpeeler-lora: 1 file as they should be → {place}\n"


def test_fetch_does_not_download_unasked(hub: Hub, folder: Path) -> None:
    result = models("fetch", "layerpeeler-lora", typed="y\n")
    assert result.exit_code == Code.USAGE
    assert "nobody is here to ask, so say --yes" in result.stderr
    assert hub.ranges() == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "downloads"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("", False)])
def test_fetch_asks_on_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: str, downloads: bool) -> None:
    from peeler.errors import ConfigError
    from peeler.models import _agree

    shown = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr", shown)
    if downloads:
        _agree("flux-dev: 33.7 GB are to come", yes=False)
    else:
        with pytest.raises(ConfigError, match="nothing was downloaded"):
            _agree("flux-dev: 33.7 GB are to come", yes=False)
    assert shown.getvalue() == "peeler: flux-dev: 33.7 GB are to come. Download? [y/N] "


def test_fetch_tells_errors_in_one_line(hub: Hub) -> None:
    hub.refuse = (403, "GatedRepo")
    result = models("fetch", "layerpeeler-lora", "--yes", "--json")
    assert result.exit_code == Code.USAGE and len(result.stderr.splitlines()) == 1
    assert "HF_TOKEN" in document(result)["error"]
    hub.refuse = (500, "")
    assert models("fetch", "layerpeeler-lora", "--yes").exit_code == Code.BACKEND
    assert models("fetch", "nothing").exit_code == Code.USAGE
    assert "peeler models prepare" in models("fetch", "peel-flux").stderr


def test_verify_names_what_is_wrong(hub: Hub, folder: Path) -> None:
    assert models("fetch", "layerpeeler-lora", "--yes", "--folder", folder.parent / "other").exit_code == Code.OK
    place = folder.parent / "other" / "layerpeeler-lora"
    assert models("verify", place).exit_code == Code.OK
    (place / LORA).write_bytes(b"Weights" * 500_000)
    result = models("verify", place, "--json")
    assert result.exit_code == Code.INCOMPLETE
    assert result.stderr == f"peeler: {place / LORA} has other contents than it had\n"
    assert document(result)["wrong"] == [{"file": LORA, "why": "has other contents than it had"}]
    nothing = models("verify", "flux-dev")
    assert nothing.exit_code == Code.USAGE and "there is no peeler-model.json" in nothing.stderr


def test_prepare_needs_a_base(folder: Path) -> None:
    result = models("prepare")
    assert result.exit_code == Code.USAGE
    assert "flux-dev is not here: peeler models fetch flux-dev" in result.stderr


def test_prepare_makes_the_base(tiny_flux: Path, tmp_path: Path, folder: Path) -> None:
    from tests.tiny_flux import make_tiny_lora

    lora = make_tiny_lora(tmp_path / "pretrain.safetensors", tiny_flux)
    result = models("prepare", "--base", tiny_flux, "--lora", lora)
    assert result.exit_code == Code.OK, result.stderr
    assert "the licence of peel-flux" in result.stderr
    assert result.stdout.startswith("peel-flux: 14 files, ") and result.stdout.endswith(f"→ {folder / 'peel-flux'}\n")
    again = models("prepare", "--base", tiny_flux, "--lora", lora, "--json")
    assert again.stderr == "" and document(again)["path"] == str(folder / "peel-flux")
    assert models("verify", "peel-flux").exit_code == Code.OK
    inside = models("prepare", "--base", tiny_flux, "--lora", lora, "-o", tiny_flux / "out")
    assert inside.exit_code == Code.USAGE and "neither the base nor inside" in inside.stderr

import re
import subprocess
import sys
from pathlib import Path

import pytest

from peeler import registry
from peeler.analysts.scripted import ScriptedAnalyst
from peeler.errors import ConfigError
from peeler.presets import FluxSettings, Preset, load_preset
from peeler.registry import BACKENDS, ENGINES, Backend, choose_engine, ready


def test_backends_are_made_by_name() -> None:
    assert isinstance(registry.analyst("scripted"), ScriptedAnalyst)
    assert registry.analyst("scripted") is not registry.analyst("scripted")


@pytest.mark.parametrize("make", [registry.analyst, registry.remover, registry.vectorizer, registry.exporter])
def test_an_unknown_name_lists_the_known(make: object) -> None:
    with pytest.raises(ConfigError, match="called 'magic'; known are .*"):
        make("magic")  # type: ignore[operator]


def test_a_missing_package_names_the_fix() -> None:
    lacking = Backend("peeler.analysts.none:None_", needs=("no_such_package",), install="pip install peeler[x]")
    assert registry.lacks(lacking) == "lacks no_such_package: pip install peeler[x]"


def test_every_backend_is_listed_with_what_it_lacks() -> None:
    rows = ready()
    backends = [(kind, name) for kind in BACKENDS for name in BACKENDS[kind]]
    assert [(row.kind, row.name) for row in rows] == [*backends, ("model", "gemini"), ("model", "openai")]
    assert all(row.ready == (not row.lacks) for row in rows)


def test_auto_settles_on_an_engine_and_says_why() -> None:
    chosen, why = choose_engine(load_preset("plain"))
    assert (chosen.engine, chosen.analyst, chosen.remover) == ("flat", "flat", "flat")
    assert why and "\n" not in why
    assert choose_engine(chosen).preset == chosen


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_can_be_asked_for(name: str, tmp_path: Path) -> None:
    chosen, _ = choose_engine(Preset(engine=name, flux=FluxSettings(model=str(tmp_path))))
    assert (chosen.analyst, chosen.remover) == ENGINES[name]


def test_flux_removes_when_it_is_named(tmp_path: Path) -> None:
    weights = FluxSettings(model=str(tmp_path))
    preset, why = choose_engine(Preset(remover="flux", fallback="flat", flux=weights))
    assert (preset.engine, preset.analyst, preset.remover, preset.fallback) == ("flux", "flat", "flux", "flat")
    assert why == "flux removes, as asked"


def test_flux_that_is_not_worth_while_is_said_in_one_line(tmp_path: Path) -> None:
    """No test machine has CUDA: the embedded engine takes its place, and is no fallback of its own."""
    preset, why = choose_engine(Preset(fallback="flat", flux=FluxSettings(model=str(tmp_path))))
    assert (preset.engine, preset.remover, preset.fallback) == ("flat", "flat", None)
    assert why == "the embedded engine: FLUX lacks a CUDA device; --remover flux insists on it"
    lost = choose_engine(Preset(flux=FluxSettings(model="/no/such/folder"))).why
    assert lost.startswith("the embedded engine: FLUX lacks its weights: there is neither a file or folder")
    assert "FLUX" not in choose_engine(Preset()).why


def test_attention_control_and_levers_are_settings(tmp_path: Path) -> None:
    environment = {"PEELER_FLUX_LORA": "a.safetensors:0.5, b.safetensors", "PEELER_FLUX_COMPILE": "true"}
    preset = load_preset("attention", {"flux": {"model": "there", "control": None}}, environment)
    assert (preset.flux.control, preset.flux.margin, preset.flux.guidance, preset.steps) == ("published", 5, 4.5, 40)
    assert preset.flux.lora == ("a.safetensors:0.5", "b.safetensors")
    assert preset.flux.compile and preset.flux.model == "there"
    with pytest.raises(ConfigError, match="unknown setting speed of flux; known are model, lora, control"):
        load_preset("plain", {"flux": {"speed": 3}})


def test_a_named_backend_goes_before_the_engine() -> None:
    chosen, _ = choose_engine(Preset(engine="flat", remover="scripted"))
    assert (chosen.analyst, chosen.remover) == ("flat", "scripted")


@pytest.mark.parametrize("setting", ["engine", "analyst", "remover", "fallback", "vectorizer"])
def test_a_preset_with_an_unknown_name_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match="called 'magic'; known are"):
        choose_engine(Preset.model_validate({setting: "magic"}))


# Models


LOCAL = "openai:some-model@http://127.0.0.1:9/v1"


def test_a_model_may_say_what_is_on_top() -> None:
    preset, why = choose_engine(Preset(analyst=LOCAL))
    assert (preset.engine, preset.analyst, preset.remover) == ("flat", LOCAL, "flat")
    assert why == f"{LOCAL} says what is on top, as asked"


def test_a_key_is_never_used_without_being_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-this-is-no-real-key-0000")
    preset, why = choose_engine(Preset())
    assert preset.analyst == "flat"
    assert why == "the embedded engine: a key for gemini is set, --analyst gemini:MODEL would ask it"


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"analyst": "gemini:"}, "set GEMINI_API_KEY or GOOGLE_API_KEY"),
        ({"analyst": "openai"}, "needs the name of a model"),
        ({"analyst": "openai:m@http://example.com/v1"}, "https://"),
        (
            {"analyst": "claude:m"},
            "no analyst is called 'claude:m'; known are flat, scripted, gemini:MODEL, openai:MODEL",
        ),
        ({"check": True}, "a check of removals takes a model"),
        ({"analyst": LOCAL, "engine": "magic"}, "no engine is called 'magic'"),
    ],
)
def test_a_model_that_cannot_be_asked_is_told_before_anything_is_begun(
    settings: dict[str, object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match=re.escape(told)):
        choose_engine(Preset.model_validate(settings))


def test_the_light_core_alone_peels_and_says_what_the_models_lack() -> None:
    told = """
import sys
from pathlib import Path
sys.modules["google"] = sys.modules["openai"] = None  # as if they were not installed
from peeler.presets import load_preset
from peeler.registry import choose_engine
from peeler.vlms import lacks
print(choose_engine(load_preset("plain")).preset.analyst, lacks("gemini", {}), lacks("openai", {}), sep="|")
"""
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    assert found.strip().split("|") == [
        "flat",
        'lacks google.genai: pip install "peeler[vlm]"',
        'lacks openai: pip install "peeler[vlm]"',
    ]

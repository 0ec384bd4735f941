"""Which model is meant, where it is, and which key goes there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from peeler.dialogue import Abilities
from peeler.errors import ConfigError
from peeler.secrets import HIDDEN, redact
from peeler.vlms import INSTALL, is_installed, lacks, load_environment, open_vlm, parse_spec
from peeler.vlms.specs import PROVIDERS, VlmSpec, abilities_of, key_for, name_of

LOOPBACK = "http://127.0.0.1:8000/v1"
KEY = "sk-fake-of-the-specs-test"


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("gemini", VlmSpec("gemini", "gemini-2.5-pro")),
        ("gemini:gemini-2.5-flash", VlmSpec("gemini", "gemini-2.5-flash")),
        (" openai:gpt-4.1 ", VlmSpec("openai", "gpt-4.1")),
        (f"openai:MODEL@{LOOPBACK}", VlmSpec("openai", "MODEL", LOOPBACK)),
        (f"openai:qwen2.5vl:7b@{LOOPBACK}/", VlmSpec("openai", "qwen2.5vl:7b", LOOPBACK)),
        ("openai:org/model@http://[::1]:1/v1", VlmSpec("openai", "org/model", "http://[::1]:1/v1")),
        ("openai:m@http://localhost:11434/v1?key=MINE", VlmSpec("openai", "m", "http://localhost:11434/v1", "MINE")),
        ("openai:a@b@https://h.example/v1?key=K", VlmSpec("openai", "a@b", "https://h.example/v1", "K")),
        ("openai:m@https://api.openai.com/v1", VlmSpec("openai", "m")),
        ("gemini@http://127.0.0.1:9", VlmSpec("gemini", "gemini-2.5-pro", "http://127.0.0.1:9")),
        ("gemini?key=OTHER", VlmSpec("gemini", "gemini-2.5-pro", None, "OTHER")),
    ],
)
def test_specs(text: str, spec: VlmSpec) -> None:
    assert parse_spec(text) == spec


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no model"),
        ("flat", "one of gemini, openai"),
        ("claude:opus", "one of gemini, openai"),
        ("openai", "openai:MODEL"),
        (f"openai@{LOOPBACK}", "openai:MODEL"),
        ("openai:../../x", "the name of a model"),
        ("openai:m@file:///etc/passwd", "no address"),
        ("openai:m@ftp://127.0.0.1/", "no address"),
        ("openai:m@http://", "no address"),
        ("openai:m@http://127.0.0.1:99999/v1", "no address"),
        ("openai:m@http://127.0.0.1\\@evil.example/v1", "no address"),
        ("openai:m@http://192.168.0.7:8000/v1", "https://"),
        ("openai:m@http://127.0.0.1.evil.example/v1?key=K", "https://"),
        ("openai:m@http://localhost.evil.example/v1?key=K", "https://"),
        ("openai:m@https://me:secret@h.example/v1?key=K", "no name or password"),
        ("openai:m@https://h.example/v1?alt=1?key=K", "?key=VARIABLE comes last"),
        ("openai:m@https://h.example/v1", "?key=OPENAI_API_KEY"),
        ("gemini?key=", "name of an environment variable"),
        (f"gemini?key={KEY}", "not the key itself"),
    ],
)
def test_specs_that_are_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as problem:
        parse_spec(text)
    assert told in str(problem.value)
    assert KEY not in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_refused_spec_does_not_repeat_a_key() -> None:
    with pytest.raises(ConfigError) as problem:
        parse_spec(f"anything:{KEY}")
    assert KEY not in str(problem.value) and HIDDEN in str(problem.value)


def test_keys_go_where_they_belong() -> None:
    environment = {"GOOGLE_API_KEY": "of-google", "OPENAI_API_KEY": " of-openai\n", "MINE": "of-mine"}
    assert key_for(parse_spec("gemini"), environment) == "of-google"
    assert key_for(parse_spec("gemini"), {**environment, "GEMINI_API_KEY": "of-gemini"}) == "of-gemini"
    assert key_for(parse_spec("openai:m"), environment) == "of-openai"
    assert key_for(parse_spec("openai:m?key=MINE"), environment) == "of-mine"
    assert key_for(parse_spec(f"openai:m@{LOOPBACK}?key=MINE"), environment) == "of-mine"
    assert key_for(parse_spec(f"openai:m@{LOOPBACK}"), environment) is None


@pytest.mark.parametrize(
    ("spec", "told"), [("gemini", "GEMINI_API_KEY or GOOGLE_API_KEY"), ("openai:m?key=K", "set K")]
)
def test_a_missing_key_is_named(spec: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        open_vlm(spec, {"OPENAI_API_KEY": "", "GEMINI_API_KEY": " "})


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "ключ-ключ-ключ"])
def test_a_garbled_key_is_told_but_not_shown(key: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as problem:
        open_vlm("openai:m", {"OPENAI_API_KEY": key})
    assert key not in str(problem.value)


@pytest.mark.parametrize("name", ["gemini", "openai:gpt-4.1", f"openai:m@{LOOPBACK}", f"gemini@{LOOPBACK}"])
def test_a_model_is_called_as_it_was_named(name: str) -> None:
    spec = parse_spec(name)
    vlm = open_vlm(name, {"GEMINI_API_KEY": KEY, "OPENAI_API_KEY": KEY})
    assert vlm.name == name_of(spec.provider, spec.model, spec.base_url)
    assert parse_spec(vlm.name) == spec
    assert vlm.abilities == abilities_of(spec.provider, spec.model)
    assert KEY not in repr(vlm) + repr(vars(vlm))


def test_every_key_of_the_environment_is_kept_secret() -> None:
    open_vlm(f"openai:m@{LOOPBACK}", {"RECRAFT_API_KEY": "unshaped+key+of+another"})
    assert redact("it said unshaped+key+of+another") == f"it said {HIDDEN}"


@pytest.mark.parametrize(
    ("model", "able"),
    [
        ("gemini:gemini-2.5-pro", Abilities(boxes=True, masks="png", seeds=True)),
        ("gemini:gemini-3-pro-preview", Abilities(boxes=True, seeds=True)),
        ("gemini:gemma-3-27b-it", Abilities(json_schema=False, seeds=True)),
        ("openai:google/gemini-2.5-flash", Abilities(boxes=True, masks="png")),
        ("openai:peeler-embedded", Abilities(boxes=True, masks="png", seeds=True)),
        ("openai:gpt-4.1", Abilities(seeds=True)),
    ],
)
def test_what_models_can_do(model: str, able: Abilities) -> None:
    assert abilities_of(*model.split(":")) == able


def test_what_is_lacking() -> None:
    assert lacks("gemini", {}) == "lacks a key: set GEMINI_API_KEY or GOOGLE_API_KEY"
    assert lacks("gemini", {"GOOGLE_API_KEY": KEY}) == ""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_missing_package_is_named(provider: str) -> None:
    package = PROVIDERS[provider].needs
    code = f"""
import sys
sys.modules[{package!r}] = None
from peeler.errors import ConfigError
from peeler.vlms import open_vlm
try:
    open_vlm("{provider}:m", {{{PROVIDERS[provider].keys[0]!r}: "x"}})
except ConfigError as problem:
    print(problem)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert package in done.stdout and INSTALL in done.stdout


def test_the_environment_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "\ufeffPEELER_SEED=7\nexport OPENAI_API_KEY='from the file, as text ${HOME}'\nMY_TOKEN=t\nGEMINI_API_KEY=mine\n"
        "HTTPS_PROXY=http://evil.example\nOPENAI_BASE_URL=http://evil.example\nPATH=/evil\nEMPTY_KEY\n",
        encoding="utf-8",
    )
    environment = {"GEMINI_API_KEY": "set before"}
    load_environment(file, environment)
    assert environment == {
        "GEMINI_API_KEY": "set before",
        "PEELER_SEED": "7",
        "OPENAI_API_KEY": "from the file, as text ${HOME}",
        "MY_TOKEN": "t",
    }
    assert "from the file" not in redact("it said: from the file, as text ${HOME}")


def test_no_environment_file(tmp_path: Path) -> None:
    environment = dict[str, str]()
    load_environment(tmp_path / ".env", environment)
    load_environment(tmp_path, environment)
    assert not environment


def test_an_environment_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"OPENAI_API_KEY=\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_environment(file, {})


@pytest.mark.parametrize(
    "package, there", [("json", True), ("json.decoder", True), ("json.nothing", False), ("no_such_package.part", False)]
)
def test_a_package_inside_one_that_is_missing_is_missing(package: str, there: bool) -> None:
    assert is_installed(package) == there

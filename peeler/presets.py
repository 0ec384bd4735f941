"""How to run: one typed preset, filled by a file, then the environment, then the caller."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from peeler.choice import Granularity
from peeler.errors import ConfigError

FOLDERS = (Path(__file__).parent / "preset_files", Path(__file__).parents[1] / "inference" / "presets")
"""Where presets are kept: inside the installed package, or at the top of a checkout. Both are the same files."""
VARIABLE = "PEELER_"
"""What the name of an environment variable that overrides a setting begins with."""

Output = Literal["png", "svg", "html", "psd", "pptx", "ora", "webp", "gif"]


class FluxSettings(BaseModel):
    """How FLUX removes: which weights, on what, and what makes it quicker. The defaults change no pixel for speed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(default=None, description="folder of the weights, or the name of a fetched model")
    lora: tuple[str, ...] = Field(default=(), description="adapters, each a file or name, with :WEIGHT if not 1")
    control: Literal["none", "published", "strict"] = Field(default="none", description="who may look at whom")
    guidance: float = Field(default=4.5, ge=0, le=100, description="how strongly the words steer")
    size: int = Field(default=512, ge=16, le=2048, description="pixels of the longer side while it works")
    margin: int = Field(default=5, ge=0, le=256, description="pixels by which places grow for attention control")
    candidates: int = Field(default=1, ge=1, le=16, description="results of which the judge takes the best")
    at_once: int = Field(default=4, ge=1, le=64, description="results that are worked on together")
    instance_tokens: int = Field(default=200, ge=8, le=512, description="words of text that each element gets")
    device: Literal["auto", "cuda", "mps", "cpu"] = Field(default="auto", description="where it computes")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(default="auto", description="how exactly")
    offload: Literal["auto", "none", "model", "group"] = Field(default="auto", description="what rests on the CPU")
    text_on_cpu: bool = Field(default=False, description="read the words on the CPU, which frees 10 GB of the GPU")
    compile: bool = Field(default=False, description="compile the blocks, which takes minutes once")
    fuse_qkv: bool = Field(default=False, description="one matrix for queries, keys and values")
    quantise: Literal["none", "int8", "fp8"] = Field(default="none", description="keep and multiply weights in 8 bits")
    step_cache: float = Field(default=0.0, ge=0, le=1, description="skip blocks when the first one changes less")

    @field_validator("lora", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _listed(value)


class Preset(BaseModel):
    """How to run. Names of backends are those of the registry; None leaves the choice to ``engine``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(default="auto", description="analyst and remover; auto takes the best that is ready")
    analyst: str | None = Field(default=None, description="who says what is on top: a name, or PROVIDER:MODEL@URL")
    remover: str | None = Field(default=None, description="who takes it away")
    fallback: str | None = Field(default=None, description="the remover to ask when the first one fails")
    seed: int = Field(default=42, ge=0, lt=2**63, description="what every random choice is derived from")
    steps: int = Field(default=40, ge=1, le=1000, description="denoising steps of a remover that has any")
    max_steps: int = Field(default=30, ge=0, description="removals after which a run stops")
    attempts: int = Field(default=3, ge=1, le=100, description="tries of one removal, each with another seed")
    at_once: int | None = Field(default=None, ge=1, description="most elements that one removal takes away")
    granularity: Granularity = Field(default="parts", description="a layer per part, or per object")
    learned: bool = Field(default=True, description="the embedded analyst uses what it has learned, besides its rules")
    targets: tuple[str, ...] = Field(default=(), description="what to peel, by name; nothing else is then")
    localise: bool = Field(default=False, description="ask the model for boxes and outlines, too")
    maintain: bool = Field(default=False, description="ask the model to bring its graph up to date after each removal")
    check: bool = Field(default=False, description="ask the model whether a removal worked")
    max_cost: float | None = Field(default=None, ge=0, description="US dollars that a run or batch may cost")
    max_calls: int | None = Field(default=None, ge=0, description="requests that a run or batch may send to a model")
    requests_per_minute: int | None = Field(default=None, ge=1, description="most requests in any minute")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="most tokens in any minute")
    timeout: float = Field(
        default=120.0, gt=0, le=3600, description="seconds until an answer of a model has to be there"
    )
    in_flight: int | None = Field(default=None, ge=1, le=256, description="pictures of a batch that wait for a model")
    prices: str | None = Field(default=None, description="a YAML file of prices that goes before the built-in ones")
    cache: str = Field(default="", description="folder in which replies are kept; off keeps none")
    flux: FluxSettings = Field(default_factory=FluxSettings, description="how FLUX removes, if it is the remover")
    vectorizer: str = Field(default="curves", description="who turns layers into paths")
    outputs: tuple[Output, ...] = Field(default=("png", "svg", "html"), description="what is written at the end")

    @field_validator("outputs", "targets", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _listed(value)

    def what_counts(self) -> dict[str, Any]:
        """All settings on which the result depends: those that a run which goes on must not change."""
        return self.model_dump(exclude={**dict.fromkeys(MEANS, True), FLUX: FLUX_MEANS})


FLUX = "flux"
"""The settings that have settings of their own."""
FLUX_MEANS = {"offload", "text_on_cpu", "at_once"}
MEANS = {"max_cost", "max_calls", "requests_per_minute", "tokens_per_minute", "timeout", "in_flight", "prices", "cache"}
"""Settings that say by which means a run gets its result, and not which."""


def load_preset(
    name_or_path: str | Path = "plain",
    overrides: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Preset:
    """The preset of a known name or a YAML file, then ``PEELER_*`` variables, then ``overrides`` that are not None.

    Raises ConfigError for an unknown preset or setting, naming the known ones, and for a value that does not fit.
    """
    path = _find(name_or_path)
    settings = read_yaml(path, "preset")
    _refuse_unknown(settings, str(path))
    variables = _from_environment(os.environ if environment is None else environment)
    given = _set(overrides or {})
    _refuse_unknown(given, "the settings given")
    sources = (settings, variables, given)
    flux = {key: value for source in sources for key, value in source.get(FLUX, {}).items()}
    try:
        return Preset.model_validate({**settings, **variables, **given, FLUX: flux})
    except ValidationError as problem:
        raise ConfigError(f"preset {name_or_path}: {first_problem(problem)}") from problem


def preset_names() -> list[str]:
    """The presets that come with Peeler."""
    return sorted({file.stem for folder in FOLDERS for file in folder.glob("*.yaml")})


def _find(name_or_path: str | Path) -> Path:
    given = Path(name_or_path)
    if given.suffix in (".yaml", ".yml"):
        return given
    for folder in FOLDERS:
        if (path := folder / f"{name_or_path}.yaml").is_file():
            return path
    known = ", ".join(preset_names())
    raise ConfigError(f"no preset is called {str(name_or_path)!r}; known are {known}, or give a .yaml file")


def read_yaml(path: Path, what: str) -> dict[str, Any]:
    """The settings in a file that is a ``what``. Raises ConfigError."""
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: the {what} cannot be read ({problem})") from problem
    except yaml.YAMLError as problem:
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(problem).split())})") from problem
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: a {what} is a list of 'setting: value' lines")
    return settings


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    named = {name: value for name, value in environment.items() if name.startswith(VARIABLE) and value}
    found: dict[str, Any] = {name.removeprefix(VARIABLE).lower(): value for name, value in named.items()}
    inner = {key: found.pop(key) for key in list(found) if key.startswith(f"{FLUX}_")}
    if inner:
        found[FLUX] = {key.removeprefix(f"{FLUX}_"): value for key, value in inner.items()}
    _refuse_unknown(found, f"the environment ({VARIABLE}*)")
    return found


def _set(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not None, those of FLUX included."""
    given = {key: _set(value) if isinstance(value, Mapping) else value for key, value in settings.items()}
    return {key: value for key, value in given.items() if value is not None}


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _refuse_unknown(settings: Mapping[Any, Any], where: str) -> None:
    flux = settings.get(FLUX, {})
    if not isinstance(flux, Mapping):
        raise ConfigError(f"{where}: {FLUX} is a list of 'setting: value' lines")
    for given, known, inside in ((settings, Preset, ""), (flux, FluxSettings, f" of {FLUX}")):
        if unknown := sorted(str(key) for key in given if key not in known.model_fields):
            names = ", ".join(known.model_fields)
            raise ConfigError(f"{where}: unknown setting {', '.join(unknown)}{inside}; known are {names}")


def first_problem(problem: ValidationError) -> str:
    """The first setting that does not fit, and why."""
    error = problem.errors()[0]
    return f"{'.'.join(map(str, error['loc']))} = {error['input']!r}: {error['msg']}"

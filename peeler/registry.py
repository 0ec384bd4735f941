"""Backends by name: where each one lives and what it takes. Nothing is imported before it is asked for."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from peeler.dialogue import Vlm
from peeler.errors import ConfigError
from peeler.presets import FLUX, FluxSettings, Preset
from peeler.protocols import Analyst, Checker, Exporter, Importer, Remover, Vectorizer

if TYPE_CHECKING:
    from peeler.asking import Asker
    from peeler.workers import Host


@dataclass(frozen=True)
class Backend:
    """A class by its dotted path, and the importable modules it needs besides the core."""

    path: str
    needs: tuple[str, ...] = ()
    install: str = "pip install peeler"


class Readiness(NamedTuple):
    """A line of ``peeler doctor``; ``lacks`` is empty when the backend is ready."""

    kind: str
    name: str
    ready: bool
    lacks: str


class EngineChoice(NamedTuple):
    """A preset whose analyst and remover are settled, and why these."""

    preset: Preset
    why: str


DRAWING = ("svg", "pptx")
"""Exporters that take paths."""
EXPORT = "pip install 'peeler[export]'"

BACKENDS: dict[str, dict[str, Backend]] = {
    "analyst": {
        "flat": Backend("peeler.analysts.flat:FlatAnalyst", needs=("cv2",)),
        "scripted": Backend("peeler.analysts.scripted:ScriptedAnalyst"),
    },
    "remover": {
        "flat": Backend("peeler.removers.flat:FlatRemover", needs=("cv2",)),
        "scripted": Backend("peeler.removers.scripted:ScriptedRemover"),
        "flux": Backend(
            "peeler.removers.flux:FluxRemover",
            needs=("cv2", "torch", "diffusers", "transformers", "peft", "accelerate"),
            install="pip install 'peeler[flux]'",
        ),
    },
    "vectorizer": {
        "curves": Backend("peeler.vectorizers.curves:CurvesVectorizer", needs=("vtracer",)),
        "recraft": Backend(
            "peeler.vectorizers.recraft:RecraftVectorizer",
            needs=("openai", "httpx2", "tenacity"),
            install="pip install 'peeler[vlm]'",
        ),
    },
    "exporter": {
        "png": Backend("peeler.exporters.png:PngExporter"),
        "svg": Backend("peeler.exporters.svg:SvgExporter"),
        "html": Backend("peeler.exporters.html:HtmlExporter"),
        "psd": Backend("peeler.exporters.psd:PsdExporter", needs=("psd_tools",), install=EXPORT),
        "pptx": Backend("peeler.exporters.pptx:PptxExporter", needs=("pptx",), install=EXPORT),
        "ora": Backend("peeler.exporters.ora:OraExporter"),
        "webp": Backend("peeler.exporters.webp:WebpExporter"),
        "gif": Backend("peeler.exporters.gif:GifExporter"),
    },
    "importer": {
        "psd": Backend("peeler.importers.psd:PsdImporter", needs=("psd_tools",), install=EXPORT),
        "ora": Backend("peeler.importers.ora:OraImporter"),
        "svg": Backend("peeler.importers.svg:SvgImporter", needs=("resvg_py",)),
        "folder": Backend("peeler.importers.folder:FolderImporter"),
        "sequence": Backend("peeler.importers.sequence:SequenceImporter", needs=("cv2",)),
    },
}

ENGINES: dict[str, tuple[str, str]] = {
    "flat": ("flat", "flat"),
    "flux": ("flat", "flux"),
    "scripted": ("scripted", "scripted"),
}
"""Engine → its analyst and remover."""
VLMS = "peeler.vlms"
LISTENING = "peeler.analysts.vlm"
SHARING = "peeler.nets.sharing"
PAID = {"recraft": "peeler.vlms.recraft"}
"""Vectorizers that ask a service, and where that one lives."""
EMBEDDED, CURVES = "flat", "curves"
"""The engine and the vectorizer that are always ready."""


def analyst(name: str, learned: bool = True) -> Analyst:
    """A new analyst; the embedded one keeps to its rules unless it may use what it has ``learned``.

    Raises ConfigError when the name is unknown or its packages are missing; so do the others here."""
    kind = _load("analyst", name)
    return cast(Analyst, kind(learned) if name == EMBEDDED else kind())


def vlm(spec: str, environment: Mapping[str, str] | None = None) -> Vlm:
    """The model that ``PROVIDER:MODEL@URL`` names, with its key. Raises ConfigError; nothing is sent yet."""
    model: Vlm = import_module(VLMS).open_vlm(spec, os.environ if environment is None else environment)
    return model


def asks_a_model(name: str | None) -> bool:
    """Whether an analyst is the name of a model rather than that of a backend."""
    provider = _provider(name)
    return provider in providers() and provider not in BACKENDS["analyst"]


def paints(preset: Preset) -> bool:
    """Whether FLUX may be asked by a settled preset."""
    return FLUX in (preset.remover, preset.fallback)


def asks(preset: Preset) -> bool:
    """Whether peeling by a preset waits for answers from elsewhere."""
    return asks_a_model(preset.analyst) or preset.vectorizer in PAID


def _provider(name: str | None) -> str:
    return re.split("[:@?]", name or "")[0]


def providers() -> tuple[str, ...]:
    """Who can be asked."""
    return tuple(import_module(f"{VLMS}.specs").PROVIDERS)


def listening_analyst(
    asker: "Asker", preset: Preset, aside: Callable[[], AbstractContextManager[None]]
) -> tuple[Analyst, Checker | None]:
    """The analyst that asks a model, and who gives a second opinion if that is wanted."""
    room = import_module(LISTENING)
    talk = room.Conversation(asker, aside, preset.timeout)
    questions = room.Questions(preset.targets, preset.localise, preset.maintain)
    return room.VlmAnalyst(talk, questions, preset.learned), room.VlmChecker(talk) if preset.check else None


def remover(
    name: str,
    flux: FluxSettings | None = None,
    host: "Host | None" = None,
    aside: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Remover:
    """A new remover; FLUX works as ``flux`` says, in the process of ``host`` if there is one."""
    kind = _load("remover", name)
    if name != FLUX:
        return cast(Remover, kind())
    edits = None if host is None else import_module(SHARING).SharedEdits(host, aside)
    return cast(Remover, kind(flux or FluxSettings(), edits))


def hosted(preset: Preset, modules: Sequence[str]) -> "AbstractContextManager[Host | None]":
    """The process that holds what those of a batch share, which import ``modules``; None if there is nothing."""
    if not paints(preset):
        return nullcontext()
    return cast("AbstractContextManager[Host]", import_module(SHARING).hosted(preset.flux, modules))


def vectorizer(name: str, tolerance: float | None = None) -> Vectorizer:
    """A new vectorizer; ``tolerance`` is by how many pixels its curves may miss, if it draws any itself."""
    kind = _load("vectorizer", name)
    if name in PAID:
        raise ConfigError(f"{name} costs money: peeler vectorize RUN --vectorizer {name} asks it, within --max-cost")
    return cast(Vectorizer, kind() if tolerance is None else kind(tolerance))


def paid_vectorizer(
    name: str, asker: "Asker", timeout: float, aside: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Vectorizer:
    """A new vectorizer of ``PAID`` that asks by ``asker``."""
    return cast(Vectorizer, _load("vectorizer", name)(asker, timeout, aside))


def service(name: str, environment: Mapping[str, str] | None = None) -> Vlm:
    """Whom a vectorizer of ``PAID`` asks, with its key. Raises ConfigError; nothing is sent yet."""
    if missing := lacks(find("vectorizer", name)):
        raise ConfigError(f"the vectorizer {name!r} {missing}")
    asked: Vlm = import_module(PAID[name]).open_service(os.environ if environment is None else environment)
    return asked


def exporter(name: str, by: str | Vectorizer = CURVES) -> Exporter:
    """A new exporter; those for SVG and slides draw their paths with the vectorizer ``by``, or the one so called."""
    kind = _load("exporter", name)
    if name not in DRAWING:
        return cast(Exporter, kind())
    return cast(Exporter, kind(vectorizer(by) if isinstance(by, str) else by))


def importer(name: str) -> Importer:
    return cast(Importer, _load("importer", name)())


def write_index(batch: Path) -> None:
    """Write the page of a batch folder, which tells what is on disk there."""
    import_module("peeler.exporters.html").write_index(batch)


def choose_engine(preset: Preset) -> EngineChoice:
    """Settle ``engine``, ``analyst`` and ``remover`` of a preset; ones that are named there stay as they are."""
    if asks_a_model(preset.analyst):
        _check_model(preset.analyst or "")
    name, why = _engine(preset)
    if name not in ENGINES:
        raise ConfigError(f"no engine is called {preset.engine!r}; known are auto, {', '.join(ENGINES)}")
    default_analyst, default_remover = ENGINES[name]
    remover = preset.remover or default_remover
    settled = preset.model_copy(
        update={
            "engine": name,
            "analyst": preset.analyst or default_analyst,
            "remover": remover,
            "fallback": None if preset.fallback == remover else preset.fallback,
        }
    )
    _check_names(settled)
    return EngineChoice(settled, why)


def _engine(preset: Preset) -> tuple[str, str]:
    """The name of the engine, and why it is this one."""
    asked = f"{preset.analyst} says what is on top, as asked" if asks_a_model(preset.analyst) else ""
    if preset.engine != "auto":
        return preset.engine, asked or "as asked"
    if preset.remover is not None:
        name = next((engine for engine, (_, remover) in ENGINES.items() if remover == preset.remover), EMBEDDED)
        return name, asked or f"{preset.remover} removes, as asked"
    missing = flux_lacks(preset.flux)
    if not missing:
        return FLUX, "; ".join(filter(None, ("FLUX removes, as its weights and CUDA are here", asked)))
    is_wanted = preset.flux.model is not None or preset.flux.lora
    offer = f"FLUX {missing}; --remover flux insists on it" if is_wanted else _offer()
    return EMBEDDED, asked or f"the embedded engine: {offer}"


def flux_lacks(settings: FluxSettings) -> str:
    """What FLUX lacks to be worth while here, and how to get it; empty when it is ready."""
    if missing := lacks(find("remover", FLUX)):
        return missing
    try:
        import_module("peeler.weights.flux").flux_weights(settings)
    except ConfigError as problem:
        return f"lacks its weights: {problem}"
    device = import_module("peeler.nets.loading").choose_device("auto")
    return "" if device.type == "cuda" else "lacks a CUDA device"


def ready() -> list[Readiness]:
    """Every backend, and what it lacks."""
    return list(_readiness())


def find(kind: str, name: str) -> Backend:
    """Where a backend lives. Raises ConfigError that lists the known names."""
    try:
        return BACKENDS[kind][name]
    except KeyError:
        known = [*BACKENDS[kind], *(f"{name}:MODEL" for name in providers() if kind == "analyst")]
        raise ConfigError(f"no {kind} is called {name!r}; known are {', '.join(known)}") from None


def modules_of(preset: Preset) -> tuple[str, ...]:
    """What peeling by a settled preset imports."""
    named = [("remover", preset.remover), ("remover", preset.fallback), ("vectorizer", preset.vectorizer)]
    named += [("exporter", output) for output in preset.outputs]
    asked: tuple[str, ...] = ()
    if asks_a_model(preset.analyst):
        asked = (LISTENING, _module(import_module(f"{VLMS}.specs").PROVIDERS[_provider(preset.analyst)].path))
    else:
        named.append(("analyst", preset.analyst))
    return (*asked, *(_module(find(kind, name).path) for kind, name in named if name))


def _module(path: str) -> str:
    return path.partition(":")[0]


def _check_names(preset: Preset) -> None:
    for kind, name in (
        ("analyst", None if asks_a_model(preset.analyst) else preset.analyst),
        ("remover", preset.remover),
        ("remover", preset.fallback),
        ("vectorizer", preset.vectorizer),
    ):
        if name is not None:
            find(kind, name)
    for output in preset.outputs:
        if missing := lacks(find("exporter", output)):
            raise ConfigError(f"the output {output!r} {missing}")
    if paints(preset):
        import_module("peeler.weights.flux").flux_weights(preset.flux)
    if preset.vectorizer in PAID and not {*DRAWING}.isdisjoint(preset.outputs):
        service(preset.vectorizer)
    if preset.check and not asks_a_model(preset.analyst):
        raise ConfigError("a check of removals takes a model: name one as the analyst, such as gemini:MODEL")


def _check_model(spec: str) -> None:
    """Raises ConfigError when a model cannot be asked, before anything is begun."""
    vlms = import_module(VLMS)
    asked = vlms.parse_spec(spec)
    import_module(f"{VLMS}.specs").key_for(asked, os.environ)
    if (missing := vlms.lacks(asked.provider, os.environ)) and "key" not in missing:
        raise ConfigError(f"{asked.provider} {missing}")


def _offer() -> str:
    """What a key that is set would be good for; it is never used without being asked to."""
    lacks = import_module(VLMS).lacks
    ready = next((name for name in providers() if not lacks(name, os.environ)), None)
    return f"a key for {ready} is set, --analyst {ready}:MODEL would ask it" if ready else "no larger model is ready"


def _load(kind: str, name: str) -> Any:
    backend = find(kind, name)
    if missing := lacks(backend):
        raise ConfigError(f"the {kind} {name!r} {missing}")
    module, _, attribute = backend.path.partition(":")
    return getattr(import_module(module), attribute)


def lacks(backend: Backend) -> str:
    """What is missing for a backend and how to get it; empty when it is ready."""
    missing = [module for module in backend.needs if find_spec(module) is None]
    return f"lacks {', '.join(missing)}: {backend.install}" if missing else ""


def _readiness() -> Iterator[Readiness]:
    for kind, backends in BACKENDS.items():
        for name, backend in backends.items():
            missing = flux_lacks(FluxSettings()) if name == FLUX else lacks(backend)
            if name in PAID and not missing:
                missing = import_module(PAID[name]).lacks(os.environ)
            yield Readiness(kind, name, not missing, missing)
    for name in providers():
        missing = import_module(VLMS).lacks(name, os.environ)
        yield Readiness("model", name, not missing, missing)

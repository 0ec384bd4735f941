"""Which model is meant: ``gemini``, ``gemini:MODEL``, ``openai:MODEL@http://127.0.0.1:8000/v1``, and what it can do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from peeler.dialogue import Abilities
from peeler.errors import ConfigError
from peeler.secrets import redact, remember
from peeler.text import label


@dataclass(frozen=True)
class Provider:
    """A kind of server.

    ``path`` is the class that talks to it, ``needs`` the package that takes, ``address`` its own server, ``keys`` the
    variables that may hold its key, the first that is set counts, ``model`` is asked when none is named.
    """

    path: str
    needs: str
    address: str
    keys: tuple[str, ...]
    model: str = ""


PROVIDERS: dict[str, Provider] = {
    "gemini": Provider(
        path="peeler.vlms.gemini:GeminiVlm",
        needs="google.genai",
        address="https://generativelanguage.googleapis.com",
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        model="gemini-2.5-pro",
    ),
    "openai": Provider(
        path="peeler.vlms.openai_compatible:OpenAiCompatibleVlm",
        needs="openai",
        address="https://api.openai.com/v1",
        keys=("OPENAI_API_KEY",),
    ),
}

ABILITIES: tuple[tuple[str, Abilities], ...] = (
    ("*:peeler-*", Abilities(boxes=True, masks="png", seeds=True)),  # peeler serve-vlm
    # https://ai.google.dev/gemini-api/docs/image-understanding: boxes from 2.0 on, masks with the 2.5 models.
    ("gemini:gemini-2.5-*", Abilities(boxes=True, masks="png", seeds=True)),
    ("gemini:gemini-*", Abilities(boxes=True, seeds=True)),
    ("gemini:gemma-*", Abilities(json_schema=False, seeds=True)),
    # The same behind OpenAI's format, where seeds are not taken.
    ("openai:gemini-2.5-*", Abilities(boxes=True, masks="png")),
    ("openai:gemini-*", Abilities(boxes=True)),
    ("*", Abilities(seeds=True)),
)
"""Provider and model, as a pattern, and what it can do; the first that fits counts."""

_SPEC = re.compile(r"(?P<provider>[^:@?]+)(?::(?P<model>.*?))?(?:@(?P<url>\w+://.*?))?(?:\?key=(?P<key>.*))?")
_MODEL = re.compile(r"(?!.*//|.*\.\.)[A-Za-z0-9][\w.:/@+-]{0,199}")
_VARIABLE = re.compile(r"[A-Za-z_]\w{0,99}")
_UNFIT = re.compile(r"[^!-~]|\\")


LARGEST_SEED = 2**31 - 1
"""That every server takes."""


@dataclass(frozen=True)
class VlmSpec:
    """Who is asked. Without a ``base_url`` it is the provider's own server; ``key_variable`` overrides its key's."""

    provider: str
    model: str
    base_url: str | None = None
    key_variable: str | None = None


def parse_spec(text: str) -> VlmSpec:
    """``PROVIDER[:MODEL][@ADDRESS][?key=VARIABLE]``.

    A key leaves this machine only encrypted, and for another address than its provider's only if it is named.
    Raises ConfigError.
    """
    found = _SPEC.fullmatch(text.strip())
    if not found or found["provider"] not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise ConfigError(f"{_shown(text)!r} names no model: PROVIDER:MODEL@ADDRESS, where PROVIDER is one of {known}")
    provider = PROVIDERS[found["provider"]]
    model = found["model"] or provider.model
    if not _MODEL.fullmatch(model):
        raise ConfigError(f"{_shown(text)!r} needs the name of a model, as in {found['provider']}:MODEL")
    if found["key"] is not None and not _VARIABLE.fullmatch(found["key"]):
        raise ConfigError("?key= takes the name of an environment variable, not the key itself")
    address = check_address(found["url"]) if found["url"] else provider.address
    base_url = None if address == provider.address else address
    if base_url and not is_loopback(base_url) and not found["key"]:
        name = provider.keys[0]
        raise ConfigError(
            f"{base_url} is not {found['provider']}'s own: name the key that goes there, as in ?key={name}"
        )
    return VlmSpec(found["provider"], model, base_url, found["key"])


def key_for(spec: VlmSpec, environment: Mapping[str, str]) -> str | None:
    """The key that goes to the server; None on this machine, unless one is named. Raises ConfigError."""
    names = (spec.key_variable,) if spec.key_variable else () if spec.base_url else PROVIDERS[spec.provider].keys
    name = next((name for name in names if environment.get(name, "").strip()), None)
    if name is None:
        if not names:
            return None
        raise ConfigError(f"there is no key for {spec.provider}: set {' or '.join(names)}, or write it into .env")
    return readable_key(name, environment[name].strip())


def readable_key(name: str, key: str) -> str:
    """The key that the variable ``name`` holds, which is hidden from now on. Raises ConfigError when it is garbled."""
    remember(key)
    if not re.fullmatch(r"[!-~]+", key):
        raise ConfigError(f"{name} holds characters that no key has: copy it again")
    return key


def name_of(provider: str, model: str, base_url: str | None) -> str:
    """Provider, model and address, as a ``Vlm`` is called."""
    return f"{provider}:{model}@{base_url}" if base_url else f"{provider}:{model}"


def abilities_of(provider: str, model: str) -> Abilities:
    """What a model can do; the maker before the last slash of its name does not count."""
    known = f"{provider}:{model.rpartition('/')[2].lower()}"
    return next(abilities for pattern, abilities in ABILITIES if fnmatchcase(known, pattern))


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine, so that nobody listens in between."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(url: str) -> str:
    """The address without a slash at its end. Raises ConfigError when a key could leak over it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or _UNFIT.search(url):
        raise ConfigError(f"{_shown(url)!r} is no address: give one such as http://127.0.0.1:8000/v1")
    _refuse_extras(parts)
    if parts.scheme == "http" and not is_loopback(url):
        raise ConfigError(f"{parts.hostname} is another machine: its address has to begin with https://")
    return url.rstrip("/")


def _refuse_extras(parts: SplitResult) -> None:
    if parts.username is not None or parts.password is not None:
        raise ConfigError("an address holds no name or password: put the key into a variable and name it by ?key=")
    if parts.query or parts.fragment:
        raise ConfigError("an address holds no ? or #; ?key=VARIABLE comes last")


def _shown(text: str) -> str:
    return label(redact(text))

"""Who answers: vision-language models behind one method, ``ask``. No client is imported before it is needed."""

import re
from collections.abc import Mapping, MutableMapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from peeler.dialogue import Vlm
from peeler.errors import ConfigError
from peeler.secrets import guard_logs, remember
from peeler.vlms.specs import PROVIDERS, VlmSpec, key_for, parse_spec

__all__ = ["INSTALL", "lacks", "load_environment", "open_vlm", "parse_spec"]

INSTALL = 'pip install "peeler[vlm]"'
_OURS = re.compile(r"PEELER_\w+|\w+_(KEY|TOKEN)|RECRAFT_BASE_URL")
_KEYS = re.compile(r"\w+_API_KEY|HF_TOKEN")


def open_vlm(spec: VlmSpec | str, environment: Mapping[str, str]) -> Vlm:
    """The model that ``spec`` names, with its key from ``environment``; nothing is sent yet.

    Raises ConfigError when the spec, its package or its key is wrong or missing.
    """
    if isinstance(spec, str):
        spec = parse_spec(spec)
    _remember_keys(environment)
    module, _, attribute = PROVIDERS[spec.provider].path.partition(":")
    try:
        kind = getattr(import_module(module), attribute)
    except ImportError as missing:
        raise ConfigError(f"{spec.provider} needs {missing.name or missing}: {INSTALL}") from None
    guard_logs()
    return cast(Vlm, kind(spec.model, key_for(spec, environment), spec.base_url))


def lacks(provider: str, environment: Mapping[str, str]) -> str:
    """What is missing before a provider answers at its own address, and how to get it; empty when it is ready."""
    package, keys = PROVIDERS[provider].needs, PROVIDERS[provider].keys
    if not is_installed(package):
        return f"lacks {package}: {INSTALL}"
    return "" if any(environment.get(key) for key in keys) else f"lacks a key: set {' or '.join(keys)}"


def is_installed(package: str) -> bool:
    """Whether a package, or one inside another such as ``google.genai``, can be imported."""
    # Looking for the inner one imports the outer, which fails where that is missing; so the outer is asked first.
    return all(find_spec(name) is not None for name in (package.partition(".")[0], package))


def load_environment(file: Path, environment: MutableMapping[str, str]) -> None:
    """Add the settings and keys of a ``.env`` file, if there is one; what is set already stays, other names are left.

    Raises ConfigError when the file cannot be read.
    """
    from dotenv import dotenv_values

    try:
        found = dotenv_values(file, interpolate=False, encoding="utf-8-sig") if file.is_file() else {}
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file} cannot be read as UTF-8 text") from None
    for name, value in found.items():
        if value is not None and _OURS.fullmatch(name):
            environment.setdefault(name, value)
    _remember_keys(environment)


def _remember_keys(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if _KEYS.fullmatch(name):
            remember(value)

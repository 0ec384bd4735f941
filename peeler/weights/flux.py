"""What FLUX is made of: the folder and the adapters that its settings name."""

from pathlib import Path
from typing import NamedTuple

from peeler.errors import ConfigError
from peeler.presets import FluxSettings
from peeler.weights.store import locate

PUBLISHED_MODEL, PUBLISHED_LORA = "peel-flux", "layerpeeler-lora"
"""The weights when none are named: the two stages of the published recipe."""


class FluxWeights(NamedTuple):
    """The folder of the model, and its adapters: name → file and weight."""

    folder: Path
    adapters: dict[str, tuple[Path, float]]


def flux_weights(settings: FluxSettings) -> FluxWeights:
    """The weights that ``settings`` name, or the published ones when they name none.

    Raises ConfigError with the way to what is not here.
    """
    named = settings.lora if settings.model or settings.lora else (PUBLISHED_LORA,)
    adapters = {f"lora{number}": _adapter(one) for number, one in enumerate(named)}
    return FluxWeights(locate(settings.model or PUBLISHED_MODEL), adapters)


def _adapter(named: str) -> tuple[Path, float]:
    """``FILE_OR_NAME`` or ``FILE_OR_NAME:WEIGHT``."""
    name, colon, weight = named.rpartition(":")
    if not colon:
        return locate(named), 1.0
    try:
        return locate(name), float(weight)
    except ValueError:
        raise ConfigError(f"{named}: an adapter is FILE or FILE:WEIGHT, such as peel.safetensors:0.8") from None

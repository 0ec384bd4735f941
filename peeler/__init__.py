"""Peeler turns one flat picture into an editable stack of layers.

>>> stack = peeler.peel_picture("cat.png")          # doctest: +SKIP
>>> [layer.name for layer in stack.elements]        # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from peeler.batch import peel_file, peel_folder, peel_picture
    from peeler.errors import PeelerError
    from peeler.inputs import Picture, read_picture
    from peeler.opening import open_stack
    from peeler.presets import Preset, load_preset
    from peeler.stack import Layer, LayerStack

__all__ = [
    "Layer",
    "LayerStack",
    "PeelerError",
    "Picture",
    "Preset",
    "load_preset",
    "open_stack",
    "peel_file",
    "peel_folder",
    "peel_picture",
    "read_picture",
]

_HOMES = {
    "Layer": "stack",
    "LayerStack": "stack",
    "PeelerError": "errors",
    "Picture": "inputs",
    "Preset": "presets",
    "load_preset": "presets",
    "open_stack": "opening",
    "peel_file": "batch",
    "peel_folder": "batch",
    "peel_picture": "batch",
    "read_picture": "inputs",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'peeler' has no attribute {name!r}")
    return getattr(import_module(f"peeler.{_HOMES[name]}"), name)

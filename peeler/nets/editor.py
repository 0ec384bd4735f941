"""A FLUX at work: opened once, asked in batches, and tried once more in less memory when it runs out."""

import gc
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from peeler.errors import BackendError
from peeler.geometry import RGB
from peeler.nets.flux import Edit, Sampling, decode, denoise, encode
from peeler.nets.loading import open_flux
from peeler.nets.prompts import PromptEncoder
from peeler.presets import FluxSettings
from peeler.weights.flux import flux_weights

Open = Callable[[Path, dict[str, tuple[Path, float]], FluxSettings], Any]
"""How a model is opened: ``open_flux``."""


class Editor:
    """Edits pictures by the model in ``folder`` with LoRA ``adapters`` (name → file, weight).

    Raises ConfigError when the model cannot be opened as ``settings`` ask.
    """

    def __init__(
        self,
        folder: Path,
        adapters: dict[str, tuple[Path, float]],
        settings: FluxSettings,
        opened: Open = open_flux,
    ) -> None:
        self._weights, self._opened, self._settings = (folder, adapters), opened, settings
        self._open()

    def edit(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        """The pictures after what is to be done to them, in their order, each of its own size.

        Raises BackendError when not even one fits into memory.
        """
        results: dict[int, RGB] = {}
        for batch in _batches(edits, self._settings.at_once):
            painted = self._in_memory([edits[index] for index in batch], sampling)
            results.update(zip(batch, painted, strict=True))
        return [results[index] for index in range(len(edits))]

    def _in_memory(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        """The results; if memory runs out, with the parts of the model coming and going from now on."""
        try:
            return self._painted(edits, sampling)
        except torch.OutOfMemoryError as problem:
            if self._settings.offload != "none":
                raise BackendError(_too_little(edits)) from problem
        self._make_room()
        try:
            return self._painted(edits, sampling)
        except torch.OutOfMemoryError as problem:
            raise BackendError(_too_little(edits)) from problem

    def _open(self) -> None:
        self._flux = self._opened(*self._weights, self._settings)
        self._prompts = PromptEncoder(self._flux)

    def _make_room(self) -> None:
        del self._flux, self._prompts
        gc.collect()
        torch.cuda.empty_cache()
        self._settings = self._settings.model_copy(update={"offload": "model"})
        self._open()

    def _painted(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        inputs = encode(self._flux, self._prompts, edits, sampling)
        return decode(self._flux, denoise(self._flux, inputs), inputs.grid)


@lru_cache(maxsize=1)
def editor_of(settings: FluxSettings) -> Editor:
    """The model that ``settings`` name, loaded once in this process. Raises ConfigError."""
    return Editor(*flux_weights(settings), settings)


def _batches(edits: Sequence[Edit], at_once: int) -> Iterator[list[int]]:
    """The places of edits that can be worked on together: pictures of one size, and not more than ``at_once``."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for index, edit in enumerate(edits):
        by_size.setdefault(edit.picture.shape, []).append(index)
    for same in by_size.values():
        yield from (same[start : start + at_once] for start in range(0, len(same), at_once))


def _too_little(edits: Sequence[Edit]) -> str:
    height, width = edits[0].picture.shape[:2]
    return (
        f"FLUX ran out of memory with {len(edits)} × {width} × {height} pixels, also with its parts coming and going; "
        "a smaller flux.size or flux.at_once, or flux.offload: group, takes less"
    )

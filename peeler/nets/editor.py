"""A FLUX at work: opened once, asked in batches, and tried once more in less memory when it runs out."""

import gc
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch

from peeler.errors import BackendError
from peeler.geometry import RGB
from peeler.nets.flux import Edit, Sampling, decode, denoise, encode
from peeler.nets.loading import open_flux
from peeler.nets.prompts import PromptEncoder
from peeler.presets import FluxSettings
from peeler.weights.flux import flux_weights

SPARING = "group"
"""The offloading that takes least memory."""
TOO_LITTLE = (
    "FLUX ran out of memory, also with its layers coming and going; a smaller flux.size or flux.at_once takes less"
)

Result = TypeVar("Result")
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
        self._flux: Any = None
        self._with_less_memory(self._open)

    def edit(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        """The pictures after what is to be done to them, in their order, each of its own size.

        Raises BackendError when memory does not suffice.
        """
        results: dict[int, RGB] = {}
        for batch in _batches(edits, self._settings.at_once):
            painted = self._in_memory([edits[index] for index in batch], sampling)
            results.update(zip(batch, painted, strict=True))
        return [results[index] for index in range(len(edits))]

    def _in_memory(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        return self._with_less_memory(lambda: self._painted(edits, sampling))

    def _with_less_memory(self, work: Callable[[], Result]) -> Result:
        """Do it; if memory runs out, once more with the layers of the model coming and going, as they do from then on.

        Raises BackendError when that is too much, too.
        """
        try:
            return work()
        except torch.OutOfMemoryError as problem:
            if self._settings.offload == SPARING:
                raise BackendError(TOO_LITTLE) from problem
        self._settings = self._settings.model_copy(update={"offload": SPARING})
        self._flux = None
        gc.collect()
        torch.cuda.empty_cache()
        try:
            self._open()
            return work()
        except torch.OutOfMemoryError as problem:
            raise BackendError(TOO_LITTLE) from problem

    def _open(self) -> None:
        if self._flux is None:
            self._flux = self._opened(*self._weights, self._settings)
            self._prompts = PromptEncoder(self._flux)

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

"""Words as numbers: T5 and CLIP, asked only once for each text."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import cast

import torch
from diffusers import FluxPipeline
from diffusers.utils.torch_utils import get_module_execution_device
from torch import Tensor
from transformers import PreTrainedTokenizerBase

Memory = OrderedDict[tuple[str, int], Tensor]
"""A text and the length in tokens at which it was read → its numbers, on the CPU."""

KEPT = 256
"""Texts of each kind that are kept, at most; one of 512 tokens takes 4 MB in half precision."""
AT_ONCE = 8
"""Texts that T5 reads in one go."""


class PromptEncoder:
    """The text encoders of a FLUX with a memory."""

    def __init__(self, flux: FluxPipeline) -> None:
        self.flux = flux
        self._words: Memory = OrderedDict()
        self._pooled: Memory = OrderedDict()

    def words(self, texts: Sequence[str], length: int) -> Tensor:
        """T5's embeddings, texts × ``length`` × width, on the CPU; padding counts as words, as in training."""
        return _recall(self._words, texts, length, self._read_words)

    def pooled(self, texts: Sequence[str]) -> Tensor:
        """CLIP's summary of each text, texts × width, on the CPU."""
        return _recall(self._pooled, texts, self.flux.tokenizer_max_length, self._read_pooled)

    @torch.no_grad()
    def _read_words(self, texts: list[str], length: int) -> Tensor:
        encoder = self.flux.text_encoder_2
        ids = token_ids(self.flux.tokenizer_2, texts, length)
        return cast(Tensor, encoder(ids.to(get_module_execution_device(encoder)))[0].cpu())

    @torch.no_grad()
    def _read_pooled(self, texts: list[str], length: int) -> Tensor:
        encoder = self.flux.text_encoder
        ids = token_ids(self.flux.tokenizer, texts, length)
        return cast(Tensor, encoder(ids.to(get_module_execution_device(encoder))).pooler_output.cpu())


def token_ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], length: int) -> Tensor:
    """The ids of the texts' tokens, texts × ``length``, padded or cut."""
    ids = tokenizer(list(texts), padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    return cast(Tensor, ids.input_ids)


def _recall(kept: Memory, texts: Sequence[str], length: int, read: Callable[[list[str], int], Tensor]) -> Tensor:
    """What is remembered of the texts; what is not is read first. The texts used longest ago are forgotten."""
    new = [text for text in dict.fromkeys(texts) if (text, length) not in kept]
    for start in range(0, len(new), AT_ONCE):
        some = new[start : start + AT_ONCE]
        kept.update(zip(((text, length) for text in some), read(some, length), strict=True))
    for text in texts:
        kept.move_to_end((text, length))
    found = torch.stack([kept[text, length] for text in texts])
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return found

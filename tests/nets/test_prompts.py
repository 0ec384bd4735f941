"""A text is read once, in batches, and those used longest ago are forgotten."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import FluxPipeline
from torch import Tensor, nn

from peeler.nets.loading import open_flux
from peeler.nets.prompts import AT_ONCE, KEPT, PromptEncoder, token_ids
from peeler.presets import FluxSettings


class Counting(nn.Module):
    """An encoder, and the texts that it has read as their ids."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.read: list[tuple[int, ...]] = []
        self.batches: list[int] = []

    def forward(self, ids: Tensor) -> Any:
        self.read += [tuple(one.tolist()) for one in ids]
        self.batches.append(len(ids))
        return self.inner(ids)


class Letters(nn.Module):
    """Stands for T5: a text's ids are its numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))

    def forward(self, ids: Tensor) -> tuple[Tensor]:
        return (ids[..., None].float(),)


@pytest.fixture(scope="module")
def flux(tiny_flux: Path) -> FluxPipeline:
    return open_flux(tiny_flux, {}, FluxSettings(device="cpu", dtype="float32"))


@pytest.fixture
def counted(flux: FluxPipeline) -> Iterator[SimpleNamespace]:
    yield SimpleNamespace(
        tokenizer=flux.tokenizer,
        tokenizer_2=flux.tokenizer_2,
        text_encoder=Counting(flux.text_encoder),
        text_encoder_2=Counting(flux.text_encoder_2),
        tokenizer_max_length=flux.tokenizer_max_length,
    )


@pytest.fixture
def letters(flux: FluxPipeline) -> SimpleNamespace:
    return SimpleNamespace(tokenizer_2=flux.tokenizer_2, text_encoder_2=Counting(Letters()))


def test_no_text_is_read_twice(counted: SimpleNamespace) -> None:
    prompts = PromptEncoder(counted)
    first = prompts.words(["a cat", "a hat", "a cat"], 16)
    again = prompts.words(["a hat", "a dog", "a cat"], 16)
    assert len(counted.text_encoder_2.read) == 3 == len(set(counted.text_encoder_2.read))
    assert torch.equal(first[0], first[2])
    assert torch.equal(again[0], first[1]) and torch.equal(again[2], first[0])
    prompts.pooled(["a cat", "a hat"])
    prompts.pooled(["a hat", "a cat", "a cat"])
    assert len(counted.text_encoder.read) == 2


def test_a_text_of_another_length_is_another(counted: SimpleNamespace) -> None:
    prompts = PromptEncoder(counted)
    short, long = prompts.words(["a cat"], 16), prompts.words(["a cat"], 32)
    assert short.shape == (1, 16, 48) and long.shape == (1, 32, 48)
    assert len(counted.text_encoder_2.read) == 2
    assert not torch.allclose(short[0], long[0, :16]), "padding counts as words"


def test_what_is_remembered_is_what_would_be_read(counted: SimpleNamespace) -> None:
    texts = [f"remove the star {number}" for number in range(5)]
    together = PromptEncoder(counted).words(texts, 24)
    for index, text in enumerate(texts):
        assert (PromptEncoder(counted).words([text], 24)[0] - together[index]).abs().max() < 1e-5


def test_many_texts_are_read_in_batches(letters: SimpleNamespace) -> None:
    found = PromptEncoder(letters).words([f"star {number}" for number in range(2 * AT_ONCE + 3)], 12)
    assert letters.text_encoder_2.batches == [AT_ONCE, AT_ONCE, 3]
    assert found.shape == (2 * AT_ONCE + 3, 12, 1)


def test_what_was_used_longest_ago_is_forgotten(letters: SimpleNamespace) -> None:
    prompts, read = PromptEncoder(letters), letters.text_encoder_2.read
    texts = [f"star {number}" for number in range(KEPT)]
    prompts.words(texts, 12)
    prompts.words(texts[:1], 12)
    assert len(read) == KEPT
    prompts.words(["a new one"], 12)
    prompts.words(texts[:1], 12)
    assert len(read) == KEPT + 1, "the one that was used lately is still known"
    prompts.words(texts[1:2], 12)
    assert len(read) == KEPT + 2, "the one that had not been used longest is not"


def test_more_texts_at_once_than_are_kept(letters: SimpleNamespace) -> None:
    texts = [f"star {number}" for number in range(KEPT + 5)]
    prompts = PromptEncoder(letters)
    found = prompts.words(texts, 12)
    assert torch.equal(found[..., 0], token_ids(letters.tokenizer_2, texts, 12).float())
    prompts.words(texts[-KEPT:], 12)
    assert len(letters.text_encoder_2.read) == KEPT + 5


def test_ids_are_padded_and_cut(flux: FluxPipeline) -> None:
    ids = token_ids(flux.tokenizer_2, ["a cat", "a cat " * 50], 10)
    assert ids.shape == (2, 10)
    assert ids[0, -1] == flux.tokenizer_2.pad_token_id and ids[1, -1] == flux.tokenizer_2.eos_token_id

"""FLUX.1 with random weights at its true size or a small one, its adapter, and the published way to run both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from diffusers.models.transformers.transformer_flux import FluxAttnProcessor
from diffusers.utils import logging as library_log
from peft import LoraConfig
from torch import Tensor, nn

from peeler.geometry import Pixels
from peeler.nets.control import token_map
from peeler.nets.flux import Inputs, Sampling, noise_levels, position_ids, step_masks
from peeler.nets.lora import with_terms
from peeler.nets.times import SteadyTimes

library_log.set_verbosity_error()
TARGETS = (
    *(f"attn.{name}" for name in ("to_q", "to_k", "to_v", "to_out.0")),
    *(f"attn.{name}" for name in ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")),
    *("ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2"),
)
"""Ends of the names of the modules that the published adapter changes."""
ADAPTED = 0.1
"""How much an adapter adds to a weight, relative to its size."""
GATES = 0.3
"""Size of the modulations: with gates of 1, 57 blocks of random weights would multiply any rounding."""


@dataclass(frozen=True)
class Size:
    """An architecture, and what it is asked."""

    double: int = 19
    single: int = 38
    heads: int = 24
    head: int = 128
    axes: tuple[int, int, int] = (16, 56, 56)
    words: int = 4096
    pooled: int = 768
    rank: int = 256
    grid: tuple[int, int] = (32, 32)
    text: int = 512
    instance_text: int = 200
    counts: tuple[int, ...] = (1, 2, 5, 14)
    steps: int = 12
    chained: int = 28
    product: int = 8192

    @property
    def width(self) -> int:
        return self.heads * self.head

    def length(self, text: int) -> int:
        """Tokens that attention goes over."""
        return text + 2 * self.grid[0] * self.grid[1]

    def teraflops(self, text: int, batch: int = 1) -> float:
        """Of one step: products with weights, each token crossing only its own stream's, and attention."""
        blocks, length = self.double + self.single, self.length(text)
        return batch * blocks * (24 * self.width**2 * length + 4 * self.width * length**2) / 1e12

    def control_text(self, count: int) -> int:
        return self.instance_text * (count + 1)


LARGE = Size()
SMALL = Size(2, 2, 2, 32, (4, 14, 14), 48, 32, 4, (8, 8), 48, 20, (1, 2, 5), 4, 4, 512)


def build(size: Size, device: torch.device, dtype: torch.dtype, seed: int = 0) -> FluxTransformer2DModel:
    """The transformer with weights drawn on the device: the same seed and device give the same ones."""
    transformer = on_meta(size).to(dtype).to_empty(device=device).eval().requires_grad_(False)
    source = torch.Generator(device).manual_seed(seed)
    for name, weight in transformer.named_parameters():
        if weight.ndim == 1:
            weight.fill_(0.0 if name.endswith("bias") else 1.0)
        else:
            gain = GATES if ".linear." in name and "norm" in name else 1.0
            weight.normal_(0.0, gain * weight.shape[1] ** -0.5, generator=source)
    transformer.time_text_embed.time_proj = SteadyTimes(device)
    return cast(FluxTransformer2DModel, transformer)


def on_meta(size: Size) -> FluxTransformer2DModel:
    with torch.device("meta"):
        return FluxTransformer2DModel(
            patch_size=1,
            in_channels=64,
            num_layers=size.double,
            num_single_layers=size.single,
            attention_head_dim=size.head,
            num_attention_heads=size.heads,
            joint_attention_dim=size.words,
            pooled_projection_dim=size.pooled,
            guidance_embeds=True,
            axes_dims_rope=size.axes,
        )


def as_flux(transformer: nn.Module) -> FluxPipeline:
    """As much of a pipeline as denoising takes."""
    return cast(FluxPipeline, SimpleNamespace(transformer=transformer))


def adapt(transformer: FluxTransformer2DModel, rank: int, seed: int = 1) -> None:
    """Attach a random adapter as the published one is: beside the weights, through peft."""
    transformer.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(TARGETS)))
    transformer.requires_grad_(False)
    source = torch.Generator(transformer.device).manual_seed(seed)
    for _, layer in adapted(transformer):
        for factor in (down_of(layer), up_of(layer)):
            factor.data = factor.data.to(layer.get_base_layer().weight.dtype)
        down_of(layer).data.normal_(0.0, down_of(layer).shape[1] ** -0.5, generator=source)
        up_of(layer).data.normal_(0.0, ADAPTED * rank**-0.5, generator=source)


def fuse_adapter(transformer: FluxTransformer2DModel) -> None:
    """Add the adapter to the weights as the project does it, and take it off."""
    for _, layer in adapted(transformer):
        weight = layer.get_base_layer().weight
        weight.data.copy_(with_terms(weight, [(down_of(layer), up_of(layer), 1.0)]))
    transformer.unload_lora()


def adapted(transformer: nn.Module) -> Iterator[tuple[str, Any]]:
    return ((name, module) for name, module in transformer.named_modules() if hasattr(module, "lora_A"))


def down_of(layer: Any) -> nn.Parameter:
    return cast(nn.Parameter, layer.lora_A["default"].weight)


def up_of(layer: Any) -> nn.Parameter:
    return cast(nn.Parameter, layer.lora_B["default"].weight)


@dataclass(frozen=True)
class Question:
    """What is asked: no control (``count`` is None) or control with that many instances, by a rule or by none."""

    count: int | None = None
    masked: bool = True
    batch: int = 1
    instance_text: int | None = None

    def sized(self, size: Size) -> Size:
        return size if self.instance_text is None else replace(size, instance_text=self.instance_text)

    def text(self, size: Size) -> int:
        """Tokens of text; the global text always has what the size says."""
        own = self.instance_text or size.instance_text
        return size.text if self.count is None else size.instance_text + own * self.count

    def __str__(self) -> str:
        return "none" if self.count is None else f"n={self.count}"


def places(size: Size, count: int, seed: int = 0) -> list[Pixels]:
    """Boxes of about a third of the side, anywhere."""
    source, (rows, columns) = np.random.default_rng(seed), size.grid
    regions = []
    for _ in range(count):
        top, left = int(source.integers(0, rows * 2 // 3)), int(source.integers(0, columns * 2 // 3))
        region = np.zeros(size.grid, np.bool_)
        region[top : top + rows // 3, left : left + columns // 2] = True
        regions.append(region)
    return regions


def ask(size: Size, question: Question, device: torch.device, dtype: torch.dtype, steps: int, seed: int = 0) -> Inputs:
    """Random inputs, with the masks that the project makes; the same on every device."""
    source = torch.Generator().manual_seed(seed)
    cells, batch, text = size.grid[0] * size.grid[1], question.batch, question.text(size)
    noisy, condition = torch.randn(2, batch, cells, 64, generator=source).to(device)
    words = torch.randn(batch, size.text + size.instance_text * 20, size.words, generator=source)[:, :text]
    sampling = Sampling(steps=steps, control="published" if question.count is not None and question.masked else None)
    own = question.instance_text or size.instance_text
    count = question.count or 0
    maps = [
        token_map(places(size, count, index), size.grid, size.instance_text, own, count, "published")
        for index in range(batch)
    ]
    return Inputs(
        noisy=noisy,
        condition=condition,
        text=words.to(device, dtype),
        pooled=torch.randn(batch, size.pooled, generator=source).to(device, dtype),
        image_ids=position_ids(size.grid).repeat(2, 1).to(device, dtype),
        text_ids=torch.zeros(text, 3, device=device, dtype=dtype),
        sigmas=noise_levels(SCHEDULE, steps, size.grid).to(device),
        guidance=torch.full((batch,), 4.5, device=device),
        masks=step_masks(maps, sampling, device),
        grid=size.grid,
    )


SCHEDULE = FlowMatchEulerDiscreteScheduler(
    shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, base_image_seq_len=256, max_image_seq_len=4096
)


class RebuiltMask:
    """The published attention: a dense mask made anew in every call, from places that lie in the host's memory.

    A square of float32 zeros, ones written where instances are shut out and zeros where they are let in again, turned
    around and made boolean. Ranges of text are slices; places in the picture are index tensors on the CPU, found anew
    and copied in each of three writes for an instance. That is no more than what is known of the original.
    """

    def __init__(self, size: Size, regions: Sequence[Pixels]) -> None:
        self.size = size
        self.regions = [torch.from_numpy(region.reshape(-1)) for region in regions]
        self.attention = FluxAttnProcessor()

    def __call__(
        self,
        attn: nn.Module,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        image_rotary_emb: Any = None,
    ) -> Any:
        length = hidden_states.shape[1] + (0 if encoder_hidden_states is None else encoder_hidden_states.shape[1])
        mask = self.mask(length, hidden_states.device)
        return self.attention(attn, hidden_states, encoder_hidden_states, mask, image_rotary_emb)

    def mask(self, length: int, device: torch.device) -> Tensor:
        own, start = self.size.instance_text, self.size.control_text(len(self.regions))
        shut = torch.zeros(length, length, device=device)
        for index, region in enumerate(self.regions):
            text = slice(own * (index + 1), own * (index + 2))
            box = start + torch.nonzero(region)[:, 0]
            shut[box, own:start] = 1
            shut[text, start:] = 1
            shut[text, :start] = 1
        for index, region in enumerate(self.regions):
            text = slice(own * (index + 1), own * (index + 2))
            box = start + torch.nonzero(region)[:, 0]
            shut[box, text] = 0
            shut[text, box] = 0
            shut[text, text] = 0
        return (1 - shut).bool()


def publish(transformer: FluxTransformer2DModel, size: Size, question: Question) -> None:
    """Have attention done the published way; without control it is the library's."""
    if question.count is None:
        transformer.set_attn_processor(FluxAttnProcessor())
    else:
        transformer.set_attn_processor(RebuiltMask(size, places(size, question.count)))

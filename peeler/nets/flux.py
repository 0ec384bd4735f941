"""Editing pictures by FLUX.1: encode, denoise, decode, over the library's models.

The picture to be edited goes in as *condition* tokens beside the *noisy* ones that become the result. They stay free of
noise and have the same positions, so that each noisy token finds the pixels of its own place (PhotoDoodle,
arXiv 2502.14397, section 3). Tensors hold pictures as −1 to 1, latents are packed: a token is a 2 × 2 patch of 16
channels, 64 numbers, and stands for 16 × 16 pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline
from diffusers.models.attention_dispatch import AttentionBackendName, attention_backend
from diffusers.utils.torch_utils import get_module_execution_device
from torch import Tensor

from peeler.geometry import RGB, Pixels
from peeler.nets.attention import Mask, attention_mask
from peeler.nets.control import RULES, ControlSteps, Cuts, RuleName, TokenMap, token_map
from peeler.nets.prompts import PromptEncoder

PATCH = 16
"""Pixels of a token's side."""


class Instance(NamedTuple):
    """One thing to be removed: what the model is told of it, and its tokens (rows × columns of the token grid)."""

    prompt: str
    region: Pixels


@dataclass(frozen=True, eq=False)
class Edit:
    """A picture (sides multiples of 16), what is to be done to it, and the seed of all its noise."""

    picture: RGB
    prompt: str
    seed: int
    instances: tuple[Instance, ...] = ()


@dataclass(frozen=True)
class Sampling:
    """How results are drawn; the defaults are the published ones.

    Without ``control`` the text is the prompt alone, of ``text_tokens``. With it every text is encoded by itself at
    that length and cut: the prompt to ``global_tokens``, the instances' to ``instance_tokens`` each.
    """

    steps: int = 40
    guidance: float = 4.5
    control: RuleName | None = None
    control_steps: ControlSteps = field(default_factory=ControlSteps)
    text_tokens: int = 512
    global_tokens: int = 200
    instance_tokens: int = 200


@dataclass(frozen=True, eq=False)
class Inputs:
    """All that denoising takes, for a batch of B pictures of T tokens each and L tokens of text."""

    noisy: Tensor
    """B × T × 64, float32."""
    condition: Tensor
    """B × T × 64, float32."""
    text: Tensor
    """B × L × width of T5."""
    pooled: Tensor
    """B × width of CLIP."""
    image_ids: Tensor
    """2T × 3: 0, row, column; the second half repeats the first."""
    text_ids: Tensor
    """L × 3, zeros."""
    sigmas: Tensor
    """S + 1 noise levels, from 1 to 0."""
    guidance: Tensor | None
    """B; None for a model that was not distilled from guidance."""
    masks: tuple[Mask | None, ...]
    """For each step who may look at whom; steps that are alike share one object."""
    grid: tuple[int, int]
    """Rows and columns of tokens."""


Told = Callable[[int, Tensor], None]
"""Is told the number of a step and the noisy tokens after it."""


@torch.no_grad()
def encode(flux: FluxPipeline, prompts: PromptEncoder, edits: Sequence[Edit], sampling: Sampling) -> Inputs:
    """Pictures of one size and what is to be done to them, as the arguments of ``denoise``.

    Each picture's noise is drawn on the CPU from its own seed, first that of the autoencoder's posterior, then the
    start, so that a result depends neither on the device nor on what else is in the batch.
    """
    device = get_module_execution_device(flux.transformer)
    pictures = torch.stack([from_rgb(edit.picture) for edit in edits])
    grid = pictures.shape[2] // PATCH, pictures.shape[3] // PATCH
    noises = [_noises(flux.vae, pictures.shape[2:], edit.seed) for edit in edits]
    posterior, start = (torch.stack(drawn).to(device) for drawn in zip(*noises, strict=True))
    pooled = prompts.pooled([edit.prompt for edit in edits])
    text, maps = _texts(prompts, edits, sampling, grid)
    dtype = flux.transformer.dtype
    guided = flux.transformer.config.guidance_embeds
    return Inputs(
        noisy=pack(start),
        condition=pack(encode_pictures(flux.vae, pictures.to(device, flux.vae.dtype), posterior)),
        text=text.to(device, dtype),
        pooled=pooled.to(device, dtype),
        image_ids=position_ids(grid).repeat(2, 1).to(device, dtype),
        text_ids=torch.zeros(text.shape[1], 3, device=device, dtype=dtype),
        sigmas=noise_levels(flux.scheduler, sampling.steps, grid).to(device),
        guidance=torch.full((len(edits),), sampling.guidance, device=device) if guided else None,
        masks=step_masks(maps, sampling, device),
        grid=grid,
    )


@torch.no_grad()
def denoise(flux: FluxPipeline, inputs: Inputs, told: Told | None = None) -> Tensor:
    """The noisy tokens without their noise, B × T × 64, by Euler steps along the predicted velocity."""
    noisy = inputs.noisy
    if flux.transformer.is_cache_enabled:
        # What the step cache still knows is of other pictures.
        flux.transformer._reset_stateful_cache()
    for step, mask in enumerate(inputs.masks):
        velocity = predict(flux, inputs, noisy, inputs.sigmas[step], mask)
        noisy = noisy + (inputs.sigmas[step + 1] - inputs.sigmas[step]) * velocity[:, : noisy.shape[1]].float()
        if told:
            told(step, noisy)
    return noisy


def predict(flux: FluxPipeline, inputs: Inputs, noisy: Tensor, sigma: Tensor, mask: Mask | None) -> Tensor:
    """The velocity of all 2T tokens at a noise level, B × 2T × 64; only the first half means something.

    The time and the guidance enter in the model's own precision, as they did when it was trained: in half precision
    that rounds a guidance of 4.5 to 4.512.
    """
    tokens = torch.cat([noisy, inputs.condition], dim=1).to(inputs.text.dtype)
    arguments: dict[str, Any] = {"attention_mask": mask} if mask is not None else {}
    backend = AttentionBackendName.NATIVE if mask is None or isinstance(mask, Tensor) else AttentionBackendName.FLEX
    with (
        flux.transformer.cache_context("edit"),
        attention_backend(backend),
    ):
        velocity: Tensor = flux.transformer(
            hidden_states=tokens,
            timestep=sigma.expand(len(tokens)).to(tokens.dtype),
            guidance=inputs.guidance,
            encoder_hidden_states=inputs.text,
            pooled_projections=inputs.pooled,
            img_ids=inputs.image_ids,
            txt_ids=inputs.text_ids,
            joint_attention_kwargs=arguments,
            return_dict=False,
        )[0]
    return velocity


@torch.no_grad()
def decode(flux: FluxPipeline, tokens: Tensor, grid: tuple[int, int]) -> list[RGB]:
    """The pictures of B × T × 64 tokens."""
    vae = flux.vae
    latents = unpack(tokens, grid) / vae.config.scaling_factor + vae.config.shift_factor
    pictures = vae.decode(latents.to(vae.dtype), return_dict=False)[0].float()
    levels = ((pictures / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return list(levels.permute(0, 2, 3, 1).contiguous().cpu().numpy())


def from_rgb(picture: RGB) -> Tensor:
    """3 × H × W, −1 to 1, contiguous: on a CPU the autoencoder's GroupNorm is 0.002 off in any other layout."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).float() / 255 * 2 - 1


def encode_pictures(vae: AutoencoderKL, pictures: Tensor, noise: Tensor) -> Tensor:
    """Latents, B × 16 × H/8 × W/8 in float32, drawn from the posterior of the pictures (B × 3 × H × W) by ``noise``."""
    posterior = vae.encode(pictures).latent_dist
    drawn: Tensor = posterior.mean.float() + posterior.std.float() * noise
    return (drawn - float(vae.config.shift_factor)) * float(vae.config.scaling_factor)


def pack(latents: Tensor) -> Tensor:
    """B × 16 × H/8 × W/8 as tokens, B × T × 64: channel, row in the patch, column in the patch."""
    batch, channels, height, width = latents.shape
    patches = latents.view(batch, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(batch, height * width // 4, channels * 4)


def unpack(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Tokens as latents, the inverse of ``pack``."""
    batch, _, values = tokens.shape
    patches = tokens.view(batch, *grid, values // 4, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return patches.reshape(batch, values // 4, grid[0] * 2, grid[1] * 2)


def position_ids(grid: tuple[int, int]) -> Tensor:
    """T × 3: 0, row, column."""
    rows, columns = torch.meshgrid(torch.arange(grid[0]), torch.arange(grid[1]), indexing="ij")
    return torch.stack([torch.zeros_like(rows), rows, columns], dim=-1).view(-1, 3)


def noise_levels(scheduler: FlowMatchEulerDiscreteScheduler, steps: int, grid: tuple[int, int]) -> Tensor:
    """``steps`` + 1 noise levels from 1 to 0: evenly spaced, then shifted to the noisy end by the number of tokens."""
    rule = FlowMatchEulerDiscreteScheduler.from_config(scheduler.config)
    config = rule.config
    slope = (config.max_shift - config.base_shift) / (config.max_image_seq_len - config.base_image_seq_len)
    shift = config.base_shift + slope * (grid[0] * grid[1] - config.base_image_seq_len)
    rule.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=shift)
    return cast(Tensor, rule.sigmas)


def step_masks(maps: Sequence[TokenMap], sampling: Sampling, device: torch.device) -> tuple[Mask | None, ...]:
    """Who may look at whom in each step; a mask is made once for all steps with the same cuts."""
    if sampling.control is None:
        return (None,) * sampling.steps
    rule = RULES[sampling.control]
    cuts = [sampling.control_steps.at(step) for step in range(sampling.steps)]
    made: dict[Cuts, Mask | None] = {one: attention_mask(maps, rule, one, device) for one in dict.fromkeys(cuts)}
    return tuple(made[one] for one in cuts)


def _texts(
    prompts: PromptEncoder, edits: Sequence[Edit], sampling: Sampling, grid: tuple[int, int]
) -> tuple[Tensor, list[TokenMap]]:
    """The text of each picture (B × L × width) and, if attention is controlled, what each token of its sequence is."""
    if sampling.control is None:
        return prompts.words([edit.prompt for edit in edits], sampling.text_tokens), []
    slots = max(len(edit.instances) for edit in edits)
    whole = prompts.words([edit.prompt for edit in edits], sampling.text_tokens)[:, : sampling.global_tokens]
    told = [[one.prompt for one in edit.instances] + [""] * (slots - len(edit.instances)) for edit in edits]
    pieces = [whole]
    for slot in range(slots):
        words = prompts.words([one[slot] for one in told], sampling.text_tokens)
        pieces.append(words[:, : sampling.instance_tokens])
    lengths = whole.shape[1], min(sampling.instance_tokens, sampling.text_tokens)
    maps = [
        token_map([one.region for one in edit.instances], grid, *lengths, slots, sampling.control) for edit in edits
    ]
    return torch.cat(pieces, dim=1), maps


def _noises(vae: AutoencoderKL, size: Sequence[int], seed: int) -> tuple[Tensor, Tensor]:
    """The noise of the posterior and the start, each 16 × H/8 × W/8, of a picture of ``size`` (height, width)."""
    generator = torch.Generator().manual_seed(seed)
    shape = 1, vae.config.latent_channels, size[0] // 8, size[1] // 8
    posterior = torch.randn(shape, generator=generator)
    return posterior[0], torch.randn(shape, generator=generator)[0]

"""Encode, denoise, decode on the tiny model: against the library, and nothing depends on the rest of a batch."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import FluxPipeline
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from torch import Tensor

from peeler.geometry import RGB
from peeler.nets.control import ControlSteps, RuleName, box_region
from peeler.nets.flux import (
    Edit,
    Inputs,
    Instance,
    Sampling,
    decode,
    denoise,
    encode,
    from_rgb,
    noise_levels,
    pack,
    position_ids,
    predict,
    unpack,
)
from peeler.nets.loading import open_flux
from peeler.nets.prompts import PromptEncoder
from peeler.presets import FluxSettings

SHORT = Sampling(steps=2, text_tokens=48, global_tokens=24, instance_tokens=16)
"""The published settings in small."""
PROMPTS = (
    "remove the red circle and fill what is behind it",
    "take away the two small stars",
    "remove the dark blue background shape, the white outline of the cat and the green tree",
    "the large orange triangle",
)
BOXES = ((0.0, 0.0, 0.5, 0.6), (0.3, 0.2, 0.9, 1.0), (0.7, 0.0, 1.0, 0.3))


@pytest.fixture(scope="module")
def flux(tiny_flux: Path) -> FluxPipeline:
    return open_flux(tiny_flux, {}, FluxSettings(device="cpu", dtype="float32"))


@pytest.fixture(scope="module")
def prompts(flux: FluxPipeline) -> PromptEncoder:
    return PromptEncoder(flux)


def picture(seed: int, size: tuple[int, int] = (48, 64)) -> RGB:
    """Height and width; a few rectangles."""
    source = np.random.default_rng(seed)
    canvas = np.full((*size, 3), 255, np.uint8)
    for _ in range(4):
        (top, bottom), (left, right) = np.sort(source.integers(0, np.array(size)[:, None], (2, 2)))
        canvas[top:bottom, left:right] = source.integers(0, 256, 3)
    return canvas


def edits(size: tuple[int, int] = (48, 64)) -> list[Edit]:
    """Four pictures with 0 to 3 instances."""
    grid = size[0] // 16, size[1] // 16
    return [
        Edit(
            picture(index, size),
            PROMPTS[index],
            seed=100 + index,
            instances=tuple(
                Instance(f"remove the {word}", box_region(box, grid))
                for word, box in list(zip(("hat", "red ear", "star"), BOXES, strict=True))[:index]
            ),
        )
        for index in range(4)
    ]


def painted(flux: FluxPipeline, prompts: PromptEncoder, some: list[Edit], sampling: Sampling) -> Tensor:
    return denoise(flux, encode(flux, prompts, some, sampling))


def error(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).abs().max())


# What the library does


def test_tokens_are_packed_as_the_library_packs_them() -> None:
    latents = torch.randn(2, 16, 6, 10, generator=torch.Generator().manual_seed(0))
    tokens = pack(latents)
    assert torch.equal(tokens, FluxPipeline._pack_latents(latents, 2, 16, 6, 10))
    assert torch.equal(unpack(tokens, (3, 5)), latents)
    assert torch.equal(unpack(tokens, (3, 5)), FluxPipeline._unpack_latents(tokens, 48, 80, 8))


def test_places_are_those_of_the_library() -> None:
    wanted = FluxPipeline._prepare_latent_image_ids(1, 3, 5, torch.device("cpu"), torch.float32)
    assert torch.equal(position_ids((3, 5)).float(), wanted)


@pytest.mark.parametrize(("steps", "grid"), [(1, (2, 2)), (4, (4, 6)), (40, (32, 32)), (28, (64, 64))])
def test_noise_levels_are_those_of_the_library(flux: FluxPipeline, steps: int, grid: tuple[int, int]) -> None:
    library = type(flux.scheduler).from_config(flux.scheduler.config)
    config = library.config
    shift = calculate_shift(
        grid[0] * grid[1],
        config.base_image_seq_len,
        config.max_image_seq_len,
        config.base_shift,
        config.max_shift,
    )
    library.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=shift)
    found = noise_levels(flux.scheduler, steps, grid)
    assert torch.equal(found, library.sigmas)
    assert len(found) == steps + 1 and found[0] == 1 and found[-1] == 0
    assert (found.diff() < 0).all()


def test_texts_are_those_of_the_library(flux: FluxPipeline, prompts: PromptEncoder) -> None:
    some = edits()
    inputs = encode(flux, prompts, some, SHORT)
    with torch.no_grad():
        words, pooled, ids = flux.encode_prompt([one.prompt for one in some], None, max_sequence_length=48)
    assert error(inputs.text, words) < 1e-5 and error(inputs.pooled, pooled) < 1e-5
    assert torch.equal(inputs.text_ids, ids)


def test_pictures_go_through_the_autoencoder_as_in_the_library(flux: FluxPipeline, prompts: PromptEncoder) -> None:
    one = edits()[0]
    found = encode(flux, prompts, [one], SHORT)
    tensor = flux.image_processor.preprocess(one.picture.astype(np.float32)[None] / 255).contiguous()
    assert error(from_rgb(one.picture)[None], tensor) < 1e-6
    generator = torch.Generator().manual_seed(one.seed)
    with torch.no_grad():
        latents = flux.vae.encode(tensor).latent_dist.sample(generator)
    condition = pack((latents - flux.vae.config.shift_factor) * flux.vae.config.scaling_factor)
    assert error(found.condition, condition) < 1e-5
    assert torch.equal(found.noisy, pack(torch.randn(1, 16, 6, 8, generator=generator)))


def test_steps_are_those_of_the_library(flux: FluxPipeline, prompts: PromptEncoder) -> None:
    """Its scheduler and its transformer in its own loop."""
    inputs = encode(flux, prompts, edits()[:1], SHORT)
    library = type(flux.scheduler).from_config(flux.scheduler.config)
    count = inputs.noisy.shape[1]
    shift = calculate_shift(count, 256, 4096, 0.5, 1.15)
    library.set_timesteps(sigmas=np.linspace(1.0, 1 / SHORT.steps, SHORT.steps), mu=shift)
    tokens = inputs.noisy
    with torch.no_grad():
        for time in library.timesteps:
            velocity = flux.transformer(
                hidden_states=torch.cat([tokens, inputs.condition], dim=1),
                timestep=time.expand(1) / 1000,
                guidance=torch.full([1], 4.5),
                pooled_projections=inputs.pooled,
                encoder_hidden_states=inputs.text,
                txt_ids=inputs.text_ids,
                img_ids=inputs.image_ids,
                return_dict=False,
            )[0][:, :count]
            tokens = library.step(velocity, time, tokens, return_dict=False)[0]
    assert error(denoise(flux, inputs), tokens) < 2e-5


def test_pictures_come_out_as_in_the_library(flux: FluxPipeline) -> None:
    tokens = torch.randn(2, 24, 64, generator=torch.Generator().manual_seed(5))
    found = decode(flux, tokens, (4, 6))
    assert [one.shape for one in found] == [(64, 96, 3)] * 2 and {one.dtype for one in found} == {np.dtype(np.uint8)}
    latents = FluxPipeline._unpack_latents(tokens, 64, 96, 8) / 0.3611 + 0.1159
    with torch.no_grad():
        wanted = flux.image_processor.postprocess(flux.vae.decode(latents, return_dict=False)[0], output_type="np")
    assert np.abs(np.stack(found) - wanted * 255).max() <= 0.51


# What goes in


@pytest.mark.parametrize("control", [None, "published", "strict"])
def test_arguments_have_the_shapes_they_say(
    flux: FluxPipeline, prompts: PromptEncoder, control: RuleName | None
) -> None:
    size = (48, 80)
    inputs = encode(flux, prompts, edits(size), replace(SHORT, control=control))
    length = 48 if control is None else 24 + 3 * 16
    assert inputs.grid == (3, 5)
    assert inputs.noisy.shape == inputs.condition.shape == (4, 15, 64)
    assert inputs.text.shape == (4, length, 48) and inputs.text_ids.shape == (length, 3)
    assert inputs.pooled.shape == (4, 32)
    assert inputs.image_ids.shape == (30, 3) and torch.equal(inputs.image_ids[:15], inputs.image_ids[15:])
    assert inputs.sigmas.shape == (3,) and len(inputs.masks) == 2
    assert inputs.guidance is not None and inputs.guidance.tolist() == [4.5] * 4
    for mask in inputs.masks:
        assert (mask is None) == (control is None)
        if isinstance(mask, Tensor):
            assert mask.shape == (4, 1, length + 30, length + 30)
    if control is not None:
        alone = encode(flux, prompts, edits(size)[2:3], replace(SHORT, control=control))
        assert torch.equal(alone.text[0], inputs.text[2, : 24 + 2 * 16])


def test_a_mask_is_made_once_for_all_steps_that_are_alike(flux: FluxPipeline, prompts: PromptEncoder) -> None:
    sampling = replace(SHORT, steps=6, control="strict", control_steps=ControlSteps(i2i=1, i2t=4, t2t=4, t2i=4))
    masks = encode(flux, prompts, edits()[2:], sampling).masks
    assert len({id(mask) for mask in masks}) == 3
    assert masks[1] is masks[2] is masks[3] and masks[4] is masks[5]
    assert isinstance(masks[0], Tensor) and isinstance(masks[1], Tensor) and not torch.equal(masks[0], masks[1])
    ended = encode(flux, prompts, edits()[3:], sampling).masks
    assert ended[4] is ended[5] is None, "one picture, nothing padded and nothing cut any more"


@pytest.mark.parametrize("control", ["published", "strict"])
def test_without_instances_there_is_no_mask(flux: FluxPipeline, prompts: PromptEncoder, control: RuleName) -> None:
    assert encode(flux, prompts, edits()[:1], replace(SHORT, control=control)).masks == (None, None)


# What comes out


@pytest.fixture(scope="module", params=[None, "published", "strict"], ids=str)
def together(
    request: pytest.FixtureRequest, flux: FluxPipeline, prompts: PromptEncoder
) -> Iterator[tuple[Sampling, Tensor]]:
    sampling = replace(SHORT, steps=3, control=request.param)
    yield sampling, painted(flux, prompts, edits(), sampling)


@pytest.mark.parametrize("index", range(4))
def test_a_picture_is_the_same_in_a_batch_and_alone(
    flux: FluxPipeline, prompts: PromptEncoder, together: tuple[Sampling, Tensor], index: int
) -> None:
    sampling, results = together
    alone = painted(flux, prompts, edits()[index : index + 1], sampling)
    assert error(results[index], alone[0]) < 1e-4


def test_a_picture_is_the_same_at_any_place_of_a_batch(
    flux: FluxPipeline, prompts: PromptEncoder, together: tuple[Sampling, Tensor]
) -> None:
    sampling, results = together
    turned = painted(flux, prompts, edits()[::-1], sampling)
    assert error(turned.flip(0), results) < 1e-4


def test_seeds_make_the_noise_and_nothing_else_does(flux: FluxPipeline, prompts: PromptEncoder) -> None:
    one = edits()[1]
    torch.manual_seed(7)
    first = painted(flux, prompts, [one], SHORT)
    torch.manual_seed(8)
    state = torch.random.get_rng_state()
    assert torch.equal(painted(flux, prompts, [one], SHORT), first)
    assert torch.equal(torch.random.get_rng_state(), state), "the noise of others is left alone"
    assert error(painted(flux, prompts, [replace(one, seed=8)], SHORT), first) > 0.1
    pair = painted(flux, prompts, [one, replace(one, seed=8)], SHORT)
    assert error(pair[0], pair[1]) > 0.1


@pytest.mark.parametrize("control", [None, "published", "strict"])
def test_everything_that_is_told_matters(flux: FluxPipeline, prompts: PromptEncoder, control: RuleName | None) -> None:
    one = edits()[2]
    sampling = replace(SHORT, control=control)
    first = painted(flux, prompts, [one], sampling)
    changed = {
        "picture": (replace(one, picture=picture(50)), sampling),
        "prompt": (replace(one, prompt="keep all"), sampling),
        "guidance": (one, replace(sampling, guidance=1.0)),
    }
    if control:
        hat, ear = one.instances
        changed |= {
            "words of an instance": (replace(one, instances=(hat._replace(prompt="the sun"), ear)), sampling),
            "place of an instance": (replace(one, instances=(hat._replace(region=~hat.region), ear)), sampling),
            "steps of the control": (one, replace(sampling, control_steps=ControlSteps(-1, -1, -1, -1))),
        }
    for what, (edit, how) in changed.items():
        assert error(painted(flux, prompts, [edit], how), first) > 0.01, what


def test_strict_words_of_an_instance_see_the_picture_in_its_place(flux: FluxPipeline, prompts: PromptEncoder) -> None:
    """After one block the text has changed where the rule lets it see the condition; by ``published`` it has not."""
    one = edits()[1]
    for rule, sees in (("published", False), ("strict", True)):
        inputs = encode(flux, prompts, [one], replace(SHORT, control=rule))
        texts: list[Tensor] = []
        hook = flux.transformer.transformer_blocks[0].register_forward_hook(
            lambda module, given, gives, texts=texts: texts.append(gives[0][:, 24:])
        )
        with torch.no_grad():
            for condition in (inputs.condition, inputs.condition + 1):
                told = replace(inputs, condition=condition)
                predict(flux, told, told.noisy, told.sigmas[0], told.masks[0])
        hook.remove()
        assert (error(texts[0], texts[1]) > 1e-3) is sees


def test_every_step_is_told(flux: FluxPipeline, prompts: PromptEncoder) -> None:
    inputs = encode(flux, prompts, edits()[:1], SHORT)
    told: list[tuple[int, Tensor]] = []
    final = denoise(flux, inputs, lambda step, noisy: told.append((step, noisy)))
    assert [step for step, _ in told] == [0, 1]
    assert torch.equal(told[-1][1], final) and not torch.equal(told[0][1], final)


@pytest.mark.parametrize("size", [(16, 16), (16, 48), (80, 32)])
def test_any_multiple_of_a_token_is_a_size(flux: FluxPipeline, prompts: PromptEncoder, size: tuple[int, int]) -> None:
    inputs = encode(flux, prompts, edits(size)[2:], replace(SHORT, control="strict"))
    found = decode(flux, denoise(flux, inputs), inputs.grid)
    assert [one.shape for one in found] == [(*size, 3)] * 2


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_runs_and_keeps_the_steps_exact(tiny_flux: Path, dtype: str) -> None:
    half = open_flux(tiny_flux, {}, FluxSettings.model_validate({"device": "cpu", "dtype": dtype}))
    inputs = encode(half, PromptEncoder(half), edits((32, 32))[1:3], replace(SHORT, control="strict"))
    types = dtypes_of(inputs)
    assert types["noisy"] == types["condition"] == types["sigmas"] == torch.float32
    assert types["text"] == types["pooled"] == getattr(torch, dtype)
    blocks: list[torch.dtype] = []
    for block in (*half.transformer.transformer_blocks, *half.transformer.single_transformer_blocks):
        block.register_forward_hook(lambda module, given, gives: blocks.extend(one.dtype for one in gives))
    tokens = denoise(half, inputs)
    assert set(blocks) == {getattr(torch, dtype)} and tokens.dtype == torch.float32
    assert torch.isfinite(tokens).all()
    assert {one.dtype for one in decode(half, tokens, inputs.grid)} == {np.dtype(np.uint8)}


def dtypes_of(inputs: Inputs) -> dict[str, torch.dtype]:
    return {name: value.dtype for name, value in vars(inputs).items() if isinstance(value, Tensor)}

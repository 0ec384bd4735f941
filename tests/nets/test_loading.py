"""Every way to open a FLUX gives the same pictures or nearly, and what cannot be opened is said clearly."""

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FluxPipeline
from safetensors.torch import load_file, save_file
from torch import Tensor

from peeler.errors import ConfigError
from peeler.nets.attention import block_mask
from peeler.nets.control import RULES, ControlSteps, box_region, token_map
from peeler.nets.flux import Edit, Inputs, Instance, Sampling, denoise, encode
from peeler.nets.loading import (
    check_folder,
    choose_device,
    choose_dtype,
    compile_attention,
    compile_blocks,
    fitting,
    open_flux,
)
from peeler.nets.prompts import PromptEncoder
from peeler.nets.times import SteadyTimes
from peeler.presets import FluxSettings
from tests.tiny_flux import make_tiny_lora

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")
"""The compiler of the library says it of itself when it is imported."""
SAMPLING = Sampling(steps=4, control="strict", text_tokens=24, global_tokens=24, instance_tokens=8)
NEEDS_TORCHAO = pytest.mark.skipif(importlib.util.find_spec("torchao") is None, reason="torchao is not there")


def edit(seed: int = 3) -> Edit:
    canvas = np.full((32, 48, 3), 255, np.uint8)
    canvas[4:20, 10:40] = 200, 30, seed
    return Edit(
        canvas, "remove the red square", seed, (Instance("remove it", box_region((0.2, 0.1, 0.9, 0.7), (2, 3))),)
    )


def opened(folder: Path, **settings: Any) -> FluxPipeline:
    return open_flux(folder, {}, FluxSettings.model_validate({"device": "cpu", "dtype": "float32", **settings}))


def given(flux: FluxPipeline, sampling: Sampling = SAMPLING, *edits: Edit) -> Inputs:
    return encode(flux, PromptEncoder(flux), edits or [edit()], sampling)


def painted(flux: FluxPipeline, sampling: Sampling = SAMPLING, *edits: Edit) -> Tensor:
    return denoise(flux, given(flux, sampling, *edits))


def error(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


@pytest.fixture(scope="module")
def plain(tiny_flux: Path) -> Tensor:
    return painted(opened(tiny_flux))


@pytest.fixture
def copy(tiny_flux: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_flux, tmp_path / "flux"))


# Where and how


@pytest.mark.parametrize("offload", ["model", "group"])
def test_parts_that_come_and_go_change_nothing(tiny_flux: Path, plain: Tensor, offload: str) -> None:
    flux = opened(tiny_flux, offload=offload)
    first = painted(flux)
    assert error(first, plain) < 1e-5, "but for what lies elsewhere in memory and is added up in another order"
    assert torch.equal(painted(flux), first), "the second time, when all were away"


def test_words_can_be_read_on_the_cpu(tiny_flux: Path, plain: Tensor) -> None:
    assert torch.equal(painted(opened(tiny_flux, text_on_cpu=True)), plain)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_all_parts_have_the_precision(tiny_flux: Path, dtype: str) -> None:
    flux = opened(tiny_flux, dtype=dtype)
    parts = flux.transformer, flux.vae, flux.text_encoder, flux.text_encoder_2
    assert {part.dtype for part in parts} == {getattr(torch, dtype)}
    assert isinstance(flux.transformer.time_text_embed.time_proj, SteadyTimes)


@pytest.mark.parametrize(("dtype", "limit"), [("bfloat16", 3.0), ("float16", 1.0)])
def test_half_precision_is_near(tiny_flux: Path, plain: Tensor, dtype: str, limit: float) -> None:
    """Rounding the time and the guidance alone moves this net by much."""
    assert error(painted(opened(tiny_flux, dtype=dtype)), plain) < limit


def test_large_pictures_go_through_the_autoencoder_in_tiles(tiny_flux: Path) -> None:
    assert opened(tiny_flux, size=2048).vae.use_tiling
    small = opened(tiny_flux).vae
    assert not small.use_tiling and small.use_slicing


def test_auto_is_full_precision_where_only_a_cpu_is() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_dtype("auto", torch.device("cpu")) == torch.float32
    assert choose_dtype("auto", torch.device("mps")) == torch.float16
    assert choose_dtype("bfloat16", torch.device("cpu")) == torch.bfloat16
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_device("auto").type == best


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there_is_named(tiny_flux: Path) -> None:
    with pytest.raises(ConfigError, match="no cuda device; there is .*cpu"):
        opened(tiny_flux, device="cuda")


# Quicker


def test_one_matrix_for_queries_keys_and_values(tiny_flux: Path, plain: Tensor) -> None:
    flux = opened(tiny_flux, fuse_qkv=True)
    assert all(block.attn.fused_projections for block in flux.transformer.transformer_blocks)
    assert error(painted(flux), plain) <= 1e-5


def test_adapters_are_fused_before_all_else(tiny_flux: Path, tmp_path: Path, plain: Tensor) -> None:
    lora = make_tiny_lora(tmp_path / "lora.safetensors", tiny_flux)
    settings = FluxSettings(device="cpu", dtype="float32")
    alone = painted(open_flux(tiny_flux, {"removal": (lora, 1.0)}, settings))
    assert error(alone, plain) > 0.05
    both = settings.model_copy(update={"fuse_qkv": True, "offload": "group"})
    assert error(painted(open_flux(tiny_flux, {"removal": (lora, 1.0)}, both)), alone) <= 1e-5


def test_compiled_blocks_are_those_of_the_settings(tiny_flux: Path) -> None:
    transformer = opened(tiny_flux, compile=True).transformer
    blocks = (*transformer.transformer_blocks, *transformer.single_transformer_blocks)
    assert all(block._compiled_call_impl is not None for block in blocks)
    without = opened(tiny_flux, control="strict").transformer
    assert all(module._compiled_call_impl is None for module in without.modules()), "nothing is fused on a CPU"


def test_compiling_goes_over_pictures_of_many_kinds(tiny_flux: Path) -> None:
    """Traced only, since the true compiler takes minutes: more shapes than are compiled anew without being allowed."""
    torch._dynamo.reset()
    plain_flux, flux = opened(tiny_flux), opened(tiny_flux)
    compile_attention(flux.transformer, backend="eager")
    one = edit()
    several = [
        (one,),
        (Edit(one.picture, "no instance", 1),),
        (one, edit(4)),
        (Edit(one.picture[:16], "less", 1, (Instance("it", box_region((0, 0, 1, 1), (1, 3))),) * 2),),
    ]
    once = replace(SAMPLING, steps=1)
    for some in several:
        assert error(painted(flux, once, *some), painted(plain_flux, once, *some)) < 1e-4
    assert torch._dynamo.config.recompile_limit >= 64
    torch._dynamo.reset()


@pytest.mark.parametrize("how", [compile_blocks, compile_attention])
def test_compiled_attention_takes_sparse_masks_without_a_break(tiny_flux: Path, how: Callable[..., None]) -> None:
    """What runs on CUDA, traced: the numbers of a dense mask, in one graph, and none anew for another picture."""
    torch._dynamo.reset()
    flux = opened(tiny_flux)
    inputs = given(flux)
    dense = denoise(flux, inputs)
    how(flux.transformer, backend="eager")
    graphs: list[int] = []
    for _ in range(2):
        sparse = sparse_twin(inputs)
        assert error(denoise(flux, sparse), dense) < 1e-5
        graphs.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    assert graphs[0] == graphs[1] > 0
    assert not torch._dynamo.utils.counters["graph_break"]
    torch._dynamo.reset()


def sparse_twin(inputs: Inputs) -> Inputs:
    """The same inputs with the masks that they would have on CUDA."""
    tokens = token_map([edit().instances[0].region], inputs.grid, 24, 8, 1, "strict")
    table = torch.from_numpy(tokens.table(RULES["strict"], ControlSteps().at(0)))
    mask = block_mask(torch.from_numpy(tokens.classes)[None], [table], torch.device("cpu"))
    return Inputs(**(vars(inputs) | {"masks": (mask,) * len(inputs.masks)}))


@NEEDS_TORCHAO
@pytest.mark.parametrize("offload", ["none", "model", "group"])
def test_weights_in_eight_bits(tiny_flux: Path, plain: Tensor, offload: str) -> None:
    flux = opened(tiny_flux, quantise="int8", offload=offload)
    weight = flux.transformer.transformer_blocks[0].attn.to_q.weight
    assert type(weight.data) is not Tensor
    assert 0 < error(painted(flux), plain) < 1.0


@pytest.mark.skipif(importlib.util.find_spec("torchao") is not None, reason="torchao is there")
def test_eight_bits_without_torchao(tiny_flux: Path) -> None:
    with pytest.raises(ConfigError, match="pip install torchao"):
        opened(tiny_flux, quantise="int8")


def test_fp8_takes_a_card_that_can(tiny_flux: Path) -> None:
    with pytest.raises(ConfigError, match="fp8 takes a CUDA device of compute capability 8.9"):
        opened(tiny_flux, quantise="fp8")


def test_the_step_cache_skips_blocks_and_forgets_between_pictures(tiny_flux: Path, plain: Tensor) -> None:
    assert torch.equal(painted(opened(tiny_flux, step_cache=0.0)), plain)
    flux = opened(tiny_flux, step_cache=1.0)
    ran: list[int] = []
    tail = flux.transformer.single_transformer_blocks[-1].norm
    tail.register_forward_hook(lambda *_: ran.append(1))
    first = painted(flux)
    assert 0 < len(ran) < SAMPLING.steps
    assert error(first, plain) > 0
    assert torch.isfinite(painted(flux, SAMPLING, edit(9), edit(10))).all(), "a batch of another size"
    assert torch.equal(painted(flux), first), "whatever was painted before"


# What cannot be opened


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder_2", "tokenizer", "scheduler"])
def test_a_missing_part_is_named(copy: Path, part: str) -> None:
    shutil.rmtree(copy / part)
    with pytest.raises(ConfigError, match=f"also has {part}$"):
        check_folder(copy)
    with pytest.raises(ConfigError, match=part):
        opened(copy)


def test_no_folder_of_weights(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no model_index.json"):
        opened(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="no model_index.json"):
        opened(tmp_path)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def halved(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def scrambled(file: Path) -> None:
    file.write_bytes(b"\xff" * 64 + file.read_bytes()[64:])


def pickled(file: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, file.with_suffix(".bin"))
    file.unlink()


def taken(file: Path) -> None:
    file.unlink()


WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize("spoil", [emptied, halved, scrambled, pickled, taken])
@pytest.mark.parametrize("name", [WEIGHTS, "text_encoder_2/model.safetensors"])
def test_weights_that_cannot_be_read(copy: Path, name: str, spoil: Callable[[Path], None]) -> None:
    spoil(copy / name)
    with pytest.raises(ConfigError, match="the weights cannot be read") as told:
        opened(copy)
    assert "\n" not in str(told.value) and str(copy) in str(told.value)


@pytest.mark.parametrize("name", ["model_index.json", "transformer/config.json", "vae/config.json"])
@pytest.mark.parametrize("spoil", [emptied, halved, taken])
def test_settings_that_cannot_be_read(copy: Path, name: str, spoil: Callable[[Path], None]) -> None:
    spoil(copy / name)
    with pytest.raises(ConfigError):
        opened(copy)


@pytest.mark.parametrize("name", [WEIGHTS, "text_encoder_2/model.safetensors", "text_encoder/model.safetensors"])
def test_a_weight_that_is_missing_is_named(copy: Path, name: str) -> None:
    weights = load_file(copy / name)
    gone = next(key for key in weights if key.endswith("norm.linear.bias") or "layer_norm" in key)
    del weights[gone]
    save_file(weights, copy / name, metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=re.escape(f"of the weights {gone} is missing")):
        opened(copy)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("transformer", {"num_layers": 3}),
        ("transformer", {"joint_attention_dim": 64}),
        ("vae", {"latent_channels": 8}),
        ("text_encoder_2", {"d_model": 64}),
    ],
)
def test_weights_of_another_shape_than_the_settings_say(copy: Path, part: str, change: dict[str, int]) -> None:
    path = copy / part / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ConfigError):
        opened(copy)


def test_a_pipeline_of_another_kind(copy: Path) -> None:
    path = copy / "model_index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"transformer": ["diffusers", "NoSuchTransformer"]}))
    with pytest.raises(ConfigError):
        opened(copy)


@pytest.mark.parametrize(("gigabytes", "offload"), [(80, "none"), (40, "none"), (32, "model"), (24, "group")])
def test_only_what_does_not_fit_is_offloaded(gigabytes: int, offload: str) -> None:
    """The parts of the published model in bfloat16."""
    assert fitting([23_800_000_000, 9_520_000_000, 250_000_000, 170_000_000], gigabytes * 10**9) == offload

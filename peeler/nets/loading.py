"""From a folder of weights to a FLUX that is ready to work: precision, adapters, place, speed."""

import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import FirstBlockCacheConfig, FluxPipeline, FluxTransformer2DModel
from diffusers.utils import logging as library_log
from safetensors import SafetensorError
from torch import nn
from transformers import CLIPTextModel, T5EncoderModel
from transformers.utils import logging as encoder_log

from peeler.errors import ConfigError
from peeler.nets.attention import fuses_sparse
from peeler.nets.lora import attach, fuse
from peeler.nets.times import SteadyTimes
from peeler.presets import FluxSettings

PARTS = ("transformer", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
"""The folders that a folder of FLUX weights has."""
LEFT_ON_CPU = "text_encoder_2"
SHAPES = 64
"""Batches of other sizes, lengths of text, or masks or none, for which a block is compiled anew, at most."""
WORK = 3 * 2**30
"""Bytes of a device's memory that are left to what is worked on."""
TILED = 1024
"""Pixels past which pictures go through the autoencoder in tiles: memory is what is short then."""


def open_flux(folder: Path, adapters: dict[str, tuple[Path, float]], settings: FluxSettings) -> FluxPipeline:
    """The model in ``folder`` with LoRA ``adapters`` (name → file, weight) fused in, as ``settings`` ask for it.

    Raises ConfigError when the folder is none of FLUX, an adapter does not fit, or the device is not there or cannot do
    what is asked.
    """
    check_folder(folder)
    device = choose_device(settings.device)
    flux = _read(folder, choose_dtype(settings.dtype, device))
    offload = choose_offload(flux, device, settings) if settings.offload == "auto" else settings.offload
    if offload == "none" and settings.quantise == "none":
        flux.transformer.to(device)  # where adding adapters is quick
    if adapters:
        attach(flux.transformer, adapters)
        fuse(flux.transformer, folder)
    if settings.fuse_qkv:
        flux.transformer.fuse_qkv_projections()
    _quantise(flux, settings.quantise, device)
    _place(flux, device, offload, settings.text_on_cpu)
    flux.vae.enable_slicing()
    if settings.size > TILED:
        flux.vae.enable_tiling()
    if settings.compile:
        compile_blocks(flux.transformer)
    elif settings.control != "none" and fuses_sparse(device):
        compile_attention(flux.transformer)
    if settings.step_cache:
        flux.transformer.enable_cache(FirstBlockCacheConfig(threshold=settings.step_cache))
    return flux


def check_folder(folder: Path) -> None:
    """Raises ConfigError that names what is missing of a folder of FLUX weights."""
    if not (folder / "model_index.json").is_file():
        raise ConfigError(f"{folder}: no model_index.json, so this is no folder of FLUX weights")
    if missing := [part for part in PARTS if not (folder / part).is_dir()]:
        raise ConfigError(f"{folder}: a folder of FLUX weights also has {', '.join(missing)}")


def compile_blocks(transformer: FluxTransformer2DModel, backend: str = "inductor") -> None:
    """Have each block compiled when it is first used; blocks that are alike are compiled once."""
    _allow_shapes()
    transformer.compile_repeated_blocks(backend=backend)


def compile_attention(transformer: FluxTransformer2DModel, backend: str = "inductor") -> None:
    """Have only the attention of each block compiled: a sparse mask that is not is a dense one, and slow."""
    _allow_shapes()
    for block in (*transformer.transformer_blocks, *transformer.single_transformer_blocks):
        block.attn.compile(backend=backend)


def _allow_shapes() -> None:
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, SHAPES)


def choose_device(name: str) -> torch.device:
    """The device of a name, or the best there is. Raises ConfigError when it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(device for device, is_there in there.items() if is_there))
    if not there[name]:
        raise ConfigError(
            f"this machine has no {name} device; there is {', '.join(one for one in there if there[one])}"
        )
    return torch.device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The precision of a name; the one that FLUX was trained in where the device is quick at it, else full."""
    if name == "auto":
        name = "bfloat16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else _without_bfloat(device)
    return cast(torch.dtype, getattr(torch, name))


def _without_bfloat(device: torch.device) -> str:
    return "float32" if device.type == "cpu" else "float16"


def choose_offload(flux: FluxPipeline, device: torch.device, settings: FluxSettings) -> str:
    """What has to rest in the CPU's memory for the parts to fit into what is free on the device."""
    if device.type != "cuda":
        return "none"
    parts = {name: part for name, part in flux.components.items() if isinstance(part, nn.Module)}
    sizes = {name: sum(one.numel() * one.element_size() for one in part.parameters()) for name, part in parts.items()}
    if settings.quantise != "none":
        sizes["transformer"] = sum(one.numel() for one in flux.transformer.parameters())
    if settings.text_on_cpu:
        sizes.pop(LEFT_ON_CPU)
    return fitting(sizes.values(), torch.cuda.mem_get_info(device)[0])


def fitting(sizes: Collection[int], free: int) -> str:
    """How much has to be offloaded when parts of these sizes and their work share ``free`` bytes."""
    if sum(sizes) + WORK <= free:
        return "none"
    return "model" if max(sizes) + WORK <= free else "group"


def _read(folder: Path, dtype: torch.dtype) -> FluxPipeline:
    """The parts in the CPU's memory, all weights from safetensors."""
    library_log.disable_progress_bar()
    encoder_log.disable_progress_bar()
    how: dict[str, Any] = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
    try:
        encoders = {
            name: _all_of(kind.from_pretrained(folder / name, output_loading_info=True, **how), folder / name)
            for name, kind in (("text_encoder", CLIPTextModel), ("text_encoder_2", T5EncoderModel))
        }
        flux = FluxPipeline.from_pretrained(folder, **how, **encoders)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as problem:
        raise ConfigError(f"{folder}: the weights cannot be read ({' '.join(str(problem).split())[:300]})") from problem
    for name in ("transformer", "vae"):
        _check_whole([key for key, weight in flux.components[name].named_parameters() if weight.is_meta], folder / name)
    flux.transformer.time_text_embed.time_proj = SteadyTimes("cpu")
    return cast(FluxPipeline, flux)


def _all_of(loaded: tuple[nn.Module, dict[str, Any]], folder: Path) -> nn.Module:
    """A text encoder of which no weight was missing: the library would draw it at random."""
    encoder, told = loaded
    _check_whole(sorted(told["missing_keys"]), folder)
    return encoder


def _check_whole(missing: list[str], folder: Path) -> None:
    if missing:
        raise ConfigError(f"{folder}: of the weights {missing[0]} is missing, and {len(missing) - 1} others")


def _quantise(flux: FluxPipeline, how: str, device: torch.device) -> None:
    if how == "none":
        return
    if how == "fp8" and (device.type != "cuda" or torch.cuda.get_device_capability() < (8, 9)):
        raise ConfigError("fp8 takes a CUDA device of compute capability 8.9 or more; int8 runs everywhere")
    try:
        from torchao import quantization as ways
    except ImportError as problem:
        raise ConfigError("weights in 8 bits take torchao: pip install torchao") from problem
    config = ways.Int8WeightOnlyConfig() if how == "int8" else ways.Float8DynamicActivationFloat8WeightConfig()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Matrix by matrix, so that a card need never hold more than one in full precision.
        ways.quantize_(flux.transformer, config, device=device)


def _place(flux: FluxPipeline, device: torch.device, offload: str, text_on_cpu: bool) -> None:
    """Bring the parts to where they work, or have them come and go."""
    ways: dict[str, Callable[[], None]] = {
        "none": lambda: _move(flux, device, text_on_cpu),
        "model": lambda: flux.enable_model_cpu_offload(device=device),
        "group": lambda: flux.enable_group_offload(
            onload_device=device, offload_type="leaf_level", use_stream=device.type == "cuda"
        ),
    }
    ways[offload]()


def _move(flux: FluxPipeline, device: torch.device, text_on_cpu: bool) -> None:
    for name, part in flux.components.items():
        if isinstance(part, nn.Module) and not (text_on_cpu and name == LEFT_ON_CPU):
            part.to(device)

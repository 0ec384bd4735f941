"""What FLUX.1 takes of a card's memory, by its parts and by a step that is run without numbers, and measured if it can.

Parts and activations are *computed*: the true architecture on the meta device, where every tensor has a size and no
content; the most that lives at once is counted. What kernels need beside that, and the driver, is *assumed*. On a card
a step is *measured* too.
"""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import torch
from diffusers import AutoencoderKL
from flux_bench import Bench, Found
from flux_ways import LARGE, Question, Size, as_flux, ask, build, on_meta
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

from peeler.nets.flux import denoise

CARD = 24 * 2**30
"""Bytes of the class of cards that must do."""
ASSUMED = 0.9e9
"""Bytes of the driver, the libraries' workspaces and what is lost between tensors: not computed."""


class Living(TorchDispatchMode):
    """Counts the bytes of tensors that are alive, and the most there ever were."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for one in tree_leaves(result):
            if isinstance(one, Tensor):
                self.count(one.untyped_storage())
        return result

    def count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self.known:
            return
        self.known.add(key)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self.forget, key, size)

    def forget(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


class FusedAttention(TorchFunctionMode):
    """Attention as one kernel, which makes no square; on the meta device it would."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.scaled_dot_product_attention:
            query = args[0] if args else kwargs["query"]
            return torch.empty_like(query)
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def living(part: nn.Module, run: Callable[[], Any]) -> int:
    """The most bytes that a run of a part on the meta device has beside its weights."""
    counted = Living()
    counted.known = {weight.untyped_storage()._cdata for weight in (*part.parameters(), *part.buffers())}
    with FusedAttention(), counted:
        run()
    return counted.most


def parts() -> dict[str, nn.Module]:
    """All that FLUX.1-dev consists of, without numbers, in bfloat16."""
    with torch.device("meta"):
        t5 = T5Config(
            vocab_size=32128,
            d_model=4096,
            d_kv=64,
            d_ff=10240,
            num_layers=24,
            num_heads=64,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        )
        clip = CLIPTextConfig(
            vocab_size=49408,
            hidden_size=768,
            intermediate_size=3072,
            num_hidden_layers=12,
            num_attention_heads=12,
            max_position_embeddings=77,
        )
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            latent_channels=16,
            use_quant_conv=False,
            use_post_quant_conv=False,
        )
        made = {"transformer": on_meta(LARGE), "T5": T5EncoderModel(t5), "CLIP": CLIPTextModel(clip), "VAE": vae}
    return {name: part.to(torch.bfloat16).eval() for name, part in made.items()}


def bytes_of(module: nn.Module) -> int:
    return sum(weight.nbytes for weight in (*module.parameters(), *module.buffers()))


def activations(made: dict[str, nn.Module]) -> dict[str, int]:
    """The most bytes beside the weights: a step, the autoencoder both ways, and eight texts at once."""
    meta, half = torch.device("meta"), torch.bfloat16
    pixels = LARGE.grid[0] * 16, LARGE.grid[1] * 16
    found = {}
    for count in (None, 1, 5, 14):
        for batch in (1, 4):
            question = Question(count, masked=False, batch=batch)
            found[f"step {question} batch {batch}"] = living(
                made["transformer"], lambda question=question: step(made, question)
            )
    picture = torch.empty(1, 3, *pixels, device=meta, dtype=half)
    latents = torch.empty(1, 16, pixels[0] // 8, pixels[1] // 8, device=meta, dtype=half)
    found["VAE encode"] = living(made["VAE"], lambda: made["VAE"].encode(picture))
    found["VAE decode"] = living(made["VAE"], lambda: made["VAE"].decode(latents))
    ids = torch.zeros(8, 512, dtype=torch.int64, device=meta)
    found["T5"] = living(made["T5"], lambda: made["T5"](ids))
    return found


def step(made: dict[str, nn.Module], question: Question) -> Any:
    meta, half = torch.device("meta"), torch.bfloat16
    cells, text, batch = LARGE.grid[0] * LARGE.grid[1], question.text(LARGE), question.batch

    def empty(*shape: int) -> Tensor:
        return torch.empty(shape, device=meta, dtype=half)

    return made["transformer"](
        hidden_states=empty(batch, 2 * cells, 64),
        timestep=empty(batch),
        guidance=empty(batch),
        encoder_hidden_states=empty(batch, text, LARGE.words),
        pooled_projections=empty(batch, LARGE.pooled),
        img_ids=empty(2 * cells, 3),
        txt_ids=empty(text, 3),
        return_dict=False,
    )


def modes(weights: dict[str, int], made: dict[str, nn.Module]) -> dict[str, dict[str, int]]:
    """For each way to offload the bytes of weights on the card while each part works.

    ``model``: the autoencoder stays when the transformer comes, the text encoders have gone. ``group``: a leaf at work
    and the next one under way.
    """
    leaf = {
        name: max(bytes_of(one) for one in part.modules() if not list(one.children())) for name, part in made.items()
    }
    everything = sum(weights.values())
    in_bytes = weights["transformer"] // 2
    by_part = dict.fromkeys(("T5", "VAE", "transformer"), everything)
    return {
        "none": by_part,
        "none, text on CPU": {"T5": 0, **dict.fromkeys(("VAE", "transformer"), everything - weights["T5"])},
        "none, text on CPU, int8": {
            "T5": 0,
            **dict.fromkeys(("VAE", "transformer"), everything - weights["T5"] - weights["transformer"] + in_bytes),
        },
        "model": {
            "T5": weights["T5"],
            "VAE": weights["VAE"] + weights["T5"],
            "transformer": weights["transformer"] + weights["VAE"],
        },
        "group": {name: 2 * leaf[name] for name in ("T5", "VAE", "transformer")},
    }


def memory(bench: Bench) -> Found:
    made = parts()
    weights = {name: bytes_of(part) for name, part in made.items()}
    peaks = activations(made)
    print("  computed, GB: " + "  ".join(f"{name} {size / 1e9:.2f}" for name, size in weights.items()), flush=True)
    print("  computed, GB at most beside weights: " + "  ".join(f"{n} {p / 1e9:.2f}" for n, p in peaks.items()))
    found: Found = {"weights": weights, "activations": peaks, "assumed": ASSUMED, "modes": {}}
    for name, resident in modes(weights, made).items():
        for question in ("none", "n=5", "n=14"):
            working = {
                "T5": 0 if name.startswith("none, text on CPU") else peaks["T5"],
                "VAE": max(peaks["VAE encode"], peaks["VAE decode"]),
                "transformer": peaks[f"step {question} batch 1"],
            }
            total = max(resident[part] + working[part] for part in working) + ASSUMED
            fits = total <= CARD
            found["modes"][f"{name} {question}"] = {"bytes": total, "fits_24": fits}
            print(
                f"  offload {name:26s} {question:5s} {total / 1e9:6.2f} GB  {'fits' if fits else 'too much for'} 24 GiB"
            )
    if bench.cuda:
        bench.drop()
        for count in (None, 5):
            row = measured_group(bench.size, Question(count), bench)
            found[f"measured, group, {Question(count)}"] = row
            print(
                f"  measured, group, {Question(count)}: " + "  ".join(f"{k} {v:.4g}" for k, v in row.items()),
                flush=True,
            )
    return found


def measured_group(size: Size, question: Question, bench: Bench) -> Found:
    """A step of the transformer whose leaves come and go, on the card."""
    model = build(size, bench.device, bench.dtype).to("cpu")
    gc.collect()
    torch.cuda.empty_cache()
    model.enable_group_offload(onload_device=bench.device, offload_type="leaf_level", use_stream=True)
    inputs = ask(size, question, bench.device, bench.dtype, 3)
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    times = bench.times(lambda told: denoise(as_flux(model), inputs, told))
    return {"ms": times[-1], "peak_gb": torch.cuda.max_memory_allocated() / 1e9, "before_gb": before / 1e9}

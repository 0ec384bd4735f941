"""A complete FLUX.1-dev folder, small and random: same layout, same classes and files, drawn from a seed.

What it paints means nothing; only the arithmetic is that of the large model. Every weight is drawn such that the
transformer's output has a standard deviation of about 1 and depends on text, condition and attention mask.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5Tokenizer

SENTENCES = (
    "remove the red circle in the middle and fill what is behind it",
    "remove the dark blue background shape, keep the white outline of the cat",
    "a flat drawing of a cat with a yellow hat, a green tree and two small stars",
    "an icon of a house: roof, door, window, chimney and smoke above the roof",
    "the large orange triangle lies on top of the pink square at the lower left",
    "take away the black stroke around the brown ear on the upper right",
)
TARGETS = (
    *(f"attn.{name}" for name in ("to_q", "to_k", "to_v", "to_out.0")),
    *(f"attn.{name}" for name in ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")),
    *("ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2"),
)
"""Ends of the names of the modules that the published LoRA changes, single blocks included where a name fits."""
HEADS, HEAD, TEXT_WIDTH, POOLED = 2, 32, 48, 32


def make_tiny_flux(folder: Path, seed: int = 0) -> Path:
    """Write the pipeline to ``folder`` (below 3 MB, float32, safetensors only) and return that.

    The transformer has 2 double and 2 single blocks, 2 heads of 32, and takes 64 channels; the VAE has 16 latent
    channels and a factor of 8. The same seed gives the same weights.
    """
    source = torch.Generator().manual_seed(seed)
    clip_tokenizer, t5_tokenizer = _clip_tokenizer(), _t5_tokenizer()
    with torch.random.fork_rng(devices=[]):
        clip, t5 = _clip(clip_tokenizer), _t5(len(t5_tokenizer))
        transformer, vae = make_transformer(), _vae()
    for model, gain in ((clip, 1.0), (t5, 0.5), (transformer, 1.1), (vae, 1.2)):
        _draw(model, source, gain)
    _settle(vae)
    with torch.no_grad():
        transformer.proj_out.weight *= 0.5
    FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=3.0,
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=1.15,
            base_image_seq_len=256,
            max_image_seq_len=4096,
        ),
        vae=vae,
        text_encoder=clip,
        tokenizer=clip_tokenizer,
        text_encoder_2=t5,
        tokenizer_2=t5_tokenizer,
        transformer=transformer,
    ).save_pretrained(folder, safe_serialization=True)
    return folder


def make_transformer(**changes: Any) -> FluxTransformer2DModel:
    """The transformer as the library draws it; ``changes`` go before the tiny configuration."""
    config: dict[str, Any] = {
        "patch_size": 1,
        "in_channels": 64,
        "num_layers": 2,
        "num_single_layers": 2,
        "attention_head_dim": HEAD,
        "num_attention_heads": HEADS,
        "joint_attention_dim": TEXT_WIDTH,
        "pooled_projection_dim": POOLED,
        "guidance_embeds": True,
        "axes_dims_rope": (4, 14, 14),
    }
    return FluxTransformer2DModel(**(config | changes)).eval()


def make_tiny_lora(
    target: Path,
    flux: Path | Mapping[str, Any],
    rank: int = 4,
    seed: int = 0,
    targets: Iterable[str] = TARGETS,
    prefix: str = "transformer.",
    scale: float = 0.5,
) -> Path:
    """Write a LoRA in the published key format and return its file; ``flux`` is a pipeline folder or a configuration.

    ``target`` is the file, or a folder for ``pytorch_lora_weights.safetensors``. Keys are
    ``{prefix}{module}.lora_A.weight`` (rank, in) and ``.lora_B.weight`` (out, rank); there is no alpha. ``scale`` is
    the size of what it adds to a weight relative to a freshly drawn one.
    """
    config = FluxTransformer2DModel.load_config(flux / "transformer") if isinstance(flux, Path) else dict(flux)
    with torch.device("meta"):
        transformer = FluxTransformer2DModel.from_config(config)
    source = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    for name, module in _targeted(transformer, tuple(targets)):
        out_width, in_width = module.weight.shape
        tensors[f"{prefix}{name}.lora_A.weight"] = _normal((rank, in_width), in_width**-0.5, source)
        tensors[f"{prefix}{name}.lora_B.weight"] = _normal((out_width, rank), scale * rank**-0.5, source)
    file = target if target.suffix == ".safetensors" else target / "pytorch_lora_weights.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file, metadata={"format": "pt"})
    return file


def _targeted(model: torch.nn.Module, targets: tuple[str, ...]) -> Iterator[tuple[str, torch.nn.Linear]]:
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and any(name.endswith(f".{target}") for target in targets):
            yield name, module


def _normal(shape: tuple[int, ...], deviation: float, source: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=source) * deviation


def _draw(model: torch.nn.Module, source: torch.Generator, gain: float) -> None:
    """Draw every weight anew: matrices keep the size of what goes through them, times ``gain``; attention is sharp."""
    model.eval()
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            shape = tuple(weight.shape)
            if weight.ndim > 1:
                embeds = name.endswith(("shared.weight", "token_embedding.weight", "position_embedding.weight"))
                weight.copy_(_normal(shape, 1.0 if embeds else gain * weight[0].numel() ** -0.5, source))
            else:
                middle = 1.0 if name.endswith("weight") else 0.0
                weight.copy_(_normal(shape, 0.1, source) + (1.6 if ".norm_" in name and "attn" in name else middle))


def _settle(vae: AutoencoderKL) -> None:
    """Latents of about 1 after shift and scale, with a posterior that is narrow but not a point."""
    channels = vae.config["latent_channels"]
    with torch.no_grad():
        out = vae.encoder.conv_out
        out.weight[:channels] *= 2.0
        out.weight[channels:] *= 0.1
        out.bias[channels:] = -2.0


def _clip(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=POOLED,
            intermediate_size=64,
            projection_dim=POOLED,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=77,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _t5(words: int) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=words,
            d_model=TEXT_WIDTH,
            d_kv=12,
            d_ff=96,
            num_layers=2,
            num_heads=4,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        )
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 16, 16, 16),
        layers_per_block=1,
        latent_channels=16,
        norm_num_groups=4,
        sample_size=1024,
        shift_factor=0.1159,
        scaling_factor=0.3611,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def _clip_tokenizer() -> CLIPTokenizer:
    """Byte pairs with an end-of-word mark; start and end are the last two ids, as CLIP has them."""
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=640, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
    )
    learner.train_from_iterator(SENTENCES, trainer)
    words = [*alphabet, *(f"{letter}</w>" for letter in alphabet)]
    merges = _merges(learner)
    words += dict.fromkeys(first + second for first, second in merges if first + second not in set(words))
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def _merges(learner: Tokenizer) -> list[tuple[str, str]]:
    return [(first, second) for first, second in json.loads(learner.to_str())["model"]["merges"]]


def _t5_tokenizer() -> T5Tokenizer:
    """Unigram pieces with T5's first three ids; a prompt ends with ``</s>``."""
    learner = Tokenizer(models.Unigram())
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    letters = sorted(set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?'\"()-$▁"))
    special = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=220, special_tokens=special, unk_token="<unk>", initial_alphabet=letters, show_progress=False
    )
    learner.train_from_iterator(SENTENCES, trainer)
    pieces = [(piece, score) for piece, score in json.loads(learner.to_str())["model"]["vocab"]]
    return T5Tokenizer(vocab=pieces, extra_ids=0, additional_special_tokens=[], model_max_length=512)

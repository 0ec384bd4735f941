"""Adapters do what the stock pipeline does with them, fused ones exactly, and files that do not fit are named."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import FluxPipeline, FluxTransformer2DModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from peeler.errors import ConfigError
from peeler.nets.lora import attach, attached, detach, fuse, swap, with_terms
from peeler.nets.lora_files import TARGETS, check_fit, read_lora
from peeler.nets.tensor_files import open_tensors
from tests import tiny_flux as tiny

TOKENS = 16
DOUBLE = "transformer_blocks.0.attn.to_q"


@pytest.fixture(scope="module")
def files(tiny_flux: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    folder = tmp_path_factory.mktemp("lora")
    return (
        tiny.make_tiny_lora(folder / "first.safetensors", tiny_flux),
        tiny.make_tiny_lora(
            folder / "second.safetensors", tiny_flux, rank=4, seed=1, targets=("attn.to_q", "ff.net.2")
        ),
        tiny.make_tiny_lora(folder / "third.safetensors", tiny_flux, rank=6, seed=2),
    )


def load(folder: Path, dtype: torch.dtype = torch.float32) -> FluxTransformer2DModel:
    return FluxTransformer2DModel.from_pretrained(folder, subfolder="transformer", torch_dtype=dtype)


@torch.no_grad()
def predict(transformer: torch.nn.Module) -> Tensor:
    """What the transformer makes of fixed inputs; (1, tokens, 64)."""
    seed = torch.Generator().manual_seed(3)
    predicted: Tensor = transformer(
        hidden_states=torch.randn(1, TOKENS, 64, generator=seed),
        encoder_hidden_states=torch.randn(1, 8, tiny.TEXT_WIDTH, generator=seed),
        pooled_projections=torch.randn(1, tiny.POOLED, generator=seed),
        timestep=torch.tensor([0.6]),
        guidance=torch.tensor([4.5]),
        img_ids=torch.cartesian_prod(torch.zeros(1), torch.arange(4.0), torch.arange(4.0)),
        txt_ids=torch.zeros(8, 3),
        return_dict=False,
    )[0]
    return predicted


def error(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def weights(model: torch.nn.Module) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_an_adapter_does_what_the_stock_pipeline_does_with_it(tiny_flux: Path, files: tuple[Path, ...]) -> None:
    ours = load(tiny_flux)
    bare = predict(ours)
    attach(ours, {"removal": (files[0], 1.0)})
    stock = FluxPipeline.from_pretrained(tiny_flux)
    stock.load_lora_weights(files[0])
    assert error(predict(ours), predict(stock.transformer)) == 0
    assert error(predict(ours), bare) > 0.1
    fuse(ours)
    stock.fuse_lora()
    stock.unload_lora_weights()
    assert error(predict(ours), predict(stock.transformer)) < 1e-5


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`:UserWarning")
def test_several_adapters_count_with_their_weights(tiny_flux: Path, files: tuple[Path, ...]) -> None:
    ours = load(tiny_flux)
    attach(ours, {"one": (files[0], 0.5), "two": (files[1], -1.25)})
    attach(ours, {"three": (files[2], 0.75)})
    assert attached(ours) == {"one": 0.5, "two": -1.25, "three": 0.75}
    stock = FluxPipeline.from_pretrained(tiny_flux)
    for name, file in zip(("one", "two", "three"), files, strict=True):
        stock.load_lora_weights(file, adapter_name=name)
    stock.set_adapters(["one", "two", "three"], [0.5, -1.25, 0.75])
    unfused = predict(ours)
    assert error(unfused, predict(stock.transformer)) == 0
    fuse(ours)
    assert error(unfused, predict(ours)) < 1e-5
    assert not [name for name, _ in ours.named_parameters() if "lora" in name or "base_layer" in name]


def test_detaching_gives_the_very_weights_of_the_base(tiny_flux: Path, files: tuple[Path, ...]) -> None:
    transformer = load(tiny_flux)
    before, addresses = weights(transformer), {name: w.data_ptr() for name, w in transformer.named_parameters()}
    attach(transformer, {"one": (files[0], 0.7)})
    detach(transformer)
    assert same(weights(transformer), before)
    attach(transformer, {"one": (files[0], 0.7)})
    fuse(transformer, tiny_flux)
    assert not same(weights(transformer), before)
    detach(transformer)
    assert same(weights(transformer), before) and attached(transformer) == {}
    assert {name: w.data_ptr() for name, w in transformer.named_parameters()} == addresses
    detach(transformer)
    fuse(transformer)


def test_fusing_in_bfloat16_rounds_once(tiny_flux: Path, files: tuple[Path, ...]) -> None:
    transformer = load(tiny_flux, torch.bfloat16)
    before = weights(transformer)
    attach(transformer, {"one": (files[0], 0.7), "two": (files[1], 1.0), "three": (files[2], 0.3)})
    fuse(transformer)
    after, shares = weights(transformer), dict(zip(files, (0.7, 1.0, 0.3), strict=True))
    for name in (
        "transformer_blocks.1.attn.to_q",
        "single_transformer_blocks.0.attn.to_v",
        "transformer_blocks.0.ff.net.2",
    ):
        exact = before[f"{name}.weight"].double()
        for file, share in shares.items():
            tensors = load_file(file)
            if f"transformer.{name}.lora_A.weight" in tensors:
                down, up = (tensors[f"transformer.{name}.lora_{side}.weight"].double() for side in "AB")
                exact += share * up @ down
        # The one rounding, of a float32 sum: no entry is further from the exact sum than half a step, and a hair.
        assert (after[f"{name}.weight"].double() - exact).abs().le(exact.abs() * 2**-8 * 1.001 + 1e-9).all()
        assert (after[f"{name}.weight"] == exact.to(torch.bfloat16)).double().mean() > 0.999


@pytest.mark.parametrize("new", [1, 2], ids=["fewer modules", "another rank"])
def test_an_attached_adapter_is_swapped(tiny_flux: Path, files: tuple[Path, ...], new: int) -> None:
    swapped, fresh = load(tiny_flux), load(tiny_flux)
    attach(swapped, {"one": (files[0], 0.5), "other": (files[0], -0.25)})
    swap(swapped, "one", files[new])
    attach(fresh, {"one": (files[new], 0.5), "other": (files[0], -0.25)})
    assert error(predict(swapped), predict(fresh)) < 1e-6
    fuse(swapped)
    fuse(fresh)
    assert same(weights(swapped), weights(fresh))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_fused_adapter_is_swapped_exactly_and_in_place(
    tiny_flux: Path, files: tuple[Path, ...], dtype: torch.dtype
) -> None:
    swapped, fresh = load(tiny_flux, dtype), load(tiny_flux, dtype)
    attach(swapped, {"one": (files[0], 0.5), "other": (files[1], 1.0)})
    fuse(swapped, tiny_flux / "transformer")
    addresses = [weight.data_ptr() for weight in swapped.parameters()]
    swap(swapped, "one", files[2])
    attach(fresh, {"one": (files[2], 0.5), "other": (files[1], 1.0)})
    fuse(fresh)
    assert same(weights(swapped), weights(fresh))
    assert [weight.data_ptr() for weight in swapped.parameters()] == addresses


def test_a_fused_adapter_needs_the_base_to_be_swapped(tiny_flux: Path, files: tuple[Path, ...], tmp_path: Path) -> None:
    transformer = load(tiny_flux)
    attach(transformer, {"one": (files[0], 1.0)})
    fuse(transformer)
    for act in (lambda: swap(transformer, "one", files[1]), lambda: detach(transformer)):
        with pytest.raises(ConfigError, match="tell fuse its folder"):
            act()
    with pytest.raises(ConfigError, match="one is fused: detach it"):
        attach(transformer, {"two": (files[1], 1.0)})
    other = load(tiny_flux)
    attach(other, {"one": (files[0], 1.0)})
    tiny.make_transformer(num_attention_heads=3).save_pretrained(tmp_path)
    fuse(other, tmp_path)
    before = weights(other)
    with pytest.raises(ConfigError, match="is not the base of this model"):
        swap(other, "one", files[1])
    assert same(weights(other), before)


def test_a_swap_names_what_it_cannot_do(tiny_flux: Path, files: tuple[Path, ...]) -> None:
    transformer = load(tiny_flux)
    with pytest.raises(ConfigError, match="no adapter is called 'one'; there is none"):
        swap(transformer, "one", files[0])
    attach(transformer, {"one": (files[1], 1.0)})
    with pytest.raises(ConfigError, match="also changes .*detach that"):
        swap(transformer, "one", files[0])


def test_weights_that_are_packed_are_left_alone(tiny_flux: Path, files: tuple[Path, ...]) -> None:
    packed = load(tiny_flux)
    packed.fuse_qkv_projections()
    with pytest.raises(ConfigError, match="query, key and value at once"):
        attach(packed, {"one": (files[0], 1.0)})
    away = load(tiny_flux).to("meta")
    with pytest.raises(ConfigError, match="quantised or offloaded"):
        attach(away, {"one": (files[0], 1.0)})


def rewritten(
    source: Path, target: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]], **told: str
) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in change(load_file(source)).items()}, target, metadata=told)
    return target


def renamed(old: str, new: str) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    return lambda tensors: {name.replace(old, new): tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize("prefix", ["", "base_model.model.", "diffusion_model.", "base_model.model.transformer."])
def test_prefixes_of_other_programs_are_known(files: tuple[Path, ...], tmp_path: Path, prefix: str) -> None:
    other = read_lora(rewritten(files[0], tmp_path / "other.safetensors", renamed("transformer.t", f"{prefix}t")))
    own = read_lora(files[0])
    assert other.modules == own.modules
    assert torch.equal(other.factors(DOUBLE).up, own.factors(DOUBLE).up)


def test_alpha_counts(tiny_flux: Path, files: tuple[Path, ...], tmp_path: Path) -> None:
    def with_alphas(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        modules = [name.removesuffix(".lora_A.weight") for name in tensors if "lora_A" in name]
        alphas = {f"{module}.alpha": torch.tensor(2.0 + (number % 3)) for number, module in enumerate(modules)}
        return tensors | alphas

    file = rewritten(files[0], tmp_path / "alpha.safetensors", with_alphas)
    assert {shape.scale for shape in read_lora(file).modules.values()} == {0.5, 0.75, 1.0}
    ours, stock = load(tiny_flux), FluxPipeline.from_pretrained(tiny_flux)
    attach(ours, {"one": (file, 0.8)})
    stock.load_lora_weights(file, adapter_name="one")
    stock.set_adapters(["one"], [0.8])
    unfused = predict(ours)
    assert error(unfused, predict(stock.transformer)) < 1e-6
    fuse(ours)
    assert error(unfused, predict(ours)) < 1e-5


def test_settings_beside_the_tensors_count(files: tuple[Path, ...], tmp_path: Path) -> None:
    def told(name: str, **settings: object) -> Path:
        text = json.dumps({f"transformer.{key}": value for key, value in settings.items()})
        return rewritten(files[0], tmp_path / name, dict, lora_adapter_metadata=text)

    half = read_lora(told("half.safetensors", r=4, lora_alpha=2, alpha_pattern={DOUBLE: 8}))
    assert (half.modules[DOUBLE].scale, half.modules["transformer_blocks.1.ff.net.2"].scale) == (2.0, 0.5)
    root = read_lora(told("root.safetensors", r=4, lora_alpha=2, use_rslora=True))
    assert root.modules[DOUBLE].scale == 1.0
    with pytest.raises(ConfigError, match="DoRA"):
        read_lora(told("dora.safetensors", use_dora=True))
    with pytest.raises(ConfigError, match="settings of the adapter in it are damaged"):
        read_lora(rewritten(files[0], tmp_path / "bad.safetensors", dict, lora_adapter_metadata="{"))


def kohya() -> dict[str, Tensor]:
    """An adapter of the first double block as kohya's trainer names it: query, key and value as one, with alpha."""
    seed = torch.Generator().manual_seed(5)
    tensors: dict[str, Tensor] = {}
    for name, width, out in (("img_attn_qkv", 64, 192), ("img_mlp_0", 64, 256), ("txt_attn_proj", 64, 64)):
        key = f"lora_unet_double_blocks_0_{name}"
        tensors[f"{key}.lora_down.weight"] = torch.randn(4, width, generator=seed) / 8
        tensors[f"{key}.lora_up.weight"] = torch.randn(out, 4, generator=seed) / 4
        tensors[f"{key}.alpha"] = torch.tensor(2.0)
    return tensors


def comfy() -> dict[str, Tensor]:
    """The same under ComfyUI's names, in PEFT's form."""
    places = {"img_attn_qkv": "img_attn.qkv", "img_mlp_0": "img_mlp.0", "txt_attn_proj": "txt_attn.proj"}
    tensors: dict[str, Tensor] = {}
    for name, tensor in kohya().items():
        if "alpha" not in name:
            module, side = name.removeprefix("lora_unet_double_blocks_0_").split(".")[:2]
            letter = {"lora_down": "A", "lora_up": "B"}[side]
            tensors[f"diffusion_model.double_blocks.0.{places[module]}.lora_{letter}.weight"] = tensor
    return tensors


@pytest.mark.parametrize(("make", "scale"), [(kohya, 0.5), (comfy, 1.0)], ids=["kohya", "comfy"])
def test_other_names_are_converted_by_the_library(
    tiny_flux: Path, tmp_path: Path, make: Callable[[], dict[str, Tensor]], scale: float
) -> None:
    save_file(make(), tmp_path / "other.safetensors")
    lora = read_lora(tmp_path / "other.safetensors")
    assert {name.split(".", 2)[2] for name in lora.modules} == {
        *("attn.to_q", "attn.to_k", "attn.to_v"),
        *("ff.net.0.proj", "attn.to_add_out"),
    }
    wide = "lora_unet_double_blocks_0_img_attn_qkv"
    whole = kohya()[f"{wide}.lora_up.weight"] @ kohya()[f"{wide}.lora_down.weight"] * scale
    keys = lora.factors("transformer_blocks.0.attn.to_k")
    assert torch.allclose(keys.up @ keys.down * keys.scale, whole[64:128], atol=1e-6)
    transformer = load(tiny_flux)
    attach(transformer, {"other": (tmp_path / "other.safetensors", 1.0)})


def dropped(part: str) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    return lambda tensors: {name: tensor for name, tensor in tensors.items() if part not in name}


def changed(key: str, tensor: Tensor) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    return lambda tensors: tensors | {f"transformer.{DOUBLE}.{key}": tensor}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (dropped(f"{DOUBLE}.lora_A"), f"{DOUBLE} lacks its lora_A.weight"),
        (dropped(f"{DOUBLE}.lora_B"), f"{DOUBLE} lacks its lora_B.weight"),
        (changed("lora_A.weight", torch.zeros(3, 64)), f"{DOUBLE} has 3×64 and 64×4, which are no pair"),
        (changed("lora_A.weight", torch.zeros(4)), f"{DOUBLE} has 4 and 64×4, which are no pair"),
        (changed("lora_A.weight", torch.zeros(4, 64, dtype=torch.int8)), "holds I8 numbers"),
        (changed("lora_down.weight", torch.zeros(4, 64)), "are the same"),
        (renamed("transformer.", "unet.down_blocks."), "is no part of an adapter"),
        (
            lambda tensors: {"lora_unet_down_0.lora_down.weight": torch.zeros(4, 4)},
            "no adapter of FLUX in a form that is known",
        ),
        (renamed("transformer.transformer_blocks.0", "text_encoder.layers.0"), "is no part of an adapter"),
    ],
)
def test_a_file_that_is_not_whole_is_named(
    files: tuple[Path, ...],
    tmp_path: Path,
    change: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    says: str,
) -> None:
    file = rewritten(files[0], tmp_path / "broken.safetensors", change)
    with pytest.raises(ConfigError, match=says) as caught:
        read_lora(file)
    assert str(file) in str(caught.value)


def test_the_rank_is_checked(files: tuple[Path, ...], tmp_path: Path) -> None:
    assert read_lora(files[0], 4).rank == 4
    with pytest.raises(ConfigError, match="has rank 4, not 256"):
        read_lora(files[0], 256)
    pair = {
        f"transformer.{DOUBLE}.lora_A.weight": torch.zeros(2, 64),
        f"transformer.{DOUBLE}.lora_B.weight": torch.zeros(64, 2),
    }
    mixed = rewritten(files[0], tmp_path / "mixed.safetensors", lambda tensors: tensors | pair)
    with pytest.raises(ConfigError, match=f"{DOUBLE} has rank 2, not 4"):
        read_lora(mixed)


def test_another_base_is_named_with_both_shapes(tiny_flux: Path, files: tuple[Path, ...], tmp_path: Path) -> None:
    narrow = tiny.make_transformer(num_attention_heads=1)
    with pytest.raises(ConfigError, match=r"attn.to_k is 32×32 here, 64×64 there"):
        attach(narrow, {"one": (files[0], 1.0)})
    shallow = tiny.make_transformer(num_layers=1)
    with pytest.raises(ConfigError, match=r"it changes transformer_blocks.1.attn.\S+, .* and 9 more"):
        attach(shallow, {"one": (files[0], 1.0)})
    assert not attached(narrow) and not hasattr(narrow, "peft_config")
    small = tiny.make_tiny_lora(tmp_path, tiny_flux, targets=("attn.to_q",))
    with pytest.raises(ConfigError, match=r"leaves out single_transformer_blocks.0.attn.to_k, .* and \d+ more"):
        attach(load(tiny_flux), {"one": (small, 1.0)}, rank=4, targets=TARGETS)
    attach(load(tiny_flux), {"one": (files[0], 1.0)}, rank=4, targets=TARGETS)


def test_an_adapter_that_is_not_finite_is_named(tiny_flux: Path, files: tuple[Path, ...], tmp_path: Path) -> None:
    def spoilt(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        tensors[f"transformer.{DOUBLE}.lora_B.weight"][0, 0] = float("inf")
        return tensors

    file = rewritten(files[0], tmp_path / "spoilt.safetensors", spoilt)
    transformer = load(tiny_flux)
    with pytest.raises(ConfigError, match=f"{DOUBLE} holds numbers that are not finite"):
        attach(transformer, {"one": (files[0], 1.0), "two": (file, 1.0)})
    assert not attached(transformer)
    attach(transformer, {"one": (files[0], 1.0)})
    with pytest.raises(ConfigError, match="not finite"):
        swap(transformer, "one", file)


def test_names_of_adapters_are_plain_and_used_once(tiny_flux: Path, files: tuple[Path, ...]) -> None:
    transformer = load(tiny_flux)
    with pytest.raises(ConfigError, match="cannot be called 'a.b'"):
        attach(transformer, {"a.b": (files[0], 1.0)})
    attach(transformer, {"one": (files[0], 1.0)})
    with pytest.raises(ConfigError, match="each name once"):
        attach(transformer, {"one": (files[1], 1.0)})


def test_files_that_are_no_safetensors_are_refused(files: tuple[Path, ...], tmp_path: Path) -> None:
    pickled, zipped, words = (tmp_path / name for name in ("old.bin", "new.safetensors", "page.safetensors"))
    pickled.write_bytes(pickle.dumps({"a": 1}))
    torch.save({"a": torch.zeros(1)}, zipped)
    words.write_text("<html>Please log in</html>" * 99)
    for path in (pickled, zipped):
        with pytest.raises(ConfigError, match="a pickle, which can run code"):
            read_lora(path)
    with pytest.raises(ConfigError, match="not a safetensors file"):
        read_lora(words)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_lora(tmp_path / "missing.safetensors")
    words.write_bytes((2).to_bytes(8, "little") + b"{}")
    with pytest.raises(ConfigError, match="there is no adapter in it"):
        read_lora(words)
    whole = files[0].read_bytes()
    for length, says in ((len(whole) - 1, "bytes long, but its head tells of"), (100, "cut off"), (3, "cut off")):
        words.write_bytes(whole[:length])
        with pytest.raises(ConfigError, match=says):
            read_lora(words)


@pytest.mark.parametrize(
    "row",
    [
        {"dtype": "F32", "shape": [1], "data_offsets": [0, 5]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
        {"dtype": "F33", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1]},
        {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
        [],
    ],
)
def test_a_damaged_head_is_told(tmp_path: Path, row: object) -> None:
    head = json.dumps({"a": row}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + b"\0" * 8)
    with pytest.raises(ConfigError, match="head of the file is damaged"):
        open_tensors(tmp_path / "a.safetensors")


def test_a_file_that_shrinks_while_it_is_read_is_told(tiny_flux: Path, files: tuple[Path, ...], tmp_path: Path) -> None:
    file = tmp_path / "shrinks.safetensors"
    file.write_bytes(files[0].read_bytes())
    lora = read_lora(file)
    check_fit(lora, {module: (shape.out_width, shape.in_width) for module, shape in lora.modules.items()})
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(ConfigError, match="ends within"):
        for module in lora.modules:
            lora.factors(module)


def test_terms_are_summed_before_they_are_rounded() -> None:
    weight = torch.ones(1, 1, dtype=torch.bfloat16)
    small = [(torch.ones(1, 1), torch.ones(1, 1), 2.0**-9)] * 4
    assert with_terms(weight, small).item() == 1 + 2**-7
    assert weight.item() == 1

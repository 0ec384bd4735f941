"""An adapter in the weights of a folder: equal to the library's fusing, whatever interrupts it, and never half."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import FluxPipeline, FluxTransformer2DModel
from safetensors.torch import load_file, save_file

from peeler.errors import ConfigError, StoreError
from peeler.nets import merging
from peeler.nets.lora import attach, fuse
from peeler.nets.tensor_files import INDEX, WEIGHTS, open_tensors
from peeler.weights.manifest import MANIFEST, Manifest, listed, read_manifest, record, verify, write_manifest
from tests.tiny_flux import make_tiny_lora

SHARDED = "diffusion_pytorch_model-0000{}-of-0000{}.safetensors"


@pytest.fixture(scope="module")
def lora(tiny_flux: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_lora(tmp_path_factory.mktemp("lora") / "pretrain.safetensors", tiny_flux)


@pytest.fixture(scope="module")
def sharded(tiny_flux: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model in bfloat16, with the weights of its transformer in several files."""
    folder = tmp_path_factory.mktemp("sharded") / "base"
    shutil.copytree(tiny_flux, folder)
    shutil.rmtree(folder / "transformer")
    transformer = FluxTransformer2DModel.from_pretrained(tiny_flux, subfolder="transformer", torch_dtype=torch.bfloat16)
    transformer.save_pretrained(folder / "transformer", max_shard_size="300KB")
    assert len(list((folder / "transformer").glob("*.safetensors"))) > 3
    return folder


@pytest.fixture
def base(sharded: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(sharded, tmp_path / "base"))


def merge(base: Path, lora: Path, output: Path, weight: float = 1.0) -> Manifest:
    return merging.merge(base, lora, output, "merged", "none", weight)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("weight", [1.0, -0.5])
def test_it_is_what_fusing_gives(tiny_flux: Path, lora: Path, tmp_path: Path, weight: float) -> None:
    manifest = merge(tiny_flux, lora, tmp_path / "out", weight)
    pipeline = FluxPipeline.from_pretrained(tiny_flux)
    pipeline.load_lora_weights(lora, adapter_name="one")
    pipeline.set_adapters(["one"], [weight])
    pipeline.fuse_lora()
    pipeline.unload_lora_weights()
    merged = FluxPipeline.from_pretrained(tmp_path / "out")
    theirs, ours = pipeline.transformer.state_dict(), merged.transformer.state_dict()
    assert theirs.keys() == ours.keys()
    assert max(float((theirs[name] - ours[name]).abs().max()) for name in ours) < 1e-6
    assert not verify(tmp_path / "out", manifest)
    assert read_manifest(tmp_path / "out") == manifest
    assert sorted(manifest.files) == listed(tmp_path / "out") == listed(tiny_flux)
    assert not [path for path in tmp_path.rglob(".*")]


def test_sharded_weights_keep_their_files_types_and_places(sharded: Path, lora: Path, tmp_path: Path) -> None:
    merge(sharded, lora, tmp_path / "out")
    transformer = FluxTransformer2DModel.from_pretrained(sharded, subfolder="transformer", torch_dtype=torch.bfloat16)
    attach(transformer, {"one": (lora, 1.0)})
    fuse(transformer)
    merged = FluxTransformer2DModel.from_pretrained(
        tmp_path / "out", subfolder="transformer", torch_dtype=torch.bfloat16
    )
    assert all(torch.equal(weight, merged.state_dict()[name]) for name, weight in transformer.state_dict().items())
    for file in (sharded / "transformer").glob("*.safetensors"):
        assert open_tensors(file).head == open_tensors(tmp_path / "out" / "transformer" / file.name).head
    assert (tmp_path / "out" / "transformer" / INDEX).samefile(sharded / "transformer" / INDEX)


def test_it_goes_on_with_the_next_file_whenever_it_is_cut_off(
    sharded: Path, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    merge(sharded, lora, whole)
    files, original = sorted((sharded / "transformer").glob("*.safetensors")), merging._write
    written: list[str] = []
    fails: set[str] = set()

    def write(task: object, file: merging.TensorFile, *rest: object) -> object:
        if file.path.name in fails:
            fails.clear()
            rest[0].write(b"half")  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        written.append(file.path.name)
        return original(task, file, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(merging, "_write", write)
    output = tmp_path / "out"
    for file in files:
        fails.add(file.name)
        with pytest.raises(KeyboardInterrupt):
            merge(sharded, lora, output)
        assert not output.exists()
    merge(sharded, lora, output)
    assert written == [file.name for file in files]
    assert contents(output) == contents(whole)


@pytest.mark.parametrize("moment", ["_take_along", "write_manifest", "_tidy"])
def test_it_goes_on_at_the_end_as_well(
    sharded: Path, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(merging, moment, fail)
        with pytest.raises(KeyboardInterrupt):
            merge(sharded, lora, tmp_path / "out")
    merge(sharded, lora, tmp_path / "out")
    merge(sharded, lora, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_finished_file_that_was_damaged_is_made_again(
    base: Path, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(merging, "write_manifest", fail)
        merge(base, lora, tmp_path / "out")
    shard = next((tmp_path / ".tmp-out" / "transformer").glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"\xff")
    (tmp_path / ".tmp-out" / "stray").write_text("")
    manifest = merge(base, lora, tmp_path / "out")
    assert not verify(tmp_path / "out", manifest)


def test_another_adapter_does_not_go_on_with_the_files_of_the_first(
    sharded: Path, lora: Path, tiny_flux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(merging, "write_manifest", fail)
        merge(sharded, lora, tmp_path / "out")
    other = make_tiny_lora(tmp_path / "other.safetensors", tiny_flux, seed=9)
    merge(sharded, other, tmp_path / "out")
    merge(sharded, other, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_what_is_made_already_is_left(sharded: Path, lora: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    first = merge(sharded, lora, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    assert merge(sharded, lora, tmp_path / "out") == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    with pytest.raises(ConfigError, match="is there and is not what would be made"):
        merge(sharded, lora, tmp_path / "out", weight=2.0)


def test_the_result_is_not_put_into_the_base(base: Path, lora: Path, tmp_path: Path) -> None:
    before = contents(base)
    for output in (base, base / "out", tmp_path, base / ".." / "base" / "transformer"):
        with pytest.raises(ConfigError, match="neither the base nor inside it nor around it"):
            merge(base, lora, output)
    assert contents(base) == before


def cut(base: Path) -> None:
    file = base / "transformer" / SHARDED.format(2, count(base))
    file.write_bytes(file.read_bytes()[:-1])


def garbage(base: Path) -> None:
    (base / "transformer" / SHARDED.format(1, count(base))).write_bytes(b"<html>no</html>" * 99)


def gone(base: Path) -> None:
    (base / "transformer" / SHARDED.format(1, count(base))).unlink()


def no_weights(base: Path) -> None:
    (base / "transformer" / INDEX).unlink()


def bad_index(base: Path) -> None:
    (base / "transformer" / INDEX).write_text("{}")


def outside(base: Path) -> None:
    (base / "transformer" / INDEX).write_text(json.dumps({"weight_map": {"a": "../vae/x.safetensors"}}))


def lost_key(base: Path) -> None:
    file = base / "transformer" / SHARDED.format(1, count(base))
    tensors = load_file(file)
    tensors.pop(sorted(tensors)[0])
    save_file(tensors, file)


def quantised(base: Path) -> None:
    for file in (base / "transformer").glob("*.safetensors"):
        tensors = load_file(file)
        save_file({name: t.to(torch.int8) if t.ndim > 1 else t for name, t in tensors.items()}, file)


def no_config(base: Path) -> None:
    (base / "transformer" / "config.json").unlink()


def bad_model_index(base: Path) -> None:
    (base / "model_index.json").write_text("{")


def count(base: Path) -> int:
    return len(list((base / "transformer").glob("*.safetensors")))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut, "bytes long, but its head tells of"),
        (garbage, "not a safetensors file"),
        (gone, "cannot be read"),
        (no_weights, f"neither {WEIGHTS} nor"),
        (bad_index, "the list of weights is damaged"),
        (outside, "is not a file of this folder"),
        (lost_key, "lacks .*, which .* says is in it"),
        (quantised, "is I8, quantised"),
        (no_config, "not a folder of a pipeline"),
        (bad_model_index, "is damaged"),
    ],
)
def test_a_base_that_is_not_whole_is_told_before_anything_is_written(
    base: Path, lora: Path, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    damage(base)
    with pytest.raises(ConfigError, match=says):
        merge(base, lora, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.rglob("*.safetensors.tmp*"))


def test_contents_that_changed_since_the_fetch_are_found_on_the_way(base: Path, lora: Path, tmp_path: Path) -> None:
    files = {name: record(base / name) for name in listed(base)}
    write_manifest(base, Manifest(name="base", source="a/b@1", licence="none", files=files))
    manifest = merge(base, lora, tmp_path / "fine")
    assert manifest.source.startswith("a/b@1 + 1 × pretrain.safetensors (")
    assert manifest.files["vae/config.json"] == files["vae/config.json"]
    shard = base / "transformer" / SHARDED.format(2, count(base))
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    with pytest.raises(ConfigError, match="other contents than when it was fetched"):
        merge(base, lora, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_base_of_links_will_do(sharded: Path, lora: Path, tmp_path: Path) -> None:
    """Such is a snapshot in the cache of the hub's own library."""
    for name in listed(sharded):
        (tmp_path / "snapshot" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "snapshot" / name).symlink_to(sharded / name)
    merge(tmp_path / "snapshot", lora, tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_symlink()]
    merge(sharded, lora, tmp_path / "whole")
    assert {name: data for name, data in contents(tmp_path / "out").items() if name != MANIFEST} == {
        name: data for name, data in contents(tmp_path / "whole").items() if name != MANIFEST
    }


def test_an_adapter_of_another_model_is_refused(sharded: Path, tmp_path: Path) -> None:
    config = json.loads((sharded / "transformer" / "config.json").read_text())
    wide = make_tiny_lora(tmp_path / "wide.safetensors", config | {"num_attention_heads": 3})
    with pytest.raises(ConfigError, match="64×64 here, 96×96 there"):
        merge(sharded, wide, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["wide.safetensors"]


def test_an_adapter_that_is_not_finite_is_refused(sharded: Path, lora: Path, tmp_path: Path) -> None:
    tensors = load_file(lora)
    tensors[sorted(tensors)[0]][0, 0] = float("nan")
    save_file(tensors, tmp_path / "nan.safetensors")
    with pytest.raises(ConfigError, match="is not finite with it"):
        merge(sharded, tmp_path / "nan.safetensors", tmp_path / "out")


def test_too_little_space_is_told_before_anything_is_written(
    sharded: Path, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "free_space", lambda folder: merging.SPARE)
    with pytest.raises(StoreError, match="the result takes .* but only 0.1 GB are free"):
        merge(sharded, lora, tmp_path / "out")
    assert not list(tmp_path.rglob("*.safetensors"))


def test_files_are_copied_where_they_cannot_be_linked_and_pickles_stay_behind(
    base: Path, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    (base / "vae" / "old.bin").write_bytes(b"")
    (base / "flux1-dev.safetensors").write_bytes(b"")
    (base / "LICENSE.md").write_text("Words.")
    merge(base, lora, tmp_path / "out")
    made = contents(tmp_path / "out")
    assert made["LICENSE.md"] == b"Words." and made["vae/config.json"] == (base / "vae/config.json").read_bytes()
    assert not {"vae/old.bin", "flux1-dev.safetensors"} & made.keys()
    assert not (tmp_path / "out" / "LICENSE.md").samefile(base / "LICENSE.md")
    assert MANIFEST in made

#!/usr/bin/env python3
"""How much memory and time it takes to put an adapter into a base: tensors as wide as the real ones, in several files.

    python benchmarks/merging.py [FOLDER] [--double N] [--single N] [--rank R]

Writes a random base of N double and N single blocks in bfloat16 to FOLDER (default: a temporary one), and an adapter
with the published targets. The merge runs in a process of its own. Told are the largest resident memory of that
process, and what it had before the merge, with torch imported (from /proc, so on Linux alone).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel
from safetensors.torch import save_file

from peeler.nets.lora_files import TARGETS
from peeler.nets.tensor_files import INDEX

SHARD = 500_000_000
"""Bytes after which a new file begins."""
CHILD = """
import json, re, sys, time
from pathlib import Path
from peeler.nets.merging import merge
def resident():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
before, started = resident(), time.monotonic()
base, lora, output = map(Path, sys.argv[1:])
manifest = merge(base, lora, output, "merged", "none")
print(json.dumps({"before": before, "peak": resident(), "seconds": time.monotonic() - started, "size": manifest.size}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--double", type=int, default=2)
    parser.add_argument("--single", type=int, default=2)
    parser.add_argument("--rank", type=int, default=256)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        model = skeleton(given.double, given.single)
        largest = write_base(folder / "base", model)
        lora = write_lora(folder / "lora.safetensors", model, given.rank)
        arguments = [sys.executable, "-c", CHILD, str(folder / "base"), str(lora), str(folder / "out")]
        told = json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)
    more = told["peak"] - told["before"]
    print(f"base {told['size'] / 1e9:.2f} GB, largest tensor {largest / 1e6:.0f} MB, adapter of rank {given.rank}")
    print(
        f"resident before {told['before'] / 1e6:.0f} MB, at most {told['peak'] / 1e6:.0f} MB: {more / 1e6:.0f} MB more"
    )
    print(f"{told['seconds']:.1f} s, {told['size'] / 1e6 / told['seconds']:.0f} MB/s")


def skeleton(double: int, single: int) -> torch.nn.Module:
    """A transformer of the true width without its weights."""
    with torch.device("meta"):
        return FluxTransformer2DModel(num_layers=double, num_single_layers=single, guidance_embeds=True)


def write_base(folder: Path, model: torch.nn.Module) -> int:
    """Write a folder that has what merging looks at; return the bytes of the largest tensor."""
    inner = folder / "transformer"
    inner.mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "FluxPipeline", "transformer": []}')
    (inner / "config.json").write_text("{}")
    places: dict[str, str] = {}
    source = torch.Generator().manual_seed(0)
    for number, names in enumerate(shards(model), 1):
        shapes = {name: model.get_parameter(name).shape for name in names}
        tensors = {name: torch.empty(shape, dtype=torch.bfloat16) for name, shape in shapes.items()}
        for tensor in tensors.values():
            tensor.normal_(std=0.02, generator=source)
        file = f"diffusion_pytorch_model-{number:05}.safetensors"
        save_file(tensors, inner / file)
        places |= dict.fromkeys(names, file)
    (inner / INDEX).write_text(json.dumps({"weight_map": places}))
    return max(parameter.numel() * 2 for parameter in model.parameters())


def shards(model: torch.nn.Module) -> Iterator[list[str]]:
    names: list[str] = []
    size = 0
    for name, parameter in model.named_parameters():
        if names and size + parameter.numel() * 2 > SHARD:
            yield names
            names, size = [], 0
        names.append(name)
        size += parameter.numel() * 2
    yield names


def write_lora(path: Path, model: torch.nn.Module, rank: int) -> Path:
    ends = tuple(f".{target}" for target in TARGETS)
    source = torch.Generator().manual_seed(1)
    tensors: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and name.endswith(ends):
            down, up = (rank, module.in_features), (module.out_features, rank)
            for side, shape in (("A", down), ("B", up)):
                drawn = torch.empty(shape, dtype=torch.bfloat16).normal_(std=0.02, generator=source)
                tensors[f"transformer.{name}.lora_{side}.weight"] = drawn
    save_file(tensors, path)
    return path


if __name__ == "__main__":
    main()

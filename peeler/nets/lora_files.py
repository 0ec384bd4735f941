"""Files of low-rank adapters: what they change, whether they fit a model, and their tensors when asked for."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from peeler.errors import ConfigError
from peeler.nets.tensor_files import REAL, Entry, TensorFile, open_tensors

TARGETS = (
    *(f"attn.{name}" for name in ("to_q", "to_k", "to_v", "to_out.0")),
    *(f"attn.{name}" for name in ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")),
    *("ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2"),
)
"""Ends of the names of the modules that the published removal adapter changes, in double and in single blocks."""
RANK = 256
"""The rank of the published removal adapter."""
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}
_KEY = re.compile(
    r"(?:(?:transformer|diffusion_model|base_model\.model)\.)*"
    r"(?P<module>(?:(?:single_)?transformer_blocks|time_text_embed)\.[\w.]+|x_embedder|context_embedder|proj_out|norm_out\.linear)"
    r"\.(?:(?P<part>lora_A|lora_B|lora_down|lora_up)(?:\.\w+)?\.weight|(?P<alpha>alpha))"
)
_SIDES = {"lora_A": "down", "lora_down": "down", "lora_B": "up", "lora_up": "up"}


class Shape(NamedTuple):
    """What an adapter does to one module: ``scale`` is alpha over rank, 1 where the file states no alpha."""

    rank: int
    out_width: int
    in_width: int
    scale: float


class Factors(NamedTuple):
    """``scale · up @ down`` is added to a weight; ``down`` is (rank, in), ``up`` is (out, rank)."""

    down: Tensor
    up: Tensor
    scale: float


@dataclass(frozen=True)
class Lora:
    """An adapter: the modules that it changes by name, and where their tensors are."""

    path: Path
    modules: Mapping[str, Shape]
    _places: Mapping[str, Mapping[str, str]]
    _source: "TensorFile | Mapping[str, Tensor]"

    @property
    def rank(self) -> int:
        """The rank that most modules have."""
        return Counter(shape.rank for shape in self.modules.values()).most_common(1)[0][0]

    def factors(self, module: str) -> Factors:
        """The tensors for one module, from the file. Raises KeyError, and ConfigError when the file has changed."""
        sides = self._places[module]
        return Factors(self._tensor(sides["down"]), self._tensor(sides["up"]), self.modules[module].scale)

    def _tensor(self, key: str) -> Tensor:
        if isinstance(self._source, TensorFile):
            return tensor_of(self._source, self._source.entry(key))
        return self._source[key]


def read_lora(path: Path, rank: int | None = None) -> Lora:
    """Open a safetensors file of an adapter and check it; its tensors are read when they are asked for.

    Names are those of diffusers and PEFT; other known ones (kohya, xlabs, ComfyUI) are converted by the library. Raises
    ConfigError when the file cannot be read, is a pickle, holds no adapter of a FLUX transformer, half of a pair is
    missing, shapes disagree, or a rank is not ``rank``.
    """
    file = open_tensors(path)
    names = [entry.name for entry in file.entries]
    if names and all(_KEY.fullmatch(name) for name in names):
        source: TensorFile | dict[str, Tensor] = file
        shapes = {entry.name: entry.shape for entry in file.entries}
        if strange := [entry for entry in file.entries if entry.kind not in REAL]:
            raise ConfigError(f"{path}: {strange[0].name} holds {strange[0].kind} numbers, which no adapter has")
    else:
        source = _converted(file)
        shapes = {name: tuple(tensor.shape) for name, tensor in source.items()}
    places = _places(path, shapes)
    settings = _settings(file)
    modules = {
        module: _shape(
            path, module, {side: shapes[key] for side, key in sides.items()}, _alpha(source, sides), settings
        )
        for module, sides in places.items()
    }
    lora = Lora(path, modules, places, source)
    _check_ranks(lora, rank, stated="alpha" in {side for sides in places.values() for side in sides} or bool(settings))
    return lora


def check_fit(lora: Lora, widths: Mapping[str, tuple[int, int]], targets: Iterable[str] = ()) -> None:
    """Hold an adapter against a model's linear modules, given as module → (out, in).

    ``targets`` are ends of module names; all modules with one must be changed. Raises ConfigError that names the
    modules and shapes which do not fit.
    """
    if unknown := [module for module in lora.modules if module not in widths]:
        raise ConfigError(f"{lora.path}: made for another model: it changes {_some(unknown)}, not in this one")
    for module, shape in lora.modules.items():
        if (shape.out_width, shape.in_width) != widths[module]:
            has, made = widths[module], (shape.out_width, shape.in_width)
            raise ConfigError(f"{lora.path}: made for another model: {module} is {_by(has)} here, {_by(made)} there")
    ends = tuple(f".{target}" for target in targets)
    if missing := sorted(module for module in widths if module.endswith(ends) and module not in lora.modules):
        raise ConfigError(f"{lora.path}: leaves out {_some(missing)}, which the published adapter changes")


def check_finite(lora: Lora) -> None:
    """Read all tensors of an adapter. Raises ConfigError that names a module with numbers that are not finite."""
    for module in lora.modules:
        factors = lora.factors(module)
        if not (factors.down.isfinite().all() and factors.up.isfinite().all()):
            raise ConfigError(f"{lora.path}: {module} holds numbers that are not finite; the file is damaged")


def tensor_of(file: TensorFile, entry: Entry, data: bytearray | None = None) -> Tensor:
    """A tensor of a file; ``data`` are its bytes if they were read already. Raises ConfigError for other than reals."""
    if entry.kind not in DTYPES:
        raise ConfigError(
            f"{file.path}: {entry.name} is {entry.kind}, quantised; adapters need the unquantised weights"
        )
    if not entry.stop - entry.start:
        return torch.empty(entry.shape, dtype=DTYPES[entry.kind])
    return torch.frombuffer(data or file.read(entry), dtype=DTYPES[entry.kind]).reshape(entry.shape)


def _places(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, dict[str, str]]:
    """Module → side (down, up, alpha) → key."""
    found: dict[str, dict[str, str]] = {}
    for key in shapes:
        match = _KEY.fullmatch(key)
        if match is None:
            raise ConfigError(f"{path}: {key} is no part of an adapter of the FLUX transformer, so it cannot be used")
        side = "alpha" if match["alpha"] else _SIDES[match["part"]]
        sides = found.setdefault(match["module"], {})
        if side in sides:
            raise ConfigError(f"{path}: {key} and {sides[side]} are the same")
        sides[side] = key
    for module, sides in found.items():
        if missing := {"down", "up"} - sides.keys():
            half = {"down": "lora_A", "up": "lora_B"}[missing.pop()]
            raise ConfigError(f"{path}: {module} lacks its {half}.weight; the file is not whole")
    if not found:
        raise ConfigError(f"{path}: there is no adapter in it")
    return found


def _shape(
    path: Path, module: str, sides: Mapping[str, tuple[int, ...]], alpha: float | None, settings: Mapping[str, Any]
) -> Shape:
    down, up = sides["down"], sides["up"]
    if len(down) != 2 or len(up) != 2 or down[0] != up[1] or not down[0]:
        raise ConfigError(f"{path}: {module} has {_by(down)} and {_by(up)}, which are no pair")
    rank = down[0]
    if alpha is None and "lora_alpha" in settings:
        patterns = settings.get("alpha_pattern") or {}
        alpha = float(patterns.get(module, settings["lora_alpha"]))
    if alpha is None:
        return Shape(rank, up[0], down[1], 1.0)
    return Shape(rank, up[0], down[1], alpha / (rank**0.5 if settings.get("use_rslora") else rank))


def _alpha(source: "TensorFile | Mapping[str, Tensor]", sides: Mapping[str, str]) -> float | None:
    if (key := sides.get("alpha")) is None:
        return None
    tensor = tensor_of(source, source.entry(key)) if isinstance(source, TensorFile) else source[key]
    return float(tensor.reshape(-1)[0])


def _settings(file: TensorFile) -> dict[str, Any]:
    """What diffusers writes beside an adapter that it saves: rank, alpha and kind, without the name of the part."""
    try:
        told = json.loads(file.metadata.get("lora_adapter_metadata", "{}"))
        settings = {str(key).removeprefix("transformer."): value for key, value in told.items()}
        if settings.get("use_dora") or settings.get("lora_bias"):
            raise ConfigError(f"{file.path}: DoRA and biases are not supported, only plain low-rank adapters")
        float(settings.get("lora_alpha", 1))
        return settings
    except (ValueError, TypeError, AttributeError) as problem:
        raise ConfigError(f"{file.path}: the settings of the adapter in it are damaged") from problem


def _check_ranks(lora: Lora, rank: int | None, stated: bool) -> None:
    """One rank for all, unless the file states for itself how much each module counts."""
    wanted = rank if rank is not None else None if stated else lora.rank
    wrong = [(module, shape.rank) for module, shape in lora.modules.items() if wanted not in (None, shape.rank)]
    if wrong:
        raise ConfigError(f"{lora.path}: {wrong[0][0]} has rank {wrong[0][1]}, not {wanted}")


def _converted(file: TensorFile) -> dict[str, Tensor]:
    """The tensors under diffusers' names and in float32, by the library's converters."""
    from diffusers.loaders.lora_pipeline import FluxLoraLoaderMixin

    state = dict(_renamed(file))
    first = next(iter(state), "")
    try:
        converted = FluxLoraLoaderMixin.lora_state_dict(state, return_alphas=True)[0]
    except (
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        AssertionError,
        RuntimeError,
        NotImplementedError,
    ) as problem:
        raise ConfigError(
            f"{file.path}: no adapter of FLUX in a form that is known; its first key is {first!r}"
        ) from problem
    return {name: tensor.contiguous() for name, tensor in converted.items()}


def _renamed(file: TensorFile) -> Iterator[tuple[str, Tensor]]:
    """All tensors in float32, with the keys of ComfyUI's PEFT form as its other form has them, which is converted."""
    for entry in file.entries:
        name = entry.name
        if name.startswith("diffusion_model."):
            name = name.replace(".lora_A.", ".lora_down.").replace(".lora_B.", ".lora_up.")
        yield name, tensor_of(file, entry).float()


def _by(shape: Iterable[int]) -> str:
    return "×".join(map(str, shape))


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

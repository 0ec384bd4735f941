"""Low-rank adapters of the transformer: read and checked, attached, fused, swapped and taken off again.

An adapter adds ``scale · up @ down`` to the weights of some linear modules: ``down`` is (rank, in), ``up`` is
(out, rank). *Attached* adapters run beside the weights, through the library. *Fused* ones are added to the weights, in
float32 and rounded once, and the model is then the plain one again: nothing is left that a compiler or quantisation
could trip over. Taking them out is not done by subtraction, which would leave rounding errors behind: the weights of
the modules concerned are read again from the folder of the base.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from warnings import catch_warnings, filterwarnings
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from peeler.errors import ConfigError
from peeler.nets.lora_files import Lora, check_finite, check_fit, read_lora, tensor_of
from peeler.nets.tensor_files import TensorFile, component, weight_files

_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class _Attached:
    """What was done to a transformer: adapters by name with their weights, and where its own weights are."""

    adapters: dict[str, tuple[Lora, float]] = field(default_factory=dict)
    fused: bool = False
    base: Path | None = None


_attached: "WeakKeyDictionary[nn.Module, _Attached]" = WeakKeyDictionary()


def attach(
    transformer: nn.Module,
    adapters: Mapping[str, tuple[Path, float]],
    rank: int | None = None,
    targets: Iterable[str] = (),
) -> None:
    """Add adapters by name, each a file and the weight it counts with; those that are attached already stay.

    ``rank`` is what all of them must have. ``targets`` are ends of module names such as ``attn.to_q``: every module
    with one must be changed by each adapter. Raises ConfigError when a file cannot be read or does not fit, before
    anything is changed, and when adapters are fused.
    """
    now = _attached.get(transformer, _Attached())
    if now.fused:
        raise ConfigError(f"{_names(now)} is fused: detach it before others are attached")
    _check_changeable(transformer)
    read: dict[str, tuple[Lora, float]] = {}
    ends = tuple(targets)
    for name, (path, weight) in adapters.items():
        if not _NAME.fullmatch(name) or name in now.adapters:
            raise ConfigError(f"an adapter cannot be called {name!r}: letters, digits, - and _, and each name once")
        read[name] = (read_lora(path, rank), weight)
        check_fit(read[name][0], _widths(transformer), ends)
        check_finite(read[name][0])
    for name, (lora, _) in read.items():
        with catch_warnings():
            # That there is more than one is what was asked for.
            filterwarnings("ignore", "Already found a `peft_config`", UserWarning)
            _library(transformer).load_lora_adapter(_state_dict(lora), prefix="transformer", adapter_name=name)
        now = replace(now, adapters=now.adapters | {name: read[name]})
        _attached[transformer] = now
    _weigh(transformer, now)


def fuse(transformer: nn.Module, base: Path | None = None) -> None:
    """Add what the attached adapters do to the weights, and take the adapters off.

    ``base`` is the folder that the transformer was loaded from; ``swap`` and ``detach`` read the weights there again.
    The weights are changed in place. Without adapters nothing happens.
    """
    now = _attached.get(transformer)
    if now is None or now.fused:
        return
    _check_changeable(transformer)
    with torch.no_grad():
        for name in _changed(now):
            layer: Any = transformer.get_submodule(name)
            linear = layer.get_base_layer()
            linear.weight.copy_(_summed(linear.weight, name, now))
    _library(transformer).unload_lora()
    _attached[transformer] = replace(now, fused=True, base=base)


def swap(transformer: nn.Module, name: str, path: Path) -> None:
    """Put another file in the place of adapter ``name``, with the same weight; the base is not loaded again.

    Attached: the new one must not change modules that the old one leaves alone. Fused: the weights of the modules
    that either changes are read from the base, so that the result is that of fusing the new adapter alone. Raises
    ConfigError when there is no such adapter, the file does not fit, or the base was not told when it was fused.
    """
    now = _attached.get(transformer, _Attached())
    if name not in now.adapters:
        raise ConfigError(f"no adapter is called {name!r}; there is {_names(now) or 'none'}")
    old, weight = now.adapters[name]
    lora = read_lora(path)
    check_fit(lora, _widths(transformer))
    check_finite(lora)
    then = replace(now, adapters=now.adapters | {name: (lora, weight)})
    if now.fused:
        _check_changeable(transformer)
        _restore(transformer, {*old.modules, *lora.modules}, then)
    else:
        if more := sorted(lora.modules.keys() - old.modules.keys()):
            raise ConfigError(f"{path} also changes {more[0]}, which {old.path} does not: detach that and attach this")
        state = _state_dict(lora)
        _library(transformer).load_lora_adapter(state, prefix="transformer", adapter_name=name, hotswap=True)
        _weigh(transformer, then)
    _attached[transformer] = then


def detach(transformer: nn.Module) -> None:
    """Take all adapters off; the weights are then exactly those of the base.

    Raises ConfigError when they are fused and the base was not told.
    """
    now = _attached.get(transformer)
    if now is None:
        return
    if now.fused:
        _check_changeable(transformer)
        _restore(transformer, set(_changed(now)), replace(now, adapters={}))
    else:
        _library(transformer).unload_lora()
    del _attached[transformer]


def attached(transformer: nn.Module) -> dict[str, float]:
    """The adapters that count, fused or not, and their weights."""
    return {name: weight for name, (_, weight) in _attached.get(transformer, _Attached()).adapters.items()}


def with_terms(weight: Tensor, terms: Iterable[tuple[Tensor, Tensor, float]]) -> Tensor:
    """``weight`` (out, in) plus the sum of ``scale · up @ down`` over (down, up, scale), rounded once at the end."""
    exact = torch.promote_types(weight.dtype, torch.float32)
    total = weight.detach().to(exact, copy=True)
    with _full_precision():
        for down, up, scale in terms:
            total.addmm_(up.to(total.device, exact), down.to(total.device, exact), alpha=scale)
    return total.to(weight.dtype)


@contextmanager
def _full_precision() -> Iterator[None]:
    """Products of float32 numbers without the shorter mantissa that a GPU may have been allowed."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _summed(weight: Tensor, module: str, wanted: _Attached) -> Tensor:
    parts = ((lora.factors(module), share) for lora, share in wanted.adapters.values() if module in lora.modules)
    return with_terms(weight, ((part.down, part.up, share * part.scale) for part, share in parts))


def _changed(now: _Attached) -> list[str]:
    return sorted({module for lora, _ in now.adapters.values() for module in lora.modules})


def _restore(transformer: nn.Module, modules: set[str], wanted: _Attached) -> None:
    """Give modules the weights of the base with what the wanted adapters add to them."""
    if wanted.base is None:
        raise ConfigError(
            "fused adapters can only be exchanged or taken off where the base is known: tell fuse its folder"
        )
    files = {entry.name: file for file in weight_files(component(wanted.base)) for entry in file.entries}
    linears = {name: cast(nn.Linear, transformer.get_submodule(name)) for name in sorted(modules)}
    for name, linear in linears.items():
        _check_base(files, name, linear, wanted.base)
    with torch.no_grad():
        for name, linear in linears.items():
            file = files[f"{name}.weight"]
            weight = tensor_of(file, file.entry(f"{name}.weight")).to(linear.weight.device, linear.weight.dtype)
            linear.weight.copy_(_summed(weight, name, wanted))


def _check_base(files: dict[str, TensorFile], name: str, linear: nn.Linear, base: Path) -> None:
    key = f"{name}.weight"
    if key not in files or files[key].entry(key).shape != tuple(linear.weight.shape):
        raise ConfigError(f"{base} is not the base of this model: {key} is missing there or has another shape")


def _state_dict(lora: Lora) -> dict[str, Tensor]:
    """The adapter in the library's own format, without alpha: ``_weigh`` sets what it counts."""
    state: dict[str, Tensor] = {}
    for module in lora.modules:
        factors = lora.factors(module)
        state[f"transformer.{module}.lora_A.weight"] = factors.down
        state[f"transformer.{module}.lora_B.weight"] = factors.up
    return state


def _weigh(transformer: nn.Module, now: _Attached) -> None:
    _library(transformer).set_adapters(list(now.adapters), [weight for _, weight in now.adapters.values()])
    for name, (lora, weight) in now.adapters.items():
        for module, shape in lora.modules.items():
            if shape.scale != 1.0:
                layer: Any = transformer.get_submodule(module)
                layer.scaling[name] = weight * shape.scale


def _widths(transformer: nn.Module) -> dict[str, tuple[int, int]]:
    """Module → (out, in) of every linear module, by the names that they have without adapters."""
    return {
        name.removesuffix(".base_layer"): (module.out_features, module.in_features)
        for name, module in transformer.named_modules()
        if isinstance(module, nn.Linear) and ".lora_" not in name
    }


def _check_changeable(transformer: nn.Module) -> None:
    """Raises ConfigError when weights are no longer plain ones in the modules of their names."""
    for name, module in transformer.named_modules():
        if getattr(module, "fused_projections", False):
            raise ConfigError(
                f"{name} computes query, key and value at once: adapters are attached and fused before that"
            )
        if isinstance(module, nn.Linear):
            weight = module.weight
            if weight.is_meta or not weight.is_floating_point() or type(weight.data) is not Tensor:
                raise ConfigError(f"{name} is quantised or offloaded: adapters are attached and fused before that")


def _library(transformer: nn.Module) -> Any:
    """The transformer with what diffusers adds to a module, of which it states no types."""
    return transformer


def _names(now: _Attached) -> str:
    return ", ".join(now.adapters)

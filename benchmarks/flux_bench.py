"""One model in the way that is asked for, and the time and memory of its steps."""

import gc
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import FluxTransformer2DModel
from flux_ways import Question, Size, adapt, as_flux, ask, build, fuse_adapter, publish
from torch import Tensor

from peeler.nets.attention import fuses_sparse
from peeler.nets.flux import Inputs, denoise
from peeler.nets.loading import compile_attention, compile_blocks

Found = dict[str, Any]


class Bench:
    """The model, in one of its ways at a time, and what was found."""

    def __init__(self, size: Size, device: torch.device, dtype: torch.dtype, out: Path | None) -> None:
        self.size, self.device, self.dtype, self.out = size, device, dtype, out
        self.cuda = device.type == "cuda"
        self.compiler = "inductor" if self.cuda else "eager"
        """On a CPU blocks are only traced: compiling them takes longer than all else, and says nothing of a card."""
        self.found: Found = {"device": name_of(device), "torch": torch.__version__, "size": vars(size)}
        self.way = ""
        self.model: Any = None

    def model_for(self, way: str) -> FluxTransformer2DModel:
        """The model as ``published``, ``eager`` or ``compiled``; weights are drawn anew only where they must be."""
        if way == self.way:
            return self.model
        if way == "published" or self.way in ("", "spoiled"):
            self.drop()
            self.model = build(self.size, self.device, self.dtype)
            adapt(self.model, self.size.rank)
        if way != "published" and self.way in ("", "spoiled", "published"):
            fuse_adapter(self.model)
            publish(self.model, self.size, Question())
        if way == "compiled":
            uncompile(self.model)
            compile_blocks(self.model, self.compiler)
        elif way == "eager":
            uncompile(self.model)
            if fuses_sparse(self.device):
                compile_attention(self.model, self.compiler)
        self.way = way
        return self.model

    def drop(self) -> None:
        self.model, self.way = None, ""
        gc.collect()
        if self.cuda:
            torch.cuda.empty_cache()

    def ask(self, question: Question, steps: int | None = None, seed: int = 0) -> Inputs:
        return ask(self.size, question, self.device, self.dtype, steps or self.size.steps, seed)

    def measure(self, way: str, question: Question) -> Found:
        """Milliseconds of a step, the middle one after warming up, and gigabytes of memory."""
        model = self.model_for(way)
        inputs = self.ask(question)
        if way == "published":
            publish(model, self.size, question)
            inputs = replace(inputs, masks=(None,) * self.size.steps)
        started = time.perf_counter()
        denoise(as_flux(model), replace(inputs, masks=inputs.masks[:2]))
        self.wait()
        first = time.perf_counter() - started
        if self.cuda:
            torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() if self.cuda else 0
        times = self.times(lambda told: denoise(as_flux(model), inputs, told))
        peak = torch.cuda.max_memory_allocated() if self.cuda else 0
        text = question.text(self.size)
        row = {
            "ms": median(times),
            "first_seconds": first,
            "tokens": self.size.length(text),
            "teraflop": self.size.teraflops(text, question.batch),
            "peak_gb": peak / 1e9,
            "activations_gb": (peak - before) / 1e9,
        }
        if rate := self.found.get("rate", {}).get("tflops"):
            row["of_floor"] = row["ms"] * rate / row["teraflop"] / 1000
        told = "  ".join(f"{key} {value:.4g}" for key, value in row.items())
        asked = f"{question!s:6s} batch {question.batch}{'' if question.masked else ' unmasked'}"
        print(f"  {way:10s} {asked:24s} {told}", flush=True)
        self.found.setdefault("rows", []).append({"way": way, "asked": " ".join(asked.split()), **row})
        self.save()
        return row

    def times(self, run: Callable[[Callable[[int, Tensor], None]], Any]) -> list[float]:
        """Milliseconds between steps; on CUDA by its own clock, so that nothing waits for the measuring."""
        if not self.cuda:
            marks: list[float] = []
            run(lambda step, noisy: marks.append(time.perf_counter() * 1000))
            return [after - before for before, after in zip(marks, marks[1:], strict=False)]
        events: list[torch.cuda.Event] = []

        def told(step: int, noisy: Tensor) -> None:
            events.append(torch.cuda.Event(enable_timing=True))
            events[-1].record()

        run(told)
        self.wait()
        return [before.elapsed_time(after) for before, after in zip(events, events[1:], strict=False)]

    def wait(self) -> None:
        if self.cuda:
            torch.cuda.synchronize()

    def save(self) -> None:
        if self.out:
            self.out.write_text(json.dumps(self.found, indent=1, default=str) + "\n", encoding="utf-8")


def name_of(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else str(device)


def uncompile(model: FluxTransformer2DModel) -> None:
    torch._dynamo.reset()
    for module in model.modules():
        module._compiled_call_impl = None

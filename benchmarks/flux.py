"""How fast FLUX.1 denoises, against what the card can and against the published way, in one run.

    python benchmarks/flux.py [--small] [--device D] [--only SECTION,…] [--static] [--out FILE]

The true architecture (12 B parameters, 19 + 38 blocks, 512 × 512 pixels) with random weights in bfloat16, drawn on the
device: nothing is downloaded. --small is a tiny one for the CPU, which goes through everything and says nothing about
speed. Each section writes what it found to --out when it is done, so that a run that is cut off has lost only the rest.

    rate       products of large matrices: what the card can
    published  the published way: adapter beside the weights, a dense mask made anew in each attention
    eager      this project's way: adapter fused, masks made once, attention alone compiled where a mask is sparse
    syncs      how often the host waits for the card in a step
    compiled   all blocks compiled; and batches
    equality   how far both ways are from each other, and from float32
    backends   attention alone, with and without masks
    levers     what changes the result: 8 bits, caches, shorter texts; the price over a chain of 5 removals
    memory     what each way to offload takes

The last line is all of it as JSON. On a card and at the true size the exit code is 1 when a requirement is missed.
"""

import argparse
import json
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import FirstBlockCacheConfig, FluxTransformer2DModel
from flux_bench import Bench, Found, uncompile
from flux_memory import memory
from flux_ways import LARGE, SMALL, Question, Size, adapt, as_flux, ask, build, fuse_adapter, places, publish
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.functional import scaled_dot_product_attention

from peeler.nets.attention import block_mask, dense_mask, fuses_sparse
from peeler.nets.control import RULES, ControlSteps, token_map
from peeler.nets.flux import Inputs, denoise, predict
from peeler.nets.loading import compile_attention

COMPILED, EAGER, CONTROL, PUBLISHED, BATCH = 1.35, 2.1, 0.08, 2.2, 1.1
"""What is required: times the floor, the same, share of the time, times as fast, times the pictures a second."""
CHAIN = 5


def rate(bench: Bench) -> Found:
    """The best of several products, as TFLOP a second."""
    side = bench.size.product
    one, other = torch.randn(2, side, side, device=bench.device, dtype=bench.dtype)
    times = bench.times(lambda told: [told(step, one @ other) for step in range(40 if bench.cuda else 4)])
    tflops = 2 * side**3 / min(times) / 1e9
    print(f"  {tflops:.4g} TFLOP/s", flush=True)
    return {"tflops": tflops, "side": side}


def questions(size: Size) -> list[Question]:
    return [Question(), *(Question(count) for count in size.counts)]


def published(bench: Bench) -> Found:
    rows = [Question(), Question(0), *(Question(count) for count in bench.size.counts)]
    return {str(one): bench.measure("published", one) for one in rows}


def eager(bench: Bench) -> Found:
    return of_way(bench, "eager")


def of_way(bench: Bench, way: str) -> Found:
    found = {}
    for one in questions(bench.size):
        found[str(one)] = bench.measure(way, one)
        if one.count is not None:
            found[f"{one} unmasked"] = bench.measure(way, replace(one, masked=False))
    return found


def compiled(bench: Bench) -> Found:
    found = of_way(bench, "compiled")
    for batch in (1, 2, 4):
        for question in (Question(batch=batch), Question(1, batch=batch)):
            found[f"{question} batch {batch}"] = row = bench.measure("compiled", question)
            row["pictures_per_second_and_step"] = batch / row["ms"] * 1000
    return found


def syncs(bench: Bench) -> Found:
    """Of one step, and of making the masks; CUDA tells, the CPU has nobody to wait for."""
    if not bench.cuda:
        print("  not on a CPU", flush=True)
        return {}
    found = {}
    for way in ("published", "eager"):
        for question in questions(bench.size):
            model, inputs = bench.model_for(way), bench.ask(question)
            masks = inputs.masks
            if way == "published":
                publish(model, bench.size, question)
                masks = (None,) * len(masks)
            step = replace(inputs, masks=masks[:1])
            denoise(as_flux(model), step)
            bench.wait()
            found[f"{way} {question}"] = waits(lambda model=model, step=step: denoise(as_flux(model), step))
            print(f"  {way} {question}: {found[f'{way} {question}']}", flush=True)
    return found


def waits(run: Callable[[], Any]) -> int:
    """How often the host waited for the card."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            run()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing" in str(one.message) for one in told)


@torch.no_grad()
def equality(bench: Bench) -> Found:
    """Both ways and float32 from the same weights, at full width and a depth that fits into memory three times."""
    size = replace(bench.size, double=min(bench.size.double, 4), single=min(bench.size.single, 8))
    bench.drop()
    found = {}
    for question in questions(size):
        model = build(size, bench.device, bench.dtype)
        adapt(model, size.rank)
        inputs = ask(size, question, bench.device, bench.dtype, 1)
        publish(model, size, question)
        theirs = velocity(model, inputs, None)
        fuse_adapter(model)
        publish(model, size, Question())
        uncompile(model)
        if fuses_sparse(bench.device):
            compile_attention(model)
        ours = velocity(model, inputs, inputs.masks[0])
        uncompile(model)
        model = build(size, bench.device, bench.dtype)
        adapt(model, size.rank)
        exact_inputs = ask(size, question, bench.device, torch.float32, 1)
        exact_inputs = replace(
            exact_inputs,
            text=inputs.text.float(),
            pooled=inputs.pooled.float(),
            # Times as the other two had them.
            guidance=exact_inputs.guidance.to(bench.dtype).mul(1000).float().div(1000),
        )
        publish(model, size, question)
        truth = velocity(model.float(), exact_inputs, None)
        found[str(question)] = row = {
            "spread": float(truth.std()),
            "ours_theirs_max": apart(ours, theirs),
            "ours_theirs_mean": float((ours - theirs).abs().mean()),
            "ours_exact_mean": float((ours - truth).abs().mean()),
            "theirs_exact_mean": float((theirs - truth).abs().mean()),
            "ours_exact_max": apart(ours, truth),
            "theirs_exact_max": apart(theirs, truth),
        }
        print(f"  {question!s:6s} " + "  ".join(f"{key} {value:.3g}" for key, value in row.items()), flush=True)
    return {"double": size.double, "single": size.single, **found}


def velocity(model: FluxTransformer2DModel, inputs: Inputs, mask: Any) -> Tensor:
    return predict(as_flux(model), inputs, inputs.noisy, inputs.sigmas[0], mask).float()


def apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


@torch.no_grad()
def backends(bench: Bench) -> Found:
    """Milliseconds and TFLOP a second of one attention: without a mask, dense masks, sparse masks."""
    size, found = bench.size, {}
    flex = torch.compile(flex_attention) if fuses_sparse(bench.device) else flex_attention
    warnings.filterwarnings("ignore", "flex_attention called without torch.compile")
    for question in questions(size)[1:]:
        count = question.count or 0
        length = size.length(question.text(size))
        shape = 3, 1, size.heads, length, size.head
        query, key, value = torch.randn(shape, device=bench.device, dtype=bench.dtype)
        some = token_map(places(size, count), size.grid, size.instance_text, size.instance_text, count, "published")
        table = torch.from_numpy(some.table(RULES["published"], ControlSteps().at(0)))
        classes = torch.from_numpy(some.classes)[None]
        dense, sparse = dense_mask(classes, [table]).to(bench.device), block_mask(classes, [table], bench.device)
        given = query, key, value
        ways: dict[str, Callable[[], Any]] = {
            "no mask": lambda given=given: scaled_dot_product_attention(*given),
            "dense": lambda given=given, dense=dense: scaled_dot_product_attention(*given, dense),
            "sparse": lambda given=given, sparse=sparse: flex(*given, block_mask=sparse),
        }
        for kind in (SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION) if bench.cuda else ():
            ways[f"dense {kind.name}"] = lambda kind=kind, run=ways["dense"]: under(kind, run)
        for name, run in ways.items():
            try:
                ms = median(bench.times(lambda told, run=run: [told(step, run()) for step in range(6)]))
            except RuntimeError as problem:
                print(f"  {question!s:6s} {name}: {str(problem).splitlines()[0][:80]}", flush=True)
                continue
            tflops = 4 * size.width * length**2 / ms / 1e9
            found[f"{question} {name}"] = {"ms": ms, "tflops": tflops}
            print(f"  {question!s:6s} {length} tokens  {name:20s} {ms:.4g} ms  {tflops:.4g} TFLOP/s", flush=True)
    return found


def under(kind: SDPBackend, run: Callable[[], Any]) -> Any:
    with sdpa_kernel(kind):
        return run()


def levers(bench: Bench) -> Found:
    """Each apart against the exact way, over a chain of removals in which each result is the next picture.

    The chain stays in latents, as there is no autoencoder: the PSNR is that of the last tokens, and of random weights.
    """
    question = Question(1)
    exact, ms = chain(bench, question)
    print(f"  exact: {ms:.4g} ms", flush=True)
    found: Found = {"exact": {"ms": ms}}
    changes: dict[str, tuple[str, Callable[[FluxTransformer2DModel], Any]]] = {
        "fused QKV": ("eager", lambda model: model.fuse_qkv_projections()),
        **{f"step cache {limit}": ("eager", cached(limit)) for limit in (0.05, 0.1, 0.2)},
        "compiled": ("compiled", lambda model: None),
        "compiled, int8": ("compiled", lambda model: quantised(model, "Int8WeightOnlyConfig")),
        "compiled, fp8": ("compiled", lambda model: quantised(model, "Float8DynamicActivationFloat8WeightConfig")),
    }
    for name, (way, change) in changes.items():
        try:
            change(bench.model_for(way))
            bench.way = "spoiled"
            result, ms = chain(bench, question)
        except (ImportError, RuntimeError, NotImplementedError, AssertionError) as problem:
            print(f"  {name}: {str(problem).splitlines()[0][:100]}", flush=True)
            continue
        finally:
            bench.way = "spoiled"
        found[name] = told(name, result, exact, ms)
    bench.model_for("eager")
    for share in (2, 4):
        shorter = replace(question, instance_text=bench.size.instance_text // share)
        found[f"text/{share}"] = told(f"instance text / {share}", *swapped(chain(bench, shorter), exact))
    return found


def swapped(run: tuple[Tensor, float], exact: Tensor) -> tuple[Tensor, Tensor, float]:
    return run[0], exact, run[1]


def cached(limit: float) -> Callable[[FluxTransformer2DModel], Any]:
    return lambda model: model.enable_cache(FirstBlockCacheConfig(threshold=limit))


def quantised(model: FluxTransformer2DModel, config: str) -> None:
    from torchao import quantization as ways

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ways.quantize_(model, getattr(ways, config)())


def chain(bench: Bench, question: Question) -> tuple[Tensor, float]:
    """The last tokens, and the milliseconds of a step on the average, skipped ones included."""
    model = bench.model if bench.way == "spoiled" else bench.model_for("eager")
    flux, steps = as_flux(model), bench.size.chained
    picture = bench.ask(question, steps).condition
    denoise(flux, bench.ask(question, 2))
    total = 0.0
    for removal in range(CHAIN):
        inputs = replace(bench.ask(question, steps, seed=removal), condition=picture)
        between: list[Tensor] = []
        times = bench.times(lambda told, inputs=inputs, between=between: between.append(denoise(flux, inputs, told)))
        total += sum(times) / len(times)
        picture = between[0]
    return picture, total / CHAIN


def told(name: str, result: Tensor, exact: Tensor, ms: float) -> Found:
    spread = float(exact.max() - exact.min())
    error = float((result - exact).square().mean())
    psnr = 10 * torch.log10(torch.tensor(spread**2 / error)).item() if error else None
    print(f"  {name}: {ms:.4g} ms  PSNR {'exact' if psnr is None else f'{psnr:.1f}'}", flush=True)
    return {"ms": ms, "psnr": psnr}


SECTIONS: dict[str, Callable[[Bench], Found]] = {
    "rate": rate,
    "published": published,
    "eager": eager,
    "syncs": syncs,
    "compiled": compiled,
    "equality": equality,
    "backends": backends,
    "levers": levers,
    "memory": memory,
}


def judge(found: Found) -> dict[str, tuple[float, str, bool]]:
    """What is required → figure, limit, whether it is met; only what was measured."""
    verdicts: dict[str, tuple[float, str, bool]] = {}

    def at_most(name: str, value: float | None, limit: float) -> None:
        if value is not None:
            verdicts[name] = value, f"≤ {limit}", value <= limit

    def at_least(name: str, value: float, limit: float) -> None:
        verdicts[name] = value, f"≥ {limit}", value >= limit

    for way, limit in (("compiled", COMPILED), ("eager", EAGER)):
        rows = found.get(way, {})
        at_most(f"{way}, no control, times the floor", rows.get("none", {}).get("of_floor"), limit)
        for name, row in rows.items():
            if without := rows.get(f"{name} unmasked"):
                at_most(f"{way}, control {name}, more time", row["ms"] / without["ms"] - 1, CONTROL)
                if int(name[2:]) >= 2 and (theirs := found.get("published", {}).get(name)):
                    at_least(f"{way}, control {name}, times the published speed", theirs["ms"] / row["ms"], PUBLISHED)
    for one in ("none", "n=1"):
        if more := found.get("compiled", {}).get(f"{one} batch 4"):
            alone = found["compiled"][f"{one} batch 1"]["pictures_per_second_and_step"]
            at_least(f"batch 4, {one}, pictures a second", more["pictures_per_second_and_step"] / alone, BATCH)
    for name, count in found.get("syncs", {}).items():
        if name.startswith("eager"):
            at_most(f"waits for the card in a step, {name}", count, 0)
    return verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a tiny architecture")
    parser.add_argument("--device", help="cuda or cpu; the best there is if not given")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas")
    parser.add_argument("--static", action="store_true", help="compile anew for each length instead of for any")
    parser.add_argument("--steps", type=int, help="steps that are measured, of which the middle one counts")
    parser.add_argument("--out", type=Path, help="JSON file for what is found, written after each section")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(SECTIONS):
        sys.exit(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    device = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if not options.small and device.type != "cuda" and chosen != ["memory"]:
        sys.exit("without a card the true size takes hours: --small goes through everything")
    if options.static:
        torch._dynamo.config.automatic_dynamic_shapes = False
    size = SMALL if options.small else LARGE
    size = replace(size, steps=options.steps) if options.steps else size
    bench = Bench(size, device, torch.bfloat16 if device.type == "cuda" else torch.float32, options.out)
    for name in (name for name in SECTIONS if name in chosen):
        print(name, flush=True)
        try:
            bench.found[name] = SECTIONS[name](bench)
        except Exception:
            # The minutes of a card are few: what fails must not take along what would not.
            traceback.print_exc()
            bench.found["failed"] = [*bench.found.get("failed", ()), name]
            bench.drop()
        bench.save()
    verdicts = judge(bench.found)
    bench.found["required"] = {name: {"value": value, "met": met} for name, (value, _, met) in verdicts.items()}
    bench.save()
    judged = bench.cuda and not options.small
    if verdicts and not judged:
        print("of a card, not of this:")
    for name, (value, limit, met) in verdicts.items():
        print(f"{'ok    ' if met else 'missed'} {name}: {value:.3g} ({limit})")
    print(json.dumps(bench.found, default=str))
    missed = judged and not all(met for _, _, met in verdicts.values())
    return 1 if missed or "failed" in bench.found else 0


if __name__ == "__main__":
    sys.exit(main())

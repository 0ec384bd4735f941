"""Compare every stage of editing by FLUX with what another implementation recorded, case by case.

    python benchmarks/flux_parity.py FOLDER

FOLDER holds checkpoint/ (a folder of FLUX weights), lora/, images/, and cases/NAME.json with cases/NAME.npz. Each case
goes through the same code as a removal, from the picture, the words, the boxes and the seed; a row tells the largest
error of each stage. What must be equal is equal or not; other stages may differ by LIMIT, pictures by one grey level.
The exit code is 1 when a case is over a limit.

A cut of attention with k control steps is made here in the steps 0 to k - 1, which is the comparison "lt" with the unit
"blocks". Cases that were recorded with another reading, and in which that matters, are named and not compared; so are
boxes that begin outside of the picture, which the recorded implementation loses and this one clips.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from peeler.nets.attention import Mask
from peeler.nets.control import ControlSteps, box_region
from peeler.nets.flux import Edit, Inputs, Instance, Sampling, decode, denoise, encode, predict
from peeler.nets.loading import open_flux
from peeler.nets.lora import attach, detach, fuse
from peeler.nets.prompts import PromptEncoder
from peeler.presets import FluxSettings

LIMIT = 1e-4
"""Largest error of a number, in float32."""
LEVELS = 1
"""Largest error of a picture, in grey levels."""
EXACT = ("latents", "ids", "sigmas", "masks")
Case = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the recorded cases")
    folder = parser.parse_args().folder
    cases = sorted((folder / "cases").glob("*.json"))
    if not cases:
        sys.exit(f"no cases/NAME.json in {folder}")
    flux = open_flux(folder / "checkpoint", {}, FluxSettings(device="cpu", dtype="float32"))
    prompts = PromptEncoder(flux)
    rows = []
    for path in cases:
        case = json.loads(path.read_text(encoding="utf-8"))
        if other := other_reading(case):
            print(f"{case['id']:32s} not compared: {other}", flush=True)
            continue
        if case["lora"]:
            attach(flux.transformer, {"recorded": (folder / case["lora"]["file"], 1.0)})
            if case["lora"]["fused"]:
                fuse(flux.transformer, folder / "checkpoint")
        with np.load(path.with_suffix(".npz")) as recorded:
            errors = dict(stages(flux, prompts, folder, case, recorded))
        detach(flux.transformer)
        rows.append({"case": case["id"], "errors": errors, "met": met(errors)})
        told = "  ".join(f"{stage} {error:.1e}" if error else f"{stage} 0" for stage, error in errors.items())
        print(f"{case['id']:32s} {'ok  ' if rows[-1]['met'] else 'OVER'} {told}", flush=True)
    print(json.dumps({"limit": LIMIT, "levels": LEVELS, "cases": rows}))
    return 0 if rows and all(row["met"] for row in rows) else 1


def other_reading(case: Case) -> str:
    """Why a case is not to be compared; empty when it is."""
    if any(min(box[:2]) < 0 for box in case.get("boxes_norm_xyxy", ())):
        return "a box that begins outside of the picture is clipped here, and lost there"
    steps = case.get("control_steps", {}).values()
    within = any(0 <= last < case["num_inference_steps"] for last in steps)
    if within and (case["window_unit"] != "blocks" or case["window_compare"] != "lt"):
        return f"its cuts end by the reading {case['window_unit']}, {case['window_compare']}"
    return ""


def met(errors: dict[str, float]) -> bool:
    limits = {**dict.fromkeys(EXACT, 0.0), "picture": LEVELS}
    return all(error <= limits.get(stage, LIMIT) for stage, error in errors.items())


@torch.no_grad()
def stages(flux: Any, prompts: PromptEncoder, folder: Path, case: Case, recorded: Any) -> Iterator[tuple[str, float]]:
    """Each stage and its largest error."""
    edit, sampling = request_of(folder, case)
    inputs = encode(flux, prompts, [edit], sampling)
    yield "latents", error(inputs.noisy, recorded["init_latents"])
    yield "ids", max(error(inputs.image_ids, recorded["image_ids"]), error(inputs.text_ids, recorded["text_ids"]))
    yield "sigmas", error(inputs.sigmas, recorded["sigmas"])
    if case["mode"] == "control":
        yield "masks", mask_error(inputs, recorded)
    yield "condition", error(inputs.condition, recorded["cond_latents"])
    yield "text", error(inputs.text, recorded["prompt_embeds"])
    yield "pooled", error(inputs.pooled, recorded["pooled_prompt_embeds"])
    first = predict(flux, inputs, inputs.noisy, inputs.sigmas[0], inputs.masks[0])
    yield "step 0", error(first, recorded["noise_pred_step0"])
    between: list[torch.Tensor] = []
    final = denoise(flux, inputs, lambda step, noisy: between.append(noisy))
    yield "steps", error(torch.cat(between), recorded["latents_steps"][1:])
    yield "final", error(final, recorded["final_latents"])
    yield "picture", error(torch.from_numpy(decode(flux, final, inputs.grid)[0]), recorded["final_image"])


def request_of(folder: Path, case: Case) -> tuple[Edit, Sampling]:
    """What a case asks for, in the words of this project."""
    picture = np.asarray(Image.open(folder / case["image"]).convert("RGB"))
    controlled = case["mode"] == "control"
    grid = case["grid_rows_cols"][0], case["grid_rows_cols"][1]
    pieces = zip(case["text_pieces"][1:], case["boxes_norm_xyxy"], strict=True) if controlled else ()
    instances = tuple(Instance(text, box_region(box, grid)) for text, box in pieces)
    sampling = Sampling(
        steps=case["num_inference_steps"],
        guidance=case["guidance_scale"],
        control="published" if controlled else None,
        control_steps=ControlSteps(**case["control_steps"]) if controlled else ControlSteps(),
        text_tokens=case["max_sequence_length"],
    )
    return Edit(picture, case["prompt"], case["seed"], instances), sampling


def mask_error(inputs: Inputs, recorded: Any) -> float:
    """1 if any block of any step had another mask, else 0."""
    kinds, used = recorded["attn_masks"], recorded["attn_mask_index"]
    same = (
        np.array_equal(as_array(mask, kinds.shape[1]), kinds[kind])
        for mask, blocks in zip(inputs.masks, used, strict=True)
        for kind in np.unique(blocks)
    )
    return 0.0 if all(same) else 1.0


def as_array(mask: Mask | None, length: int) -> NDArray[np.bool_]:
    """No mask lets everyone look at everyone."""
    if mask is None:
        return np.ones((length, length), np.bool_)
    assert isinstance(mask, torch.Tensor)
    return np.asarray(mask[0, 0].numpy())


def error(found: torch.Tensor, recorded: NDArray[Any]) -> float:
    """The largest difference."""
    return float(np.abs(found.double().numpy() - recorded.astype(np.float64)).max())


if __name__ == "__main__":
    sys.exit(main())

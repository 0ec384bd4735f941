"""The small model of the tests is what it says: the stock library loads it, and everything that goes in matters."""

from pathlib import Path

import pytest
import torch
from diffusers import FluxPipeline

from tests.tiny_flux import make_tiny_flux

TOKENS, TEXT = 16, 512


@pytest.fixture(scope="module")
def pipeline(tiny_flux: Path) -> FluxPipeline:
    return FluxPipeline.from_pretrained(tiny_flux, local_files_only=True)


def test_the_folder_is_complete_small_and_safe(tiny_flux: Path) -> None:
    files = [path for path in tiny_flux.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} >= {"transformer", "vae", "text_encoder", "text_encoder_2", "scheduler"}
    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert {path.suffix for path in files} == {".json", ".safetensors"}


def test_the_same_seed_gives_the_same_weights(tiny_flux: Path, tmp_path: Path) -> None:
    state = torch.random.get_rng_state()
    again = make_tiny_flux(tmp_path / "again")
    other = make_tiny_flux(tmp_path / "other", seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    for path in tiny_flux.rglob("*.safetensors"):
        inner = path.relative_to(tiny_flux)
        assert (again / inner).read_bytes() == path.read_bytes() != (other / inner).read_bytes()


def test_the_stock_pipeline_paints_with_it(pipeline: FluxPipeline) -> None:
    assert (pipeline.tokenizer.model_max_length, pipeline.tokenizer_2.model_max_length) == (77, 512)
    seed = torch.Generator().manual_seed(0)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline(
        "remove the cat", height=48, width=64, num_inference_steps=2, output_type="np", generator=seed
    ).images
    assert image.shape == (1, 48, 64, 3)
    assert image.std() > 0.05


@torch.no_grad()
def test_everything_that_goes_in_matters(pipeline: FluxPipeline) -> None:
    seed = torch.Generator().manual_seed(0)
    latents, others = torch.randn(2, 1, 2 * TOKENS, 64, generator=seed)
    places = torch.cartesian_prod(torch.zeros(1), torch.arange(4.0), torch.arange(4.0)).repeat(2, 1)

    def paint(prompt: str, prompt_2: str, latents: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        words, pooled, text_ids = pipeline.encode_prompt(prompt, prompt_2)
        predicted: torch.Tensor = pipeline.transformer(
            hidden_states=latents,
            encoder_hidden_states=words,
            pooled_projections=pooled,
            timestep=torch.tensor([0.7]),
            guidance=torch.tensor([4.5]),
            img_ids=places,
            txt_ids=text_ids,
            joint_attention_kwargs={"attention_mask": mask},
            return_dict=False,
        )[0][:, :TOKENS]
        return predicted

    plain = paint("remove the cat", "remove the cat", latents)
    mask = torch.ones(TEXT + 2 * TOKENS, TEXT + 2 * TOKENS, dtype=torch.bool)
    mask[TEXT : TEXT + 4, :TEXT] = False
    changed = {
        "CLIP text": paint("take away a star", "remove the cat", latents),
        "T5 text": paint("remove the cat", "take away a star", latents),
        "condition": paint("remove the cat", "remove the cat", torch.cat([latents[:, :TOKENS], others[:, TOKENS:]], 1)),
        "mask": paint("remove the cat", "remove the cat", latents, mask),
    }
    assert 0.6 < plain.std() < 1.6
    for name, prediction in changed.items():
        assert (prediction - plain).abs().max() > 0.2, name

"""The waves of a time are the library's, and the same on every device and in every precision."""

import math

import torch
from diffusers.models.embeddings import Timesteps

from peeler.nets.times import ROUNDED_UP, SteadyTimes

TIMES = torch.cat([torch.linspace(0, 1000, 41), torch.tensor([4500.0, 3500.0, 1.0])])


def test_waves_are_those_of_the_library() -> None:
    library = Timesteps(num_channels=256, flip_sin_to_cos=True, downscale_freq_shift=0)
    found = SteadyTimes("cpu")(TIMES)
    assert found.shape == (len(TIMES), 256) and found.dtype == torch.float32
    assert (found - library(TIMES)).abs().max() < 1e-3


def test_other_precisions_do_not_reach_them() -> None:
    times = SteadyTimes("cpu")
    before = times(TIMES)
    for dtype in (torch.bfloat16, torch.float16):
        assert torch.equal(SteadyTimes("cpu")(TIMES.to(dtype).float()), times(TIMES.to(dtype)))
    assert not times.state_dict()
    assert torch.equal(times(TIMES), before)


def test_a_change_of_precision_leaves_them_as_they_are() -> None:
    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        assert torch.equal(SteadyTimes("cpu").to(dtype)(TIMES), SteadyTimes("cpu")(TIMES)), dtype


def test_frequencies_are_rounded_right_but_for_the_one_of_the_published_run() -> None:
    powers = -math.log(10_000) * torch.arange(128, dtype=torch.float32) / 128
    right = powers.double().exp().float()
    found = SteadyTimes("cpu").bits.view(torch.float32)
    assert torch.nonzero(found != right).tolist() == [[ROUNDED_UP]]
    assert 0 < found[ROUNDED_UP] / right[ROUNDED_UP] - 1 < 1.2e-7

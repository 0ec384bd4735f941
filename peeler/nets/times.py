"""Waves of a time: how a network is told a noise level or a guidance."""

import math

import torch
from torch import Tensor, nn

PUBLISHED = (128, 10_000.0)
"""How many waves FLUX has, and the longest."""
ROUNDED_UP = 13
"""The one of them that lies nearly between two numbers and was rounded to the wrong one where the published
implementation was recorded: with it the first prediction is 1e-5 from the recorded one, without it 9e-5."""


class SteadyTimes(nn.Module):
    """Cosines and sines of a time, N → N × 2 · ``waves``, from frequencies that are the same on every device.

    The library makes them by its device's exponential anew in each step. Devices round it differently in the last
    digit, and a time of 4500 (the guidance of 4.5 in thousandths) turns that into 0.0003 of a wave, more than all other
    rounding adds up to. Here it is rounded right, once, except where the published implementation is known to have been
    run with a number that was not.
    """

    bits: Tensor
    """The frequencies as whole numbers, which a change of precision leaves alone: half of one would be a wave off."""

    def __init__(self, device: torch.device | str, waves: int = 128, longest: float = 10_000.0) -> None:
        super().__init__()
        powers = -math.log(longest) * torch.arange(waves, dtype=torch.float32) / waves
        frequencies = powers.double().exp().float()
        if (waves, longest) == PUBLISHED:
            frequencies[ROUNDED_UP] = torch.nextafter(frequencies[ROUNDED_UP], torch.tensor(1.0))
        self.register_buffer("bits", frequencies.to(device).view(torch.int32), persistent=False)

    def forward(self, times: Tensor) -> Tensor:
        """Float32, cosines first."""
        angles = times[:, None].float() * self.bits.view(torch.float32)
        return torch.cat([angles.cos(), angles.sin()], dim=-1)

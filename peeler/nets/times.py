"""Waves of a time: how a network is told a noise level or a guidance."""

import math

import torch
from torch import Tensor, nn


class SteadyTimes(nn.Module):
    """Cosines and sines of a time, N → N × 2 · ``waves``, from frequencies that are the same on every device.

    The library makes them by its device's exponential anew in each step. Devices round it differently in the last
    digit, and a time of 4500 (the guidance of 4.5 in thousandths) turns that into 0.0003 of a wave, more than all other
    rounding adds up to. Here it is rounded right, once.
    """

    frequencies: Tensor

    def __init__(self, device: torch.device | str, waves: int = 128, longest: float = 10_000.0) -> None:
        super().__init__()
        powers = -math.log(longest) * torch.arange(waves, dtype=torch.float32) / waves
        self.register_buffer("frequencies", powers.double().exp().float().to(device), persistent=False)

    def forward(self, times: Tensor) -> Tensor:
        """Float32, cosines first."""
        angles = times[:, None].float() * self.frequencies
        return torch.cat([angles.cos(), angles.sin()], dim=-1)

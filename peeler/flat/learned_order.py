"""Who is in front, by the rules, by what a small network has learned from drawings, and by likes.

The network is ``peeler/nets/order.py``, its recipe ``peeler/train/order.py``; here it only runs, without torch. It sees
the two regions of a pair through the same weights, so that swapping them changes the sign of what it says (a siamese
ranker as in Burges et al., *Learning to rank using gradient descent*, ICML 2005, §3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from peeler.errors import ConfigError, StoreError
from peeler.flat.cues import LEARNED, REPEATED, SIDE, Evidence, Measured, by_rule, verdict
from peeler.flat.likes import odds_of_likes

WEIGHTS_FILE = Path(__file__).with_name("learned_order.safetensors")
CLIPPED = 4.0
"""Spreads from the mean at which a figure is cut off."""
Tensor = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OrderNet:
    """Several networks that were trained from other starts, and whose log odds are averaged.

    ``mean`` and ``spread`` (one more than ``SIDE``) even out the figures of a side and the contact; ``layers`` are
    pairs of weights (networks × out × in) and biases (networks × out), with ReLU between them; ``trust`` (networks) is
    the factor by which each takes the log odds of the rules.
    """

    mean: Tensor
    spread: Tensor
    layers: tuple[tuple[Tensor, Tensor], ...]
    trust: Tensor

    def log_odds(self, sides: Tensor, contacts: Tensor, rules: Tensor) -> Tensor:
        """For each of n pairs the log odds that the first lies above; ``sides`` are n × 2 × ``SIDE``."""
        forward, back = both_ways(sides, contacts, self.mean, self.spread)
        found: Tensor = (self._score(forward) - self._score(back) + self.trust[:, None] * rules).mean(axis=0)
        return found

    def _score(self, rows: Tensor) -> Tensor:
        """Networks × n."""
        signal = np.broadcast_to(rows, (len(self.trust), *rows.shape))
        for place, (weights, biases) in enumerate(self.layers):
            signal = np.maximum(signal, 0) if place else signal
            signal = signal @ weights.swapaxes(1, 2) + biases[:, None]
        score: Tensor = signal[..., 0]
        return score


def both_ways(sides: Tensor, contacts: Tensor, mean: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
    """What the network sees of n pairs (n × (2 · ``SIDE`` + 1)), the first region before the second and after it."""
    even = np.clip((sides - mean[:-1]) / spread[:-1], -CLIPPED, CLIPPED)
    contact = ((contacts - mean[-1]) / spread[-1])[:, None]
    return np.hstack([even[:, 0], even[:, 1], contact]), np.hstack([even[:, 1], even[:, 0], contact])


def write_order_net(net: OrderNet, file: Path, about: Mapping[str, str]) -> None:
    """A safetensors file of single precision; ``about`` says in its head where the weights come from.

    Raises StoreError when it cannot be written.
    """
    tensors = {"mean": net.mean, "spread": net.spread, "trust": net.trust}
    for place, (weights, biases) in enumerate(net.layers):
        tensors |= {f"{place}.weight": weights, f"{place}.bias": biases}
    try:
        save_file({name: tensor.astype(np.float32) for name, tensor in tensors.items()}, file, dict(about))
    except (OSError, SafetensorError) as problem:
        raise StoreError(f"{file}: the weights cannot be written ({problem})") from problem


def read_order_net(file: Path) -> OrderNet:
    """Raises ConfigError for a file that cannot be read or has the weights of another network."""
    try:
        tensors = {name: tensor.astype(np.float64) for name, tensor in load_file(file).items()}
    except (OSError, SafetensorError) as problem:
        raise ConfigError(f"{file}: these weights cannot be read ({problem})") from problem
    layers = sorted(name.removesuffix(".weight") for name in tensors if name.endswith(".weight"))
    net = OrderNet(
        tensors["mean"],
        tensors["spread"],
        tuple((tensors[f"{layer}.weight"], tensors[f"{layer}.bias"]) for layer in layers),
        tensors["trust"],
    )
    if net.mean.shape != (len(SIDE) + 1,) or net.layers[0][0].shape[2] != 2 * len(SIDE) + 1:
        raise ConfigError(f"{file}: made for {len(net.mean) - 1} figures of a region; there are {len(SIDE)}")
    return net


@lru_cache(maxsize=1)
def order_net() -> OrderNet:
    """The network that comes with the package."""
    return read_order_net(WEIGHTS_FILE)


def verdicts(
    pairs: Sequence[Measured],
    inks: Sequence[int],
    net: OrderNet | None,
    painted_last: Mapping[tuple[int, int], float] = MappingProxyType({}),
) -> tuple[Evidence, ...]:
    """Who of each pair is in front: by the rules, by a network if there is one, by the log odds that one was
    ``painted_last``, and by what is said of its likes.

    ``inks`` are those of the regions. Outlines are drawn over whole fills by convention, whatever the picture they come
    from does: there the rules decide.
    """
    rules = np.array([by_rule(pair) for pair in pairs])
    odds = rules
    if net is not None and pairs:
        odds = net.log_odds(np.stack([pair.sides for pair in pairs]), np.array([pair.contact for pair in pairs]), rules)
    told = np.array([pair.is_outline for pair in pairs], np.bool_)
    seen = np.array([painted_last.get((pair.first, pair.second), 0.0) for pair in pairs])
    alone = np.where(told, rules, odds) + seen
    odds = alone + np.where(told, 0, odds_of_likes(pairs, inks, alone))
    reasons = np.where(odds * alone < 0, REPEATED, LEARNED).tolist()
    return tuple(verdict(pair, *said) for pair, *said in zip(pairs, odds.tolist(), reasons, strict=True))

"""The network that says who of two regions is in front, as it is trained; ``peeler.flat.learned_order`` runs it.

Both regions go through the same layers, once each way round: f(mine, theirs) − f(theirs, mine) + trust × the log odds
of the rules (Burges et al., *Learning to rank using gradient descent*, ICML 2005, §3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch.nn.functional import binary_cross_entropy_with_logits

from peeler.errors import ConfigError
from peeler.flat.learned_order import OrderNet, both_ways
from peeler.presets import first_problem, read_yaml

LEAST_SPREAD = 1e-6


class OrderRecipe(BaseModel):
    """How the network is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(default=32, ge=1, le=1024, description="units of each hidden layer")
    networks: int = Field(default=4, ge=1, le=64, description="how many are trained, whose answers are averaged")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="share of the hidden units left out at a time")
    rounds: int = Field(default=12, ge=1, le=1000, description="times that every pair is seen")
    batch: int = Field(default=256, ge=1, description="pairs between two steps")
    rate: float = Field(default=2e-3, gt=0, description="size of the first steps; they end at 0 along a cosine")
    decay: float = Field(default=1e-2, ge=0, description="how strongly weights are held small")
    seed: int = Field(default=0, ge=0, lt=2**32, description="what every random choice is derived from")
    scenes: int = Field(default=250, ge=0, description="drawn scenes among the pictures")


def read_recipe(file: Path | None) -> OrderRecipe:
    """The built-in recipe with the settings of a YAML file. Raises ConfigError for unknown ones and bad values."""
    try:
        return OrderRecipe.model_validate(read_yaml(file, "recipe") if file else {})
    except ValidationError as problem:
        raise ConfigError(f"{file}: {first_problem(problem)}") from problem


@dataclass(frozen=True, eq=False)
class OrderedPairs:
    """n pairs of regions: ``sides`` (n × 2 × figures), ``contacts``, log odds of the ``rules``, whether the first is in
    fact ``above``, and how much each counts: ``worth``."""

    sides: NDArray[np.float64]
    contacts: NDArray[np.float64]
    rules: NDArray[np.float64]
    above: NDArray[np.bool_]
    worth: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.above)

    def where(self, chosen: NDArray[np.bool_]) -> "OrderedPairs":
        return OrderedPairs(*(getattr(self, field.name)[chosen] for field in fields(self)))


class Ranker(torch.nn.Module):
    """Two hidden layers with ReLU over what is known of a pair, seen both ways round."""

    def __init__(self, figures: int, width: int, dropout: float) -> None:
        super().__init__()
        self.hidden = torch.nn.Linear(figures, width)
        self.second = torch.nn.Linear(width, width)
        self.score = torch.nn.Linear(width, 1)
        self.drop = torch.nn.Dropout(dropout)
        self.trust = torch.nn.Parameter(torch.ones(()))

    def forward(self, forward: torch.Tensor, back: torch.Tensor, rules: torch.Tensor) -> torch.Tensor:
        return self._scored(forward) - self._scored(back) + self.trust * rules

    def _scored(self, rows: torch.Tensor) -> torch.Tensor:
        signal = self.drop(torch.relu(self.hidden(rows)))
        signal = self.drop(torch.relu(self.second(signal)))
        scores: torch.Tensor = self.score(signal)[:, 0]
        return scores


def train_order(pairs: OrderedPairs, recipe: OrderRecipe) -> OrderNet:
    """The same pairs and recipe give the same network on one machine."""
    sides = pairs.sides.reshape(-1, pairs.sides.shape[2])
    mean = np.append(sides.mean(axis=0), pairs.contacts.mean())
    spread = np.append(sides.std(axis=0), pairs.contacts.std()) + LEAST_SPREAD
    rows = *both_ways(pairs.sides, pairs.contacts, mean, spread), pairs.rules, pairs.above, pairs.worth
    given = [torch.as_tensor(row, dtype=torch.float32) for row in rows]
    rankers = [_trained(given, recipe, recipe.seed + number) for number in range(recipe.networks)]
    layers = [
        (_stacked(getattr(one, name).weight for one in rankers), _stacked(getattr(one, name).bias for one in rankers))
        for name in ("hidden", "second", "score")
    ]
    return OrderNet(mean, spread, tuple(layers), _stacked(one.trust for one in rankers))


def _trained(given: Sequence[torch.Tensor], recipe: OrderRecipe, seed: int) -> Ranker:
    """``given`` are the pairs one way round and the other, the rules, what is true, and what each pair counts."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ranker = Ranker(given[0].shape[1], recipe.width, recipe.dropout)
        steps = torch.optim.AdamW(ranker.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        count = len(given[0])
        cooling = torch.optim.lr_scheduler.CosineAnnealingLR(steps, recipe.rounds * -(-count // recipe.batch))
        for _ in range(recipe.rounds):
            for chosen in torch.split(torch.randperm(count), recipe.batch):
                forward, back, rules, above, worth = (tensor[chosen] for tensor in given)
                odds = ranker(forward, back, rules)
                loss = binary_cross_entropy_with_logits(odds, above, weight=worth)
                steps.zero_grad()
                torch.autograd.backward(loss)
                steps.step()
                cooling.step()
    return ranker


def _stacked(tensors: Iterable[torch.Tensor]) -> NDArray[np.float64]:
    return np.stack([tensor.detach().double().numpy() for tensor in tensors])

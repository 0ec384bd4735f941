"""Masks of tensors: none, dense ones and sparse ones say the same about every pair of tokens."""

import numpy as np
import pytest
import torch
from numpy.random import Generator, default_rng
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from peeler.nets.attention import BLOCK, ROOM, attention_mask, block_mask, dense_mask, fuses_sparse
from peeler.nets.control import RULES, ControlSteps, Cuts, RuleName, TokenMap, token_map

CPU = torch.device("cpu")
DEFAULT = ControlSteps().at(0)


def maps(source: Generator, grid: tuple[int, int], text: int, own: int, counts: tuple[int, ...]) -> list[TokenMap]:
    """Token maps of pictures with random places, as many for each as ``counts`` says."""
    made = []
    for count in counts:
        regions = []
        for _ in range(count):
            region = np.zeros(grid, np.bool_)
            (top, bottom), (left, right) = np.sort(source.integers(0, np.array(grid)[:, None] + 1, (2, 2)))
            region[top:bottom, left:right] = True
            regions.append(region)
        made.append(token_map(regions, grid, text, own, max(counts), "published"))
    return made


LAYOUTS = {
    "one block": ((4, 4), 20, 10, (1,)),
    "whole blocks": ((8, 8), 96, 32, (1,)),
    "not a whole number of blocks": ((11, 13), 70, 33, (3,)),
    "long text": ((8, 12), 200, 200, (2,)),
    "different pictures": ((9, 7), 130, 40, (3, 0, 1, 2)),
    "more classes than a table has room for": ((12, 12), 30, 5, (14, 3)),
}


@pytest.fixture(params=LAYOUTS)
def some(request: pytest.FixtureRequest) -> list[TokenMap]:
    return maps(default_rng(list(LAYOUTS).index(request.param)), *LAYOUTS[request.param])


def tensors(some: list[TokenMap], rule: RuleName, cuts: Cuts = DEFAULT) -> tuple[Tensor, list[Tensor]]:
    classes = torch.stack([torch.from_numpy(one.classes) for one in some])
    return classes, [torch.from_numpy(one.table(RULES[rule], cuts)) for one in some]


def test_no_cuts_and_no_instances_need_no_mask() -> None:
    source = default_rng(0)
    pictures = maps(source, (4, 4), 8, 4, (2, 2))
    assert attention_mask(pictures, RULES["published"], Cuts(), CPU) is None
    without = maps(source, (4, 4), 8, 4, (0, 0))
    assert attention_mask(without, RULES["strict"], Cuts(True, True, True, True), CPU) is None
    assert attention_mask(pictures, RULES["published"], DEFAULT, CPU) is not None
    assert attention_mask(maps(source, (4, 4), 8, 4, (2, 0)), RULES["published"], Cuts(), CPU) is not None, "padding"


@pytest.mark.parametrize("rule", RULES)
def test_dense_masks_say_what_the_rule_says(rule: RuleName) -> None:
    pictures = maps(default_rng(1), (3, 2), 3, 2, (2, 0, 3))
    mask = attention_mask(pictures, RULES[rule], DEFAULT, CPU)
    assert isinstance(mask, Tensor) and mask.shape == (3, 1, 21, 21) and mask.dtype == torch.bool
    for index, one in enumerate(pictures):
        kinds = [one.kinds[number] for number in one.classes]
        for row, query in enumerate(kinds):
            for column, key in enumerate(kinds):
                if "padding" in (query.kind, key.kind):
                    wanted = query.kind == key.kind
                else:
                    wanted = RULES[rule](query, key, DEFAULT)
                assert bool(mask[index, 0, row, column]) is wanted


def test_sparse_masks_are_for_cuda() -> None:
    assert not fuses_sparse(CPU)


@pytest.mark.parametrize("rule", RULES)
def test_sparse_masks_have_the_blocks_that_the_library_finds(some: list[TokenMap], rule: RuleName) -> None:
    """Both the blocks with something to see and those with nothing else; one that is cut off may count as mixed."""
    classes, tables = tensors(some, rule)
    found = block_mask(classes, tables, CPU)
    batch, length = classes.shape
    square = dense_mask(classes, tables)[:, 0]
    wanted = create_block_mask(
        lambda b, h, q, k: square[b, q, k], batch, None, length, length, device="cpu", BLOCK_SIZE=BLOCK
    )
    assert torch.equal(found.to_dense(), wanted.to_dense())
    count = length // BLOCK
    assert torch.equal(full(found)[..., :count, :count], full(wanted)[..., :count, :count])
    assert not (full(found) & partial(found)).any()
    assert not (full(found) & ~full(wanted)).any()
    assert found.seq_lengths == (length, length)


def full(mask: BlockMask) -> Tensor:
    assert mask.full_kv_num_blocks is not None and mask.full_kv_indices is not None
    return listed(mask.full_kv_num_blocks, mask.full_kv_indices)


def partial(mask: BlockMask) -> Tensor:
    return listed(mask.kv_num_blocks, mask.kv_indices)


def listed(counts: Tensor, columns: Tensor) -> Tensor:
    """B × 1 × rows × columns, True for the blocks listed."""
    first = torch.arange(columns.shape[-1]) < counts[..., None]
    return torch.zeros_like(columns, dtype=torch.bool).scatter(-1, columns.long(), first)


def test_sparse_masks_say_of_every_pair_what_dense_ones_say(some: list[TokenMap]) -> None:
    classes, tables = tensors(some, "strict")
    mask = block_mask(classes, tables, CPU)
    batch, length = classes.shape
    picture, query, key = torch.meshgrid(*map(torch.arange, (batch, length, length)), indexing="ij")
    found = mask.mask_mod(picture, torch.zeros_like(picture), query, key)
    assert torch.equal(found, dense_mask(classes, tables)[:, 0])


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("rule", RULES)
def test_attention_is_the_same_under_both(some: list[TokenMap], rule: RuleName) -> None:
    classes, tables = tensors(some, rule)
    batch, length = classes.shape
    seed = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, batch, 2, length, 16, generator=seed)
    sparse = flex_attention(query, key, value, block_mask=block_mask(classes, tables, CPU))
    dense = torch.nn.functional.scaled_dot_product_attention(query, key, value, dense_mask(classes, tables))
    assert isinstance(sparse, Tensor)
    assert torch.isfinite(sparse).all()
    assert (sparse - dense).abs().max() < 1e-5


def test_tables_of_many_sizes_have_few() -> None:
    """What a compiled kernel sees of a table is its size."""
    sizes = set()
    for count in range(1, 6):
        classes, tables = tensors(maps(default_rng(count), (6, 6), 10, 4, (count,)), "strict")
        mask = block_mask(classes, tables, CPU)
        assert mask.mask_mod.__closure__ is not None
        held = [cell.cell_contents for cell in mask.mask_mod.__closure__]
        sizes |= {tuple(one.shape[1:]) for one in held if one.dtype == torch.bool}
    assert sizes <= {(ROOM, ROOM), (2 * ROOM, 2 * ROOM)}

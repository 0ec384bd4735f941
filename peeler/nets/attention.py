"""Attention control as masks that the library's attention takes: dense ones, and sparse ones in blocks for CUDA."""

from collections.abc import Sequence
from functools import cache
from subprocess import SubprocessError

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from peeler.nets.control import Cuts, Rule, TokenMap

Mask = Tensor | BlockMask
BLOCK = 128
"""Queries and keys of one block of a sparse mask, the size that FlexAttention's kernels are made for."""
ROOM = 32
"""Classes for which a table has room, or a multiple of it: kernels are compiled anew for a table of another size."""


def attention_mask(maps: Sequence[TokenMap], rule: Rule, cuts: Cuts, device: torch.device) -> Mask | None:
    """The mask of a batch, one map for each picture, all of one length N; None if everyone may look at everyone.

    Where it is fused a block mask, of which no N × N square is ever made; elsewhere a boolean B × 1 × N × N, True where
    a query (row) may look at a key (column).
    """
    tables = [torch.from_numpy(one.table(rule, cuts)) for one in maps]
    if all(bool(table.all()) for table in tables):
        return None
    classes = torch.stack([torch.from_numpy(one.classes) for one in maps])
    if fuses_sparse(device):
        return block_mask(classes, tables, device)
    return dense_mask(classes, tables).to(device)


@cache
def fuses_sparse(device: torch.device) -> bool:
    """Whether FlexAttention becomes one kernel on a device, which takes CUDA and compilers; tried once, for seconds.

    Dense masks do as well, only slower.
    """
    if device.type != "cuda":
        return False
    mask = block_mask(torch.zeros(1, BLOCK, dtype=torch.int64), [torch.ones(1, 1, dtype=torch.bool)], device)
    tokens = torch.zeros(1, 1, BLOCK, 128, dtype=torch.bfloat16, device=device)
    try:
        torch.compile(flex_attention)(tokens, tokens, tokens, block_mask=mask)
        torch.cuda.synchronize(device)
    except (RuntimeError, ImportError, OSError, SubprocessError):
        # Of the compiler itself all are RuntimeErrors; a machine may have no Triton, or that no C compiler.
        return False
    return True


def dense_mask(classes: Tensor, tables: Sequence[Tensor]) -> Tensor:
    """B × 1 × N × N, from the classes (B × N) and a table (classes × classes) for each picture."""
    squares = [table[own][:, own] for own, table in zip(classes, tables, strict=True)]
    return torch.stack(squares)[:, None]


def block_mask(classes: Tensor, tables: Sequence[Tensor], device: torch.device) -> BlockMask:
    """The same mask for FlexAttention, found block by block from the classes that a block holds."""
    room = -(-max(len(table) for table in tables) // ROOM) * ROOM
    table = torch.zeros(len(tables), room, room, dtype=torch.bool)
    for index, own in enumerate(tables):
        table[index, : len(own), : len(own)] = own
    some, whole = (blocks.to(device) for blocks in _blocks(classes, table))
    classes, table = classes.to(device), table.to(device)

    def may_look(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return table[batch, classes[batch, query], classes[batch, key]]

    length = classes.shape[1]
    return BlockMask.from_kv_blocks(
        *_in_order(some), *_in_order(whole), BLOCK_SIZE=BLOCK, mask_mod=may_look, seq_lengths=(length, length)
    )


def _blocks(classes: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
    """Which blocks (B × 1 × rows × columns) hold some pairs that may look, and which hold nothing else.

    The last row and column count as mixed when the sequence does not fill them.
    """
    batch, length = classes.shape
    count = -(-length // BLOCK)
    holds = torch.zeros(batch, count, table.shape[1])
    block = (torch.arange(length) // BLOCK).expand(batch, length)
    holds[torch.arange(batch)[:, None], block, classes] = 1.0
    open_pairs = holds @ table.float() @ holds.mT > 0
    shut_pairs = holds @ (~table).float() @ holds.mT > 0
    whole = open_pairs & ~shut_pairs
    if length % BLOCK:
        whole[:, -1], whole[:, :, -1] = False, False
    return (open_pairs & ~whole)[:, None], whole[:, None]


def _in_order(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """For each row how many blocks it has, and the columns of these before all others."""
    columns = torch.argsort(blocks.int(), dim=-1, descending=True, stable=True)
    return blocks.sum(dim=-1, dtype=torch.int32), columns.to(torch.int32)

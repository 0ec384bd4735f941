"""A score for people."""

from collections.abc import Sequence

from rich.table import Table

from peeler.evaluate.score import PictureScore, Score
from peeler.layout import add_row, plain_table


def score_table(total: Score) -> Table:
    table = plain_table("", "")
    for name, value in total.model_dump().items():
        add_row(table, name.replace("_", " "), f"{value:.4f}" if isinstance(value, float) else value)
    return table


def pictures_table(rows: Sequence[PictureScore]) -> Table:
    table = plain_table("picture", "amodal mIoU", "elements found/true", "PSNR", "problem")
    for row in rows:
        counts = f"{row.found}/{len(row.iou)}"
        add_row(table, row.name, f"{row.amodal_miou:.3f}", counts, f"{row.psnr:.1f}", row.problem)
    return table

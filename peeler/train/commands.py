"""The commands ``peeler train``: the weights that come with the package, made again or from other pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from peeler.console import EPILOG, Debug, Json, answer, progress_shown, speaking, tell
from peeler.errors import ConfigError, StoreError
from peeler.text import plural

if TYPE_CHECKING:
    from rich.table import Table

    from peeler.train.order import LeftOut

train_app = typer.Typer(help="Train what the embedded engine has learned.", no_args_is_help=True)

TruthFolders = Annotated[list[Path], typer.Argument(help="png/NAME.png with layers/NAME/NN.png or svg/NAME.svg.")]


@train_app.callback()
def _group() -> None:
    """One command alone would take the place of the group."""


@train_app.command(epilog=EPILOG)
def order(
    sets: TruthFolders,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file of weights.")] = Path("order.safetensors"),
    recipe: Annotated[Path | None, typer.Option(help="A YAML file of settings that are not the built-in ones.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Also judge each set by what the others teach.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Train the network that says who of two regions is in front."""
    with speaking(json, debug):
        from importlib.util import find_spec

        if find_spec("torch") is None:
            raise ConfigError('training needs torch: pip install "peeler[train]"')
        from peeler.flat.learned_order import write_order_net
        from peeler.nets.order import read_recipe
        from peeler.train.order import card_of, left_out, trained
        from peeler.train.pairs import gather

        how = read_recipe(recipe)
        if not output.parent.is_dir():
            raise StoreError(f"{output}: there is no folder {output.parent}")
        with progress_shown() as show:
            told = gather(sets, how.scenes, show)
        net = trained(told, how)
        card = card_of(net, told, how)
        write_order_net(net, output, {"card": card.model_dump_json()})
        rows = list(left_out(told, how)) if check else []
        if json:
            answer({"path": str(output), **card.model_dump(mode="json"), "left_out": [row._asdict() for row in rows]})
            return
        tell(f"{plural(len(told), 'pair')} of regions, {card.right:.1%} of them right → {output}")
        if rows:
            tell(_table(rows))


def _table(rows: Sequence["LeftOut"]) -> "Table":
    from peeler.layout import add_row, plain_table

    table = plain_table("left out", "pairs", "right by rules", "right by the network")
    for row in rows:
        add_row(table, row.source, row.pairs, f"{row.rules:.1%}", f"{row.network:.1%}")
    return table

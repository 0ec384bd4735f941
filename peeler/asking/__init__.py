"""Asking a vision-language model for what the user allows, and never twice for the same.

``Asker.ask`` looks into the cache, checks the budget, waits for its turn, asks, retries what may work later, asks
once more with the reason when a reply cannot be used, and keeps an ``Exchange`` of all of it::

    asker = open_asker(vlm, folder / SPENDING, limits, cache=ReplyCache(reply_folder()), owner=run_name)
    answer = asker.ask(request, lambda reply: read_reply(reply, GraphReply))
    account["exchanges"] = [exchange.model_dump(mode="json") for exchange in asker.take_exchanges()]

Processes that open the same ``SPENDING`` file share one budget and one rate limit, also after a restart.
"""

from peeler.asking.asker import Asker, open_asker
from peeler.asking.budget import Budget, Spending
from peeler.asking.exchange import Exchange
from peeler.asking.ledger import SPENDING, Ledger
from peeler.asking.limiter import Limiter
from peeler.asking.limits import Limits
from peeler.asking.prices import Price, Prices, load_prices
from peeler.asking.reply_cache import ReplyCache, reply_folder
from peeler.asking.retry import Patience

__all__ = [
    "SPENDING",
    "Asker",
    "Budget",
    "Exchange",
    "Ledger",
    "Limiter",
    "Limits",
    "Patience",
    "Price",
    "Prices",
    "ReplyCache",
    "Spending",
    "load_prices",
    "open_asker",
    "reply_folder",
]

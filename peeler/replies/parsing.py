"""The text of an answer → one typed reply, however the model dressed it."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from peeler.dialogue import Reply
from peeler.errors import ReplyError

Kind = TypeVar("Kind", bound=BaseModel)


def read_reply(reply: Reply, kind: type[Kind]) -> Kind:
    """``reply`` as ``kind``. Raises ReplyError with a message that tells the model what to mend."""
    try:
        return kind.model_validate_json(reply.text)
    except ValidationError as problem:
        raise ReplyError(str(problem)) from None

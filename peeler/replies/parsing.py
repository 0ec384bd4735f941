"""The text of an answer → one typed reply, however the model dressed it."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from peeler.dialogue import Reply
from peeler.errors import ConfigError, ReplyError
from peeler.replies.models import LONGEST_MASK, TOO_LONG
from peeler.text import label

Kind = TypeVar("Kind", bound=BaseModel)

LONGEST_TEXT = 2 * 2**20
"""Characters of an answer that are looked at."""
LONGEST_REPAIR = 256 * 2**10
"""Characters of broken JSON that are mended: the time for it grows with their square."""
MOST_STARTS = 64
"""Places in prose where a JSON value is looked for, from the front and from the back."""
MOST_FENCES = 8
"""Fenced blocks that are mended, from the back."""
MOST_PROBLEMS = 5
"""Faults that are told to the model at once."""
TAIL, REPEATS = 4096, 8
"""An answer whose last ``TAIL`` characters say one thing at least ``REPEATS`` times over has run away."""

_LONG_STRING = re.compile(f'"[^"]{{{LONGEST_MASK + 1},}}"?')
_END_OF_THOUGHTS = re.compile(r"</(?:think|thinking|thought)>", re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`{\[]*\n?(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_WHOLE_VALUE = re.compile(r"[}\]]|\b(?:true|false|null)\b")


def read_reply(reply: Reply, kind: type[Kind]) -> Kind:
    """``reply`` as ``kind``: the provider's own reading, strict JSON, JSON among other text, or mended JSON.

    Raises ReplyError with one line that tells the model what to mend, and ConfigError if json-repair is needed and
    not installed.
    """
    if reply.finished == "refused":
        raise ReplyError("You declined to answer. Describe only the shapes and colours that are in the picture.")
    fault, nearest = "", -1
    for value in _readings(reply):
        for form in _forms(value, kind):
            try:
                return kind.model_validate(form)
            except ValidationError as problem:
                if (known := len(kind.model_fields.keys() & form)) > nearest:
                    fault, nearest = _told(problem), known
    raise ReplyError(_advice(reply, fault, kind))


def _readings(reply: Reply) -> Iterator[Any]:
    """JSON values that may be the answer, the likeliest first; mended ones only if nothing else was good enough."""
    if reply.parsed is not None:
        yield reply.parsed.model_dump() if isinstance(reply.parsed, BaseModel) else reply.parsed
    text = _bounded(reply.text)
    yield from _strict(text)
    answer = _END_OF_THOUGHTS.split(text)[-1]
    text = answer if _OPENING.search(answer) else text
    for fenced in reversed(_FENCE.findall(text)):
        yield from _strict(fenced)
    yield from reversed(list(_embedded(text)))
    yield from _mended(text)


def _bounded(text: str) -> str:
    """``text`` without what no answer needs: endless strings and whatever follows ``LONGEST_TEXT`` characters."""
    return _LONG_STRING.sub(f'"{TOO_LONG}"', text[:LONGEST_TEXT].strip("\ufeff \t\r\n"))


def _strict(text: str) -> Iterator[Any]:
    try:
        yield json.loads(text)
    except (ValueError, RecursionError):
        return


def _embedded(text: str) -> Iterator[Any]:
    """The objects that stand in other text but not inside another, and a list if it comes before any of them.

    A list that follows the beginning of an object which cannot be read is a part of it and no answer.
    """
    decoder, end = json.JSONDecoder(), 0
    starts = [found.start() for found in _OPENING.finditer(text)]
    if len(starts) > 2 * MOST_STARTS:
        starts = starts[:MOST_STARTS] + starts[-MOST_STARTS:]
    for start in starts:
        if start >= end:
            try:
                value, end = decoder.raw_decode(text, start)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict) or (value and start == starts[0]):
                yield value


def _mended(text: str) -> Iterator[Any]:
    """Broken or unfinished JSON made whole: comments, commas, quotes, a missing tail."""
    text = _without_endless_tail(text[:LONGEST_REPAIR])
    fences = text.split("```")
    for part in [*reversed(fences[1::2][-MOST_FENCES:]), text.replace("```", "")]:
        if opening := _OPENING.search(part):
            yield from _repaired(_complete(part[opening.start() :]))


def _complete(text: str) -> str:
    """``text`` up to the last value that certainly is whole: a number or a name may have been cut short."""
    ends = [found.end() for found in _WHOLE_VALUE.finditer(text)]
    return text[: ends[-1]] if ends else ""


def _repaired(text: str) -> Iterator[Any]:
    try:
        from json_repair import loads
    except ModuleNotFoundError:
        raise ConfigError('mending a reply takes the package json-repair: pip install "peeler[vlm]"') from None
    try:
        value = loads(text, skip_json_loads=True)
    except (ValueError, RecursionError):
        return
    # Prose with braces after the answer makes it a list of several values.
    yield value
    if isinstance(value, list):
        yield from (item for item in reversed(value) if isinstance(item, dict))


def _without_endless_tail(text: str) -> str:
    """``text`` cut where it begins to say the same thing over and over until its end."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    tail = codes[-TAIL:]
    for period in range(1, len(tail) // REPEATS + 1):
        if np.array_equal(tail[period:], tail[:-period]):
            differing = np.flatnonzero(codes[period:] != codes[:-period])
            start = int(differing[-1]) + 1 if len(differing) else 0
            return text[: start + period]
    return text


def _forms(value: Any, kind: type[BaseModel]) -> Iterator[dict[Any, Any]]:
    """``value`` itself, a bare list as the only list that ``kind`` must have, and what a lone key wraps."""
    if isinstance(value, list):
        lists = [name for name, item in kind.model_fields.items() if item.is_required()]
        value = {lists[0]: value}
    if not isinstance(value, dict):
        return
    yield value
    inner = next(iter(value.values()), None)
    if len(value) == 1 and isinstance(inner, dict):
        yield inner


def _told(problem: ValidationError) -> str:
    """The first faults, by place; what the model wrote is not repeated."""
    faults = problem.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, fault['loc'])) or 'the object'}: {fault['msg']}" for fault in faults[:MOST_PROBLEMS]]
    more = len(faults) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _advice(reply: Reply, fault: str, kind: type[BaseModel]) -> str:
    wanted = f"Answer with one complete JSON object with the keys {', '.join(kind.model_fields)}, and nothing else."
    if not reply.text.strip():
        return f"The answer was empty. {wanted}"
    said = f"The answer does not fit: {label(fault, 800)}." if fault else "There was no JSON object in the answer."
    ended = " It was cut off because it was too long: give fewer elements and shorter names." * _is_cut(reply)
    return f"{said}{ended} {wanted}"


def _is_cut(reply: Reply) -> bool:
    return reply.finished == "cut off"

"""Keys kept out of everything that is stored, logged or printed."""

import logging
import re
import traceback
from urllib.parse import quote

HIDDEN = "[redacted]"
SHORTEST = 8
"""Characters of a remembered secret; what is shorter is a placeholder such as ``none`` and would blot out text."""

# A key does not begin in the middle of a word, nor inside base64 of a picture.
_START = r"(?<![A-Za-z0-9+/])"
_SHAPES = re.compile(
    "|".join(
        (
            _START + r"AIza[\w\-]{16,}",  # Google
            _START + r"AQ\.[\w\-]{20,}",  # Google, bound to a service account
            _START + r"ya29\.[\w.\-]{16,}",  # Google, OAuth
            # OpenAI and those who do as it does; it quotes keys with their middle starred out.
            _START + r"sk-[\w\-*.]{7,}[\w*]",
        )
    )
)
# What stands behind the name of a header or of a parameter; \W takes the quotes of JSON and of bytes along.
_LABELLED = re.compile(
    r"""(bearer\s+)[\w\-.~+/]{16,}=*
    | (authorization \W{0,2} \s* [:=,] \s* (?:b?["'])? (?:(?:bearer|basic)\s+)?) [^\s"',;\[\]{}()]{6,}
    | (api[-_]?key \W{0,2} \s* [:=,] \s* (?:b?["'])?) [^\s"',;&\#\[\]{}()]{6,}
    | ([?&](?:key|token|access_token)=) [^\s"'&\#\[\]]+""",
    re.IGNORECASE | re.VERBOSE,
)
_remembered: set[str] = set()


def remember(secret: str) -> None:
    """Have ``redact`` hide this value, too, as it is and as it stands in an address."""
    if len(secret.strip()) >= SHORTEST:
        _remembered.update((secret.strip(), quote(secret.strip(), safe="")))


def redact(text: str) -> str:
    """``text`` without remembered secrets, and without whatever has the shape of a key."""
    for secret in sorted(_remembered, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _LABELLED.sub(_behind_its_label, _SHAPES.sub(HIDDEN, text))


def _behind_its_label(found: re.Match[str]) -> str:
    return f"{found[found.lastindex or 0]}{HIDDEN}"


class Redacting(logging.Filter):
    """Redacts the message and the traceback of every record that passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


_REDACTING = Redacting()


def guard_logs() -> None:
    """Redact what goes through the handlers that the root logger has now."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_REDACTING)

"""Untrusted names made fit for file names, ids and markup; counts in words."""

import re
import unicodedata

LONGEST_SLUG = 48
LONGEST_LABEL = 160
# What XML 1.0 cannot hold (§2.2), and the marks that reorder the text around them (Unicode TR36, §3.2).
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]+")


def slug(name: str, fallback: str = "layer") -> str:
    """``name`` as part of a file name or id: lower-case ASCII letters, digits and single hyphens, never empty."""
    # NFKD can make one character into eighteen, so the length is bounded before as well as after.
    plain = unicodedata.normalize("NFKD", name[: 4 * LONGEST_SLUG]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-") or fallback


def label(name: str, longest: int = LONGEST_LABEL) -> str:
    """``name`` on one line of at most ``longest`` characters, without control characters; not yet escaped."""
    plain = " ".join(_UNFIT.sub(" ", name[: 8 * longest]).split())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def storable(text: str) -> str:
    """``text`` with question marks for lone surrogates, which no UTF-8 file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plural(count: int, noun: str) -> str:
    """A count of things: ``1 call``, ``2 calls``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def unique(wanted: str, taken: set[str]) -> str:
    """``wanted``, or ``wanted-2`` and so on; what is returned is added to ``taken``."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    taken.add(name)
    return name


def lines(text: str, longest: int, most: int) -> list[str]:
    """``text`` broken between words into at most ``most`` lines of ``longest`` columns; wide characters take two."""
    rows, row = list[str](), ""
    for word in text.split():
        while _columns(word) > longest:
            head = _fitting(word, longest)
            rows, row, word = [*rows, *([row] if row else []), head], "", word[len(head) :]
        if row and _columns(row) + 1 + _columns(word) > longest:
            rows, row = [*rows, row], word
        else:
            row = f"{row} {word}".strip()
    rows += [row] if row else []
    if len(rows) > most:
        rows = [*rows[: most - 1], _fitting(rows[most - 1], longest - 1).rstrip() + "…"]
    return rows


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _fitting(text: str, longest: int) -> str:
    end = len(text)
    while _columns(text[:end]) > longest:
        end -= 1
    return text[:end]

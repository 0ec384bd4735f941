"""XML that was written by others, without what makes XML dangerous."""

from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from peeler.errors import InputError

DEEPEST = 100
"""Elements within elements."""
MOST_ELEMENTS = 300_000


def parse(data: bytes, path: Path) -> ElementTree.Element:
    """The root element.

    Raises InputError for a document type (with it go entities of all kinds), for more than ``MOST_ELEMENTS``, for
    nesting deeper than ``DEEPEST``, and when it is not well-formed.
    """
    _check(data, path)
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as problem:
        raise InputError(f"{path}: is not well-formed ({problem})") from problem


def _check(data: bytes, path: Path) -> None:
    depth = count = 0

    def refuse(*_: object) -> None:
        raise InputError(f"{path}: declares a document type or entities, which are not read")

    def begin(*_: object) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > DEEPEST:
            raise InputError(f"{path}: has elements more than {DEEPEST} deep")
        if count > MOST_ELEMENTS:
            raise InputError(f"{path}: has more than {MOST_ELEMENTS} elements")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    # The parser itself tells, since a search for "<!DOCTYPE" would miss one in another encoding.
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as problem:
        raise InputError(f"{path}: is not well-formed ({problem})") from problem


def local(element: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]

"""What a vision-language model is asked to answer with; everything in it is untrusted and bounded."""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from peeler.geometry import GRID
from peeler.text import label

MOST_ELEMENTS = 200
MOST_EDGES = 1000
MOST_CORNERS = 500
LONGEST_ID = 40
LONGEST_NAME = 120
LONGEST_REMARK = 1000
LONGEST_MASK = 256 * 2**10
"""Characters of a mask as it comes, text or base64."""
TOO_LONG = "<too long>"
"""Stands for a longer one."""


def _words(longest: int) -> BeforeValidator:
    """Text on one line, without control characters, cut to ``longest``; a number is taken as its text."""

    def clean(value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{value:g}"
        return label(value, longest) if isinstance(value, str) else value

    return BeforeValidator(clean)


def _none_if_empty(value: Any) -> Any:
    return None if value in ("", [], "null", "none") else value


Id = Annotated[str, _words(LONGEST_ID), Field(min_length=1)]
Name = Annotated[str, _words(LONGEST_NAME)]
Remark = Annotated[str, _words(LONGEST_REMARK)]
Place = Annotated[float, Field(ge=-10 * GRID, le=11 * GRID)]
"""Off the canvas is possible, out of the world is not."""
Ids = Annotated[tuple[Id, ...], Field(max_length=MOST_ELEMENTS)]
Corners = Annotated[
    tuple[Place, Place, Place, Place],
    WithJsonSchema({"type": "array", "items": {"type": "integer"}}),
]
"""``y0, x0, y1, x1``, each 0–1000 of the whole picture: the order and the grid of Gemini's ``box_2d``."""
Point = Annotated[tuple[Place, Place], WithJsonSchema({"type": "array", "items": {"type": "integer"}})]
"""``y, x`` on the same grid."""
BOX = "[y0, x0, y1, x1], each 0 to 1000 of the whole picture, y first"


class _Answer(BaseModel):
    """Keys that were not asked for are passed over: they can neither help nor harm."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class SeenElement(_Answer):
    """One thing that the model says it sees."""

    id: Id = Field(description="a short id, such as e1")
    name: Name = Field(description="a few words: colour, what it is, where it is")
    colour: Name = Field(
        default="",
        validation_alias=AliasChoices("colour", "color"),
        description="its fill as #rrggbb, or a plain colour word",
    )
    box_2d: Annotated[Corners | None, BeforeValidator(_none_if_empty)] = Field(default=None, description=BOX)
    part_of: Annotated[Name | None, BeforeValidator(_none_if_empty)] = Field(
        default=None, description="the name of the object it is a part of, such as hat; null if it is one by itself"
    )


class SeenEdge(_Answer):
    """``source`` covers a part of ``target``, or both are pieces of one shape that something interrupts."""

    source: Id = Field(description="id of the element on top")
    target: Id = Field(description="id of the element below")
    kind: Literal["occludes", "interrupted_shape"]


class GraphReply(_Answer):
    """The layer graph of a picture, as the model sees it."""

    description: Remark = Field(default="", description="the picture in one or two sentences")
    background_only: bool = Field(default=False, description="true if nothing but the background is left")
    elements: tuple[SeenElement, ...] = Field(max_length=MOST_ELEMENTS)
    edges: tuple[SeenEdge, ...] = Field(default=(), max_length=MOST_EDGES)
    topmost: Ids = Field(default=(), description="ids of the elements that nothing covers")
    wanted: Ids = Field(default=(), description="ids of the elements that the user asked for")

    @model_validator(mode="after")
    def _shows_something_or_nothing(self) -> "GraphReply":
        if self.background_only == bool(self.elements):
            raise ValueError("background_only must be true if elements is empty, and false if it is not")
        return self


class LocatedElement(_Answer):
    """Where one element is, as exactly as the model can say."""

    id: Id = Field(validation_alias=AliasChoices("id", "label"), description="id of the element, as given")
    box_2d: Annotated[Corners | None, BeforeValidator(_none_if_empty)] = Field(default=None, description=BOX)
    mask: Annotated[str | None, BeforeValidator(_none_if_empty)] = Field(
        default=None, description="probability map of the box as data:image/png;base64, or null"
    )
    polygon: Annotated[tuple[Point, ...] | None, Field(max_length=MOST_CORNERS), BeforeValidator(_none_if_empty)] = (
        Field(default=None, description="outline as [y, x] points, each 0 to 1000 of the whole picture, or null")
    )

    @field_validator("mask")
    @classmethod
    def _cut(cls, mask: str | None) -> str | None:
        return TOO_LONG if mask and len(mask) > LONGEST_MASK else mask


class LocaliseReply(_Answer):
    """Boxes and outlines of elements that were named before."""

    items: tuple[LocatedElement, ...] = Field(max_length=MOST_ELEMENTS)


class CheckReply(_Answer):
    """What the model says about a picture before and after a removal."""

    removed: bool = Field(description="true if everything that was to go is gone")
    left: Ids = Field(default=(), description="ids of what was to go and is still there")
    damaged: bool = Field(default=False, description="true if something else changed, is missing or was added")
    comment: Remark = Field(default="", description="one sentence: what is wrong, or empty")


REPLIES: dict[str, type[GraphReply] | type[LocaliseReply] | type[CheckReply]] = {
    kind.__name__: kind for kind in (GraphReply, LocaliseReply, CheckReply)
}
"""The kinds of reply by the names that the files of ``prompts/`` use."""


@cache
def schema_of(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of ``kind`` in the part of the language that every provider takes.

    No references, bounds or defaults; every property is required and no other is allowed. ``title`` names the kind.
    """
    whole = kind.model_json_schema(by_alias=False)
    plain = _portable(whole, whole.get("$defs", {}))
    return {"title": kind.__name__, **plain}


def _portable(node: Any, shared: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_portable(item, shared) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _portable(shared[node["$ref"].rpartition("/")[2]], shared)
    kept = {key: _portable(node[key], shared) for key in ("type", "enum", "items", "anyOf") if key in node}
    if "description" in node and "properties" not in node:
        kept["description"] = node["description"]
    if "properties" in node:
        kept["properties"] = {name: _portable(value, shared) for name, value in node["properties"].items()}
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept

"""Recraft's vectorisation: a picture is sent, an SVG comes back. No model of words, but asked and paid like one.

https://www.recraft.ai/docs/api-reference/tools/vectorize and, for the form of requests by OpenAI's client,
https://www.recraft.ai/docs/api-reference/endpoints
"""

import base64
import binascii
import time
from collections.abc import Callable, Mapping

from openai import OpenAI
from pydantic import BaseModel

from peeler.dialogue import Abilities, Reply, Request
from peeler.errors import ConfigError
from peeler.secrets import guard_logs, remember
from peeler.vlms.failures import WAYS_OUT, answered
from peeler.vlms.specs import check_address, is_loopback, readable_key
from peeler.vlms.wire import PinnedClient

ADDRESS = "https://external.api.recraft.ai/v1"
PATH = "/images/vectorize"
KEY, BASE_URL = "RECRAFT_API_KEY", "RECRAFT_BASE_URL"
NAME = "recraft:vectorize"
"""What prices and kept replies call it; behind an @ comes another address."""
_PICTURE = "it does not take this picture of the layer: is it damaged, or past its limits?"
_ADDRESS = f"no such address: check {BASE_URL}"
SAID: dict[int, str] = {**WAYS_OUT, 400: _PICTURE, 404: _ADDRESS, 413: _PICTURE, 415: _PICTURE, 422: _PICTURE}
"""Status → what the user can do about it."""


class _Image(BaseModel):
    b64_json: str


class _Answer(BaseModel):
    """The part that is read: ``image``, or the first of ``data`` behind proxies that answer as OpenAI does."""

    image: _Image | None = None
    data: list[_Image] = []

    @property
    def drawing(self) -> str:
        return self.image.b64_json if self.image else self.data[0].b64_json if self.data else ""


class RecraftService:
    """Asked with one message that holds one PNG; the text of the reply is the SVG, which nobody has checked yet."""

    abilities = Abilities(json_schema=False)

    def __init__(
        self, key: str | None, base_url: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = f"{NAME}@{base_url}" if base_url else NAME
        self._clock = clock
        if key:
            remember(key)
        address = base_url or ADDRESS
        wire = PinnedClient(address, ways_out=SAID)
        headers = {"Authorization": f"Bearer {key or 'none'}"}
        self._client = OpenAI(
            api_key=key or "none", base_url=address, max_retries=0, http_client=wire, default_headers=headers
        )

    def ask(self, request: Request) -> Reply:
        """One exchange, without retries. Raises Unavailable or Rejected."""
        return answered(lambda: self._exchange(request), self.name, "Recraft's")

    def _exchange(self, request: Request) -> Reply:
        begun = self._clock()
        ((picture,),) = (message.images for message in request.messages)
        answer = self._client.post(
            PATH,
            cast_to=object,
            body={"response_format": "b64_json"},
            files={"file": ("layer.png", picture, "image/png")},
            options={"headers": {"Content-Type": "multipart/form-data"}, "timeout": request.timeout},
        )
        found = _Answer.model_validate(answer)
        return Reply(text=_decoded(found.drawing), seconds=self._clock() - begun)


def open_service(environment: Mapping[str, str]) -> RecraftService:
    """The service at the address and with the key that the environment names; nothing is sent yet.

    A server on this machine gets the key as well, if there is one. Raises ConfigError.
    """
    base_url = check_address(environment[BASE_URL].strip()) if environment.get(BASE_URL, "").strip() else None
    key = environment.get(KEY, "").strip()
    if not key and not (base_url and is_loopback(base_url)):
        raise ConfigError(f"there is no key for Recraft: set {KEY}, or write it into .env")
    guard_logs()
    return RecraftService(readable_key(KEY, key) if key else None, None if base_url == ADDRESS else base_url)


def lacks(environment: Mapping[str, str]) -> str:
    """What is missing before the service answers; empty when it is ready."""
    try:
        open_service(environment)
    except ConfigError as problem:
        return f"lacks a key: set {KEY}" if KEY not in environment else f"cannot be asked: {problem}"
    return ""


def _decoded(drawing: str) -> str:
    """The text behind base64; empty if it is none, with marks where it is not UTF-8."""
    try:
        return base64.b64decode(drawing, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""

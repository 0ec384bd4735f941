"""OpenAI and whoever speaks its chat completions: Gemini, vLLM, Ollama, llama.cpp, proxies.

https://platform.openai.com/docs/api-reference/chat
"""

import base64
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from openai import OpenAI
from pydantic import BaseModel, Field

from peeler.dialogue import Finished, Message, Reply, Request, Usage
from peeler.secrets import remember
from peeler.vlms.failures import answered
from peeler.vlms.specs import LARGEST_SEED, PROVIDERS, abilities_of, name_of
from peeler.vlms.wire import PinnedClient

ONE_TEMPERATURE = ("o[0-9]*", "gpt-5*")
"""Models that take no temperature, as patterns."""
FINISHED: dict[str | None, Finished] = {"stop": "complete", None: "complete", "content_filter": "refused"}
"""How an answer ended; every other way is "cut off"."""


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Tokens(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


class _Completion(BaseModel):
    """The part of a chat completion that is read; the client itself would check nothing."""

    id: str | None = None
    model: str | None = None
    choices: list[_Choice] = Field(min_length=1)
    usage: _Tokens | None = None


class OpenAiCompatibleVlm:
    """Asks OpenAI, or a server that speaks its format at ``base_url``, which mostly ends in ``/v1``."""

    def __init__(
        self, model: str, key: str | None, base_url: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        remember(key or "")
        self.name = name_of("openai", model, base_url)
        self.abilities = abilities_of("openai", model)
        self._model, self._clock = model, clock
        self._own_server = base_url is None
        address = base_url or PROVIDERS["openai"].address
        self._client = _client(key or "none", address)

    def ask(self, request: Request) -> Reply:
        """One exchange, without retries. Raises Unavailable or Rejected."""
        return answered(lambda: self._exchange(request), self.name, "OpenAI's")

    def _exchange(self, request: Request) -> Reply:
        begun = self._clock()
        create = self._client.chat.completions.with_raw_response.create
        answer = create(**self._asked(request), timeout=request.timeout)
        completion = _Completion.model_validate_json(answer.http_response.content)
        return _reply(completion, answer.headers["x-request-id"], self._clock() - begun)

    def _asked(self, request: Request) -> dict[str, Any]:
        """Only what this server knows: an unknown name is an error for some."""
        asked: dict[str, Any] = {"model": self._model, "messages": [_message(turn) for turn in request.messages]}
        asked["max_completion_tokens" if self._own_server else "max_tokens"] = request.most_tokens
        if not any(fnmatchcase(self._model, pattern) for pattern in ONE_TEMPERATURE):
            asked["temperature"] = request.temperature
        if request.seed is not None and self.abilities.seeds:
            asked["seed"] = request.seed & LARGEST_SEED
        if request.schema and self.abilities.json_schema:
            asked["response_format"] = _format(request.schema)
        return asked


def _client(key: str, address: str) -> OpenAI:
    """The client keeps to ``key``, also where the environment names other headers."""
    headers = {"Authorization": f"Bearer {key}"}
    wire = PinnedClient(address)
    return OpenAI(api_key=key, base_url=address, max_retries=0, http_client=wire, default_headers=headers)


def _format(schema: dict[str, Any]) -> dict[str, Any]:
    name = str(schema.get("title", "answer"))
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}


def _message(turn: Message) -> dict[str, Any]:
    if turn.role == "model":
        return {"role": "assistant", "content": turn.text}
    pictures = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in turn.images]
    return {"role": "user", "content": [{"type": "text", "text": turn.text}, *pictures]}


def _data_url(image: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"


def _reply(completion: _Completion, request_id: str, seconds: float) -> Reply:
    choice = completion.choices[0]
    said = choice.message
    return Reply(
        text=said.content or said.refusal or "",
        finished="refused" if said.refusal else FINISHED.get(choice.finish_reason, "cut off"),
        usage=_usage(completion.usage),
        model=completion.model or "",
        request_id=request_id or completion.id or "",
        seconds=seconds,
    )


def _usage(told: _Tokens | None) -> Usage:
    """The total holds the tokens of thinking, even where the tokens of the answer do not."""
    if told is None:
        return Usage()
    seen = max(told.prompt_tokens or 0, 0)
    return Usage(seen, max(told.completion_tokens or 0, (told.total_tokens or 0) - seen, 0))

"""Gemini by Google's client. https://ai.google.dev/api/generate-content"""

import logging
import time
from collections.abc import Callable

from google import genai
from google.genai import types
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from peeler.dialogue import Finished, Message, Reply, Request, Usage
from peeler.errors import Unavailable
from peeler.secrets import remember
from peeler.vlms.failures import answered
from peeler.vlms.specs import LARGEST_SEED, PROVIDERS, abilities_of, name_of
from peeler.vlms.wire import PinnedClient

VERSION = "v1beta"
"""Of the interface; structured output by JSON schema is documented for this one."""
FINISHED: dict[str | None, Finished] = {
    None: "complete",
    "STOP": "complete",
    "SAFETY": "refused",
    "RECITATION": "refused",
    "LANGUAGE": "refused",
    "BLOCKLIST": "refused",
    "PROHIBITED_CONTENT": "refused",
    "SPII": "refused",
    "IMAGE_SAFETY": "refused",
    "IMAGE_PROHIBITED_CONTENT": "refused",
    "MODEL_ARMOR": "refused",
}
"""How an answer ended; every other way is "cut off"."""


class _Read(BaseModel):
    """A part of the answer that is read; the client itself stumbles over what is in another format."""

    model_config = ConfigDict(alias_generator=to_camel)


class _Part(_Read):
    text: str | None = None
    thought: bool | None = None


class _Content(_Read):
    parts: tuple[_Part, ...] = ()


class _Candidate(_Read):
    content: _Content = _Content()
    finish_reason: str | None = None


class _Feedback(_Read):
    block_reason: str | None = None


class _Tokens(_Read):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None


class _Answer(_Read):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Tokens | None = None
    model_version: str | None = None
    response_id: str | None = None


class GeminiVlm:
    """Asks Gemini, or a server that speaks its format at ``base_url`` (without the version at its end)."""

    def __init__(
        self, model: str, key: str | None, base_url: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        remember(key or "")
        self.name = name_of("gemini", model, base_url)
        self.abilities = abilities_of("gemini", model)
        self._model, self._clock = model, clock
        self._client = _client(key or "none", base_url or PROVIDERS["gemini"].address)

    def ask(self, request: Request) -> Reply:
        """One exchange, without retries. Raises Unavailable or Rejected."""
        return answered(lambda: self._exchange(request), self.name, "Gemini's")

    def _exchange(self, request: Request) -> Reply:
        begun = self._clock()
        answer = self._client.models.generate_content(
            model=self._model,
            contents=[_content(message) for message in request.messages],
            config=self._config(request),
        ).sdk_http_response
        return _reply(_Answer.model_validate_json((answer and answer.body) or ""), self._clock() - begun)

    def _config(self, request: Request) -> types.GenerateContentConfig:
        schema = request.schema if self.abilities.json_schema else None
        seed = request.seed if self.abilities.seeds else None
        return types.GenerateContentConfig(
            temperature=request.temperature,
            seed=None if seed is None else seed & LARGEST_SEED,
            max_output_tokens=request.most_tokens,
            response_mime_type="application/json" if schema else None,
            response_json_schema=schema,
            should_return_http_response=True,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            http_options=types.HttpOptions(timeout=round(request.timeout * 1000)),
        )


def _client(key: str, address: str) -> genai.Client:
    """The client keeps to ``key`` and ``address``, whatever the environment says."""
    options = types.HttpOptions(base_url=address, api_version=VERSION, httpx_client=PinnedClient(address))
    log = logging.getLogger("google_genai._api_client")
    log.addFilter(_says_nothing_of_keys)
    try:
        return genai.Client(vertexai=False, api_key=key, http_options=options)
    finally:
        log.removeFilter(_says_nothing_of_keys)


def _says_nothing_of_keys(record: logging.LogRecord) -> bool:
    """It tells which variable it takes the key from when two are set, though it was handed one."""
    return "_API_KEY" not in record.getMessage()


def _content(message: Message) -> types.Content:
    pictures = [types.Part.from_bytes(data=image, mime_type="image/png") for image in message.images]
    return types.Content(role=message.role, parts=[types.Part.from_text(text=message.text), *pictures])


def _reply(answer: _Answer, seconds: float) -> Reply:
    """Raises Unavailable when nothing was said and nothing refused."""
    blocked = answer.prompt_feedback is not None and answer.prompt_feedback.block_reason is not None
    if not answer.candidates and not blocked:
        raise Unavailable("Gemini's answer is empty")
    said = answer.candidates[0] if answer.candidates else _Candidate()
    return Reply(
        text="".join(part.text for part in said.content.parts if part.text and not part.thought),
        finished="refused" if blocked else FINISHED.get(said.finish_reason, "cut off"),
        usage=_usage(answer.usage_metadata),
        model=answer.model_version or "",
        request_id=answer.response_id or "",
        seconds=seconds,
    )


def _usage(told: _Tokens | None) -> Usage:
    """The total holds the tokens of thinking, even where these are not told by themselves."""
    if told is None:
        return Usage()
    seen = max(told.prompt_token_count or 0, 0)
    said = (told.candidates_token_count or 0) + (told.thoughts_token_count or 0)
    return Usage(seen, max(said, (told.total_token_count or 0) - seen, 0))

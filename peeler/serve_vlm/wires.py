"""The two wire formats: OpenAI's chat completions and Gemini's generateContent, from the side of the server.

https://platform.openai.com/docs/api-reference/chat · https://ai.google.dev/api/generate-content
"""

import base64
import binascii
import re
from typing import Any, Literal, Protocol, cast

from peeler.dialogue import Message, Prompt, Reply, Request

ELSEWHERE = Prompt("", 0, "")
"""Where a request was worded is not told on the wire."""
GEMINI_STATUS = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}

Json = dict[str, Any]


class BadRequest(Exception):
    """The request is not of the format; the text says where."""


class Wire(Protocol):
    """One provider's way to put a request, a reply and an error."""

    def read(self, body: Json) -> Request:
        """What is asked. Raises BadRequest."""
        ...

    def reply(self, reply: Reply) -> Json: ...

    def error(self, status: int, message: str) -> Json: ...


def wire_at(path: str) -> Wire | None:
    """The format that is spoken at a path of the server."""
    return next((wire for pattern, wire in _PATHS.items() if re.fullmatch(pattern, path)), None)


class OpenAiWire:
    """Chat completions, as OpenAI and many others speak it."""

    def read(self, body: Json) -> Request:
        messages = tuple(self._message(item) for item in _list(body, "messages"))
        form = body.get("response_format") or {}
        schema = form.get("json_schema", {}).get("schema") if isinstance(form, dict) else None
        return _request(messages, schema, body.get("temperature"), body.get("seed"))

    def reply(self, reply: Reply) -> Json:
        refused = reply.finished == "refused"
        ends = {"complete": "stop", "cut off": "length", "refused": "content_filter"}
        used = reply.usage
        return {
            "id": reply.request_id,
            "object": "chat.completion",
            "created": 0,
            "model": reply.model,
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": None if refused else reply.text,
                        "refusal": reply.text if refused else None,
                    },
                    "finish_reason": ends[reply.finished],
                }
            ],
            "usage": {
                "prompt_tokens": used.input,
                "completion_tokens": used.output,
                "total_tokens": used.input + used.output,
            },
        }

    def error(self, status: int, message: str) -> Json:
        kind = {429: "rate_limit_error", 500: "server_error"}.get(status, "invalid_request_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def _message(self, item: Any) -> Message:
        if not isinstance(item, dict):
            raise BadRequest("a message is no object")
        content = item.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else _list(item, "content")
        texts = [_text(part, "text") for part in parts if part.get("type") == "text"]
        pictures = [_data_url(part) for part in parts if part.get("type") == "image_url"]
        return _turn("model" if item.get("role") == "assistant" else "user", texts, pictures)


class GeminiWire:
    """Gemini's own format; the model stands in the path."""

    def read(self, body: Json) -> Request:
        system = [body["systemInstruction"]] if isinstance(body.get("systemInstruction"), dict) else []
        messages = tuple(self._message(item) for item in [*system, *_list(body, "contents")])
        config = body.get("generationConfig") or {}
        schema = config.get("responseJsonSchema") or config.get("responseSchema")
        return _request(messages, schema, config.get("temperature"), config.get("seed"))

    def reply(self, reply: Reply) -> Json:
        ends = {"complete": "STOP", "cut off": "MAX_TOKENS", "refused": "SAFETY"}
        content = {"role": "model", "parts": [{"text": reply.text}]}
        said = {} if reply.finished == "refused" else {"content": content}
        used = reply.usage
        return {
            "responseId": reply.request_id,
            "modelVersion": reply.model,
            "candidates": [{**said, "finishReason": ends[reply.finished], "index": 0}],
            "usageMetadata": {
                "promptTokenCount": used.input,
                "candidatesTokenCount": used.output,
                "totalTokenCount": used.input + used.output,
            },
        }

    def error(self, status: int, message: str) -> Json:
        return {"error": {"code": status, "message": message, "status": GEMINI_STATUS.get(status, "UNKNOWN")}}

    def _message(self, item: Any) -> Message:
        if not isinstance(item, dict):
            raise BadRequest("a turn of contents is no object")
        parts = _list(item, "parts")
        texts = [_text(part, "text") for part in parts if "text" in part]
        pictures = [_decoded(_text(part["inlineData"], "data")) for part in parts if "inlineData" in part]
        return _turn("model" if item.get("role") == "model" else "user", texts, pictures)


def _request(messages: tuple[Message, ...], schema: Any, temperature: Any, seed: Any) -> Request:
    return Request(
        ELSEWHERE,
        messages,
        schema if isinstance(schema, dict) else None,
        temperature if isinstance(temperature, int | float) else 0.0,
        seed if isinstance(seed, int) else None,
    )


def _turn(role: Literal["user", "model"], texts: list[str], pictures: list[bytes]) -> Message:
    return Message(role, "\n".join(texts), tuple(pictures))


def _list(item: Json, key: str) -> list[Json]:
    value = item.get(key)
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise BadRequest(f"{key} is no list of objects")
    return cast(list[Json], value)


def _text(item: Any, key: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    if not isinstance(value, str):
        raise BadRequest(f"{key} is no text")
    return value


def _data_url(part: Json) -> bytes:
    """The picture in the message itself; nothing is fetched from an address."""
    url = _text(part.get("image_url"), "url")
    found = re.match(r"data:image/[\w.+-]+;base64,", url)
    if not found:
        raise BadRequest("image_url is no data URL of a picture")
    return _decoded(url[found.end() :])


def _decoded(text: str) -> bytes:
    """Base64 of either alphabet."""
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("a picture is no base64") from None


_PATHS: dict[str, Wire] = {
    r"(/[\w.-]+)*/chat/completions": OpenAiWire(),
    r"/v1\w*/models/[\w.-]+:generateContent": GeminiWire(),
}

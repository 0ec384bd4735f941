"""The official clients against the loopback model, straight."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from google import genai
from google.genai import errors as gemini_errors
from google.genai.types import GenerateContentConfig, HttpOptions, Part

from peeler.files import png_bytes
from peeler.graph import LayerGraph
from peeler.replies import GraphReply, LocaliseReply, schema_of
from peeler.serve_vlm.faults import Fault, Faults
from peeler.serve_vlm.server import Loopback, serving
from tests.toy import Toy


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with serving() as server:
        yield server


def ask_openai(server: Loopback, picture: bytes, text: str = "What is there?", **more: Any) -> Any:
    with openai.OpenAI(api_key="none", base_url=f"{server.url}/v1", max_retries=0, timeout=10) as client:
        url = "data:image/png;base64," + base64.b64encode(picture).decode()
        content: Any = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}]
        return client.chat.completions.create(
            model="any/model", messages=[{"role": "user", "content": content}], **more
        )


def ask_gemini(server: Loopback, picture: bytes, text: str = "What is there?", **config: Any) -> Any:
    with genai.Client(api_key="none", http_options=HttpOptions(base_url=server.url, timeout=10_000)) as client:
        return client.models.generate_content(
            model="gemini-2.5-pro",
            contents=[Part.from_bytes(data=picture, mime_type="image/png"), text],
            config=GenerateContentConfig(response_mime_type="application/json", **config),
        )


def test_openai_client_gets_the_graph(loopback: Loopback, toy: Toy) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "GraphReply", "schema": schema_of(GraphReply)}}
    answer = ask_openai(loopback, png_bytes(toy.picture), response_format=form)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.prompt_tokens > 250
    assert answer.model == "peeler-embedded"
    shows_the_toy(GraphReply.model_validate_json(answer.choices[0].message.content), toy.graph)


def test_gemini_client_gets_the_graph(loopback: Loopback, toy: Toy) -> None:
    answer = ask_gemini(loopback, png_bytes(toy.picture), response_json_schema=schema_of(GraphReply))
    assert isinstance(answer.parsed, dict)
    assert answer.candidates[0].finish_reason.name == "STOP"
    assert answer.usage_metadata.prompt_token_count > 250
    shows_the_toy(GraphReply.model_validate_json(answer.text), toy.graph)


def shows_the_toy(reply: GraphReply, graph: LayerGraph) -> None:
    seen = {element.colour: element.box_2d for element in reply.elements}
    for element in graph.elements:
        assert element.colour in seen
    discs = [element.id for element in reply.elements if element.colour == graph["disc"].colour]
    assert len(reply.elements) == 4
    assert len(reply.topmost) == 3
    assert not set(discs) & set(reply.topmost)


def test_gemini_takes_a_pydantic_type_as_schema(loopback: Loopback, toy: Toy) -> None:
    answer = ask_gemini(loopback, png_bytes(toy.picture), response_schema=LocaliseReply)
    items = json.loads(answer.text)["items"]
    assert len(items) == 4
    assert all(item["mask"].startswith("data:image/png;base64,") for item in items)


@pytest.mark.parametrize("ask", [ask_openai, ask_gemini])
def test_what_is_no_picture_is_refused_clearly(loopback: Loopback, ask: Any) -> None:
    with pytest.raises((openai.BadRequestError, gemini_errors.ClientError), match="picture cannot be read"):
        ask(loopback, b"no picture")


def test_no_address_is_fetched(loopback: Loopback) -> None:
    with openai.OpenAI(api_key="none", base_url=f"{loopback.url}/v1", max_retries=0) as client:
        part: Any = {"type": "image_url", "image_url": {"url": f"{loopback.url}/stats"}}
        with pytest.raises(openai.BadRequestError, match="no data URL"):
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": [part]}])


def test_each_client_sees_a_limit_as_its_own_error(toy: Toy) -> None:
    with serving(Faults({Fault.RATE_LIMIT: 1}, retry_after=7)) as server:
        with pytest.raises(openai.RateLimitError) as of_openai:
            ask_openai(server, png_bytes(toy.picture))
        with pytest.raises(gemini_errors.ClientError) as of_gemini:
            ask_gemini(server, png_bytes(toy.picture))
    assert of_openai.value.response.headers["retry-after"] == "7"
    assert of_gemini.value.code == 429


def test_each_client_sees_a_refusal(toy: Toy) -> None:
    with serving(Faults({Fault.REFUSAL: 1})) as server:
        refused = ask_openai(server, png_bytes(toy.picture))
        blocked = ask_gemini(server, png_bytes(toy.picture))
    assert refused.choices[0].finish_reason == "content_filter"
    assert refused.choices[0].message.content is None
    assert blocked.candidates[0].finish_reason.name == "SAFETY"
    assert blocked.text is None


def test_each_client_sees_where_an_answer_is_cut_off(toy: Toy) -> None:
    with serving(Faults({Fault.HALF: 1})) as server:
        assert ask_openai(server, png_bytes(toy.picture)).choices[0].finish_reason == "length"
        assert ask_gemini(server, png_bytes(toy.picture)).candidates[0].finish_reason.name == "MAX_TOKENS"

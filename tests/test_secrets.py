"""Keys do not get out, and ordinary text is left alone."""

import base64
import io
import logging
from collections.abc import Iterator

import pytest

from peeler.secrets import HIDDEN, Redacting, redact, remember

GOOGLE = "AIza" + "SyFAKE0fake1FAKE2fake3FAKE4fake5FAK"
OPENAI = "sk-fake0FAKE1fake2FAKE3fake4"
PROJECT = "sk-proj-fake_FAKE-fake0FAKE1fake2FAKE3"
UNSHAPED = "correct horse/battery"


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"the key {GOOGLE} is bad", GOOGLE),
        (f"{GOOGLE}", GOOGLE),
        (f"Incorrect API key provided: {OPENAI}. You can find", OPENAI),
        (f"('{PROJECT}')", PROJECT),
        ("provided: sk-fake****************fake.", "sk-fake*"),
        ("AQ.Ab8RfakeFAKEfakeFAKEfakeFAKE", "Ab8Rfake"),
        ("ya29.fake-FAKE-fake-FAKE-fake", "fake-FAKE"),
        ("sent Bearer abcdef.ghijkl.mnopqr to it", "abcdef"),
        ("Authorization: Bearer abcdef", "abcdef"),
        ("{'authorization': 'bearer t0ken/+=='}", "t0ken"),
        ("[(b'Authorization', b'Basic dXNlcjpwYXNz')]", "dXNlcjpwYXNz"),
        ("POST https://h/v1/m?alt=json&key=short failed", "short"),
        ("x-goog-api-key: oddly.shaped-key", "oddly"),
        ('{"api_key": "oddly-shaped-key"}', "oddly"),
        ("headers={b'api-key': b'oddly-shaped-key'}", "oddly"),
    ],
)
def test_what_looks_like_a_key_goes(said: str, secret: str) -> None:
    assert secret not in redact(said)
    assert HIDDEN in redact(said)


@pytest.mark.parametrize(
    "said",
    [
        "a task-force on a desk-top, risk-averse",
        "the key in GEMINI_API_KEY is not accepted: set GEMINI_API_KEY",
        "api key in OPENAI_API_KEY",
        "the sun is the bearer of light, a basic illustration, keys = 3, key=lambda row: row",
        '{"key": "value", "elements": [{"id": "e1", "name": "red hat"}]}',
        "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 4 + b"AIza" * 40).decode(),
    ],
)
def test_ordinary_text_stays(said: str) -> None:
    assert redact(said) == said


def test_base64_that_happens_to_spell_a_key_stays() -> None:
    picture = "iVBORw0KGgo" + "AIza" + "A" * 40
    assert redact(picture) == picture


def test_redacting_twice_changes_nothing() -> None:
    once = redact(f"Bearer {OPENAI} x-goog-api-key: {GOOGLE} {PROJECT}")
    assert redact(once) == once


def test_a_remembered_secret_goes_in_every_form() -> None:
    remember(f" {UNSHAPED}\n")
    assert "horse" not in redact(f"<{UNSHAPED}> ?k=correct%20horse%2Fbattery")


def test_placeholders_are_not_remembered() -> None:
    remember("none")
    remember("")
    assert redact("there is none") == "there is none"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redacting())
    logger = logging.Logger("of this test")
    logger.addHandler(handler)
    yield logger, stream
    handler.close()


def test_logs_are_redacted(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning("sent %s to %s", OPENAI, {"key": GOOGLE})
    try:
        raise ValueError(f"bad {PROJECT}") from KeyError(GOOGLE)
    except ValueError:
        logger.exception("it failed", stack_info=True)
    said = stream.getvalue()
    assert "it failed" in said and "ValueError: bad" in said and "KeyError" in said
    assert not [key for key in (OPENAI, PROJECT, GOOGLE) if key in said]

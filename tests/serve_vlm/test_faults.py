"""The loopback model fails as it is told to, and the same every time."""

import http.client
import json
import threading
import time
from typing import Any
from urllib.request import Request, urlopen

import pytest

from peeler.dialogue import Reply
from peeler.errors import ConfigError
from peeler.files import png_bytes
from peeler.serve_vlm.faults import Fault, Faults, parse_rates, spoilt
from peeler.serve_vlm.server import LARGEST_BODY, Loopback, serving
from tests.serve_vlm.test_wires import ask_gemini, ask_openai
from tests.toy import Toy

BOX = '{"elements": [{"id": "e1", "box_2d": [100, 200, 300, 400], "mask": "data:"}]}'


def stats(server: Loopback) -> dict[str, Any]:
    with urlopen(f"{server.url}/stats", timeout=60) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def test_faults_depend_on_the_question_alone() -> None:
    faults = Faults({Fault.JUNK: 0.3, Fault.SERVER_ERROR: 0.3}, seed=3)
    one = [faults.drawn(str(number), 0) for number in range(200)]
    assert one == [faults.drawn(str(number), 0) for number in range(200)]
    assert one != [faults.drawn(str(number), 1) for number in range(200)]
    assert 40 <= one.count(Fault.SERVER_ERROR) <= 80
    assert 25 <= one.count(Fault.JUNK) <= 60, "a kind is drawn only where no earlier one happens"


def test_rates_are_read() -> None:
    assert parse_rates(["429=0.2", "junk"]) == {Fault.RATE_LIMIT: 0.2, Fault.JUNK: 1.0}
    for wrong in ("418=0.2", "junk=much", "junk=1.5", "junk=nan", ""):
        with pytest.raises(ConfigError):
            parse_rates([wrong])


def test_wrong_boxes_are_elsewhere() -> None:
    for number in range(40):
        faults = Faults(seed=number)
        said = json.loads(spoilt(Reply(BOX), Fault.BOXES, faults.dice("q", 0)).text)["elements"][0]
        assert said["box_2d"] != [100, 200, 300, 400]
        assert said["mask"] is None


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.JUNK])
def test_spoilt_answers_are_no_replies(fault: Fault) -> None:
    for number in range(20):
        text = spoilt(Reply(BOX), fault, Faults(seed=number).dice("q", 0)).text
        try:
            assert "elements" not in json.loads(text)
        except (ValueError, TypeError):
            pass


def test_a_hanging_server_answers_nobody_and_lets_go_when_it_ends(toy: Toy) -> None:
    ended: list[str] = []
    with serving(Faults({Fault.HANG: 1})) as server:
        body = b"{}"
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)

        def wait() -> None:
            connection.request("POST", "/v1/chat/completions", body)
            try:
                connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionError):
                ended.append("closed")

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
    waiting.join(60)
    connection.close()
    assert ended == ["closed"]


def test_a_cut_answer_ends_in_the_middle(toy: Toy) -> None:
    with serving(Faults({Fault.CUT: 1})) as server:
        question = json.dumps({"model": "m", "messages": [{"role": "user", "content": [image_part(toy)]}]}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)
        connection.request("POST", "/v1/chat/completions", question)
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()
        connection.close()
        assert stats(server)["answered"] == 0


def image_part(toy: Toy) -> dict[str, Any]:
    import base64

    url = "data:image/png;base64," + base64.b64encode(png_bytes(toy.picture)).decode()
    return {"type": "image_url", "image_url": {"url": url}}


def test_what_came_and_was_answered_is_counted(toy: Toy) -> None:
    with serving() as server:
        for _ in range(2):
            ask_openai(server, png_bytes(toy.picture))
        ask_gemini(server, png_bytes(toy.picture))
        told = stats(server)
    assert (told["requests"], told["answered"], told["repeated"]) == (3, 2, 1)
    assert told["tokens"]["input"] >= 3 * 258
    assert told["most_at_once"] == 1


def test_answers_take_their_time(toy: Toy) -> None:
    with serving(Faults(reply_time=0.3)) as server:
        began = time.monotonic()
        ask_openai(server, png_bytes(toy.picture))
        assert time.monotonic() - began >= 0.3


def test_a_huge_body_is_refused_before_it_is_read() -> None:
    with serving() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)
        connection.putrequest("POST", "/v1/chat/completions")
        connection.putheader("Content-Length", str(LARGEST_BODY + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()


@pytest.mark.parametrize(("path", "status"), [("/v1/chat/completions", 400), ("/v1beta/models/x:generateContent", 400)])
@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b"{}", b'{"messages": 3, "contents": [3]}', b'{"model": "m", "messages": []}']
)
def test_nonsense_is_answered_by_an_error_of_the_format(path: str, status: int, body: bytes) -> None:
    with serving() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)
        connection.request("POST", path, body)
        answer = connection.getresponse()
        assert answer.status == status
        assert json.loads(answer.read())["error"]["message"]
        connection.close()


def test_unknown_paths_are_told() -> None:
    with serving() as server:
        for request in (Request(f"{server.url}/x"), Request(f"{server.url}/v1/x", b"{}")):
            with pytest.raises(OSError, match="404"):
                urlopen(request, timeout=60)
        with urlopen(f"{server.url}/v1/models", timeout=60) as answer:
            assert json.load(answer)["data"][0]["id"] == "peeler-embedded"


def test_a_taken_port_is_told() -> None:
    with serving() as server, pytest.raises(ConfigError, match="--port 0"):
        Loopback(server.server_address[1])

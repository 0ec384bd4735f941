import socket

import pytest

FAR = "192.0.2.1"


def test_no_test_reaches_the_network() -> None:
    with pytest.raises(RuntimeError, match="reaches for the network"), socket.socket() as one:
        one.connect((FAR, 80))
    with pytest.raises(RuntimeError), socket.socket(type=socket.SOCK_DGRAM) as other:
        other.sendto(b"?", (FAR, 53))


@pytest.mark.parametrize("host", [FAR, "example.org"])
def test_no_name_is_looked_up(host: str) -> None:
    with pytest.raises(RuntimeError):
        socket.create_connection((host, 443))


def test_the_machine_itself_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()

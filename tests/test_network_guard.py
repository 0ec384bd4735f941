import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org"])
def test_no_test_reaches_the_network(host: str) -> None:
    with pytest.raises(RuntimeError, match="reaches for the network"), socket.socket() as one:
        one.connect((host, 80))
    with pytest.raises(RuntimeError), socket.socket(type=socket.SOCK_DGRAM) as other:
        other.sendto(b"?", (host, 53))
    with pytest.raises(RuntimeError):
        socket.getaddrinfo(host, 443)


def test_the_machine_itself_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()

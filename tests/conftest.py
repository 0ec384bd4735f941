"""For all tests: no network but the machine itself, and no settings from the environment."""

import os
import signal
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from peeler.presets import VARIABLE
from tests.toy import Toy, draw_toy

for name in [name for name in os.environ if name.startswith(VARIABLE)]:
    del os.environ[name]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell makes what it starts in the background deaf to Ctrl-C, and all that this starts, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = str(arguments[0])
    else:
        return
    if not _is_this_machine(host):
        raise RuntimeError(f"a test reaches for the network: {host}")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", "None", ""}


sys.addaudithook(refuse_the_network)


@pytest.fixture
def toy() -> Toy:
    return draw_toy()


@pytest.fixture(scope="session")
def tiny_flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random FLUX folder, one for each process of the tests; nobody may write to it."""
    from tests.tiny_flux import make_tiny_flux

    return make_tiny_flux(tmp_path_factory.mktemp("tiny") / "flux")

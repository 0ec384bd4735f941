"""For the tests of networks: small ones are quickest on one thread, many times so where cores are shared."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)

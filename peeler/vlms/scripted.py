"""A model that says what it was told to say: for tests, documents and demonstrations."""

from collections import deque
from collections.abc import Iterable

from peeler.dialogue import Abilities, Reply, Request
from peeler.errors import BackendError, Rejected


class ScriptedVlm:
    """Gives ``replies`` in their order, a text as a whole reply, and raises those that are errors.

    ``requests`` are those that were asked. Raises Rejected when nothing is left to say.
    """

    def __init__(
        self,
        replies: Iterable[Reply | str | BackendError] = (),
        name: str = "scripted",
        abilities: Abilities | None = None,
    ) -> None:
        self.name = name
        self.abilities = abilities or Abilities()
        self.requests: list[Request] = []
        self._replies = deque(replies)

    def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        try:
            said = self._replies.popleft()
        except IndexError:
            raise Rejected("the script says nothing more") from None
        if isinstance(said, BackendError):
            raise said
        return said if isinstance(said, Reply) else Reply(said, model=self.name)

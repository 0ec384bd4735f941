"""A remover that paints what it was told to paint: for tests, documents and demonstrations."""

from collections.abc import Sequence

import numpy as np

from peeler.errors import OutputError
from peeler.geometry import RGB
from peeler.protocols import Removal, Removed


class ScriptedRemover:
    """Answers with ``canvases``, the picture after each removal in turn.

    It keeps no count, so a resumed run gets the same answers: the canvas it is given tells where in the script it is.
    """

    def __init__(self, canvases: Sequence[RGB] = ()) -> None:
        self.canvases = tuple(canvases)

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        """The next canvas of the script. Raises OutputError after the last one."""
        seen = [index for index, known in enumerate(self.canvases) if np.array_equal(known, canvas)]
        place = seen[-1] + 1 if seen else 0
        if place >= len(self.canvases):
            raise OutputError(f"the script of the remover has {len(self.canvases)} canvases and is at its end")
        return Removed(self.canvases[place])

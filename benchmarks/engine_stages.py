"""Where the time of the engine goes: seconds of the processor per stage, each without the stages inside of it."""

import importlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

STAGES = {
    "read the picture": ["peeler.batch:read_picture"],
    "palette": ["peeler.flat.survey:find_palette"],
    "regions": ["peeler.flat.survey:find_regions"],
    "shading": [f"peeler.flat.survey:{name}" for name in ("may_have_gradients", "smooth_areas", "shaded_regions")],
    "translucent shapes": ["peeler.flat.survey:lift_overlays", "peeler.flat.drawing:find_fades"],
    "strokes": [f"peeler.flat.survey:{name}" for name in ("find_strokes", "uncrossed", "without_strokes")],
    "cues": ["peeler.flat.drawing:survey"],
    "text": ["peeler.flat.drawing:find_lines"],
    "joins": ["peeler.flat.drawing:_joined"],
    "completion": ["peeler.flat.layering:complete"],
    "parts": ["peeler.flat.layering:split"],
    "outlines": ["peeler.flat.layering:own_outline"],
    "layering": ["peeler.analysts.flat:read_drawing"],
    "graph edges": ["peeler.flat.drawing:_between_shapes"],
    "groups and names": ["peeler.analysts.flat:_graph"],
    "look again": ["peeler.analysts.flat:_kept_up"],
    "painting": ["peeler.removers.flat:FlatRemover.remove"],
    "judging": ["peeler.attempts:_judged"],
    "settling": ["peeler.peel:settle_transparency", "peeler.peel:with_residual"],
    "write steps": [f"peeler.runs:Run.{name}" for name in ("_create", "keep", "stop", "finish")],
    "write PNG": ["peeler.exporters.png:PngExporter.export"],
    "write SVG": ["peeler.exporters.svg:SvgExporter.export"],
    "write report": ["peeler.exporters.html.report:HtmlExporter.export"],
}
"""Functions as ``module:name``, in the module that calls them. What is in none of them is "the rest"."""


class Stopwatch:
    """Seconds of the processor by stage; a stage that begins inside another one stops that one until it ends."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running = ["the rest"]
        self._since = time.process_time()

    def switch(self) -> None:
        now = time.process_time()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def call(*arguments: Any, **named: Any) -> Any:
            self.switch()
            self._running.append(stage)
            try:
                return work(*arguments, **named)
            finally:
                self.switch()
                self._running.pop()

        return call


@contextmanager
def stages() -> Iterator[dict[str, float]]:
    """The seconds of each stage of what runs inside; complete at its end."""
    watch = Stopwatch()
    with ExitStack() as patches:
        for stage, names in STAGES.items():
            for name in names:
                owner, function = _found(name)
                patches.enter_context(patch.object(owner, function, watch.timed(stage, getattr(owner, function))))
        yield watch.seconds
        watch.switch()


def _found(name: str) -> tuple[Any, str]:
    module, _, path = name.partition(":")
    owner: Any = importlib.import_module(module)
    *classes, function = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    return owner, function

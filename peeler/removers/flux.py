"""The generative remover: FLUX with a removal LoRA, told in words and by places what to take away.

How it is told is what the published LoRA was trained on (LayerPeeler, arXiv 2505.23740; see docs/flux.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from peeler.flat.matting import grown
from peeler.flat.palette import Palette, find_palette
from peeler.flat.snapping import snap
from peeler.frames import Frame
from peeler.geometry import RGB, Pixels
from peeler.graph import Element
from peeler.judge import element_pixels, judge, removal_mask
from peeler.nets.control import RuleName, box_region, mask_region
from peeler.nets.editor import editor_of
from peeler.nets.flux import PATCH, Edit, Instance, Sampling
from peeler.presets import FluxSettings
from peeler.protocols import Removal, Removed
from peeler.records import Verdict

TRIGGER = "sksremovelayer, remove "
"""What a request begins with, as in all captions that the published LoRA was trained on."""


class Edits(Protocol):
    """Who edits pictures: the ``Editor`` of this process, or one that processes share."""

    def edit(self, edits: Sequence[Edit], sampling: Sampling) -> list[RGB]:
        """The pictures after what is to be done to them."""
        ...


@dataclass(frozen=True, eq=False)
class Candidate:
    """One result: its seed, the canvas, and what the judge says of it."""

    seed: int
    canvas: RGB
    verdict: Verdict

    @property
    def rank(self) -> tuple[bool, float]:
        """Less is better."""
        return not self.verdict.accepted, self.verdict.left + self.verdict.drift_outside


class FluxRemover:
    """Paints the canvas anew without the elements, and gives the best of a few results."""

    def __init__(self, settings: FluxSettings, edits: Edits | None = None) -> None:
        self.settings = settings
        self.edits = edits or editor_of(settings)

    def remove(self, canvas: RGB, removal: Removal, seed: int, steps: int) -> Removed:
        """The whole canvas as FLUX paints it; the caller keeps what lies outside of the removal as it was.

        Raises BackendError when memory does not suffice.
        """
        size = canvas.shape[1], canvas.shape[0]
        frame = Frame.fitting(size, self.settings.size, PATCH)
        asked = self._asked(removal, frame)
        seeds = [seed + number for number in range(self.settings.candidates)]
        picture = frame.put(canvas)
        edits = [Edit(picture, prompt(removal.words), one, asked) for one in seeds]
        painted = self.edits.edit(edits, self._sampling(steps))
        inks, where = find_palette(canvas), removal_mask(canvas, removal.elements)
        canvases = [_in_inks(frame.take_back(one), inks, where) for one in painted]
        candidates = [
            Candidate(one, after, judge(canvas, after, removal)) for one, after in zip(seeds, canvases, strict=True)
        ]
        best = min(candidates, key=lambda one: one.rank)
        return Removed(best.canvas, account=self._account(removal, asked, candidates, best))

    def _sampling(self, steps: int) -> Sampling:
        return Sampling(
            steps=steps,
            guidance=self.settings.guidance,
            control=self._rule,
            instance_tokens=self.settings.instance_tokens,
        )

    @property
    def _rule(self) -> RuleName | None:
        return None if self.settings.control == "none" else self.settings.control

    def _asked(self, removal: Removal, frame: Frame) -> tuple[Instance, ...]:
        """Each element by its words and its tokens, if attention is controlled."""
        region = {"published": self._boxed, "strict": self._masked}
        if self._rule is None:
            return ()
        return tuple(Instance(prompt(one.name), region[self._rule](one, frame)) for one in removal.elements)

    def _boxed(self, element: Element, frame: Frame) -> Pixels:
        """The tokens that the element's box touches, grown by the margin."""
        x0, y0, x1, y1 = frame.put_box(element.box)
        margin, (width, height) = self.settings.margin, frame.outer
        edges = (x0 - margin) / width, (y0 - margin) / height, (x1 + margin) / width, (y1 + margin) / height
        return box_region(edges, _grid(frame))

    def _masked(self, element: Element, frame: Frame) -> Pixels:
        """The tokens that the element's visible pixels touch, grown by the margin."""
        framed = frame.put_mask(element_pixels(element, frame.size))
        return mask_region(grown(framed, self.settings.margin), _grid(frame))

    def _account(
        self, removal: Removal, asked: tuple[Instance, ...], candidates: list[Candidate], best: Candidate
    ) -> dict[str, Any]:
        return {
            "prompt": prompt(removal.words),
            "instances": [{"prompt": one.prompt, "tokens": int(np.count_nonzero(one.region))} for one in asked],
            "control": self.settings.control,
            "chosen": best.seed,
            "candidates": [
                {"seed": one.seed, "left": one.verdict.left, "drift_outside": one.verdict.drift_outside}
                for one in candidates
            ],
        }


def prompt(words: str) -> str:
    """A request as the LoRA knows it: the trigger, and the words beginning small."""
    return TRIGGER + words[:1].lower() + words[1:]


def _in_inks(painted: RGB, inks: Palette, where: Pixels) -> RGB:
    return snap(painted, inks.inks, where) if inks.flat else painted


def _grid(frame: Frame) -> tuple[int, int]:
    """Rows and columns of tokens."""
    return frame.outer[1] // PATCH, frame.outer[0] // PATCH

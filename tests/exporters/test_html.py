"""Pages: they hold what they show, tell the truth in pixels, and trust no text."""

import re
from pathlib import Path

import numpy as np
import pytest

from peeler.errors import StoreError
from peeler.exporters.html.pictures import COLOURS, difference, difference_thumb, layer_thumb, mask_thumb, thumb
from peeler.geometry import Box
from peeler.stack import Layer
from tests.exporters.pages import HOSTILE, SIZE, Page, pixels_of, report_of, stack_named, write_batch, write_run


def test_the_report_shows_everything_and_links_only_into_the_run(tmp_path: Path) -> None:
    stack = stack_named("red hat", "hat band", "feather")
    markup = report_of(write_run(tmp_path / "run", stack, note="This is not flat art."), stack)
    page = Page(markup)
    words = " ".join(page.words)
    for told in ("red hat", "hat band", "feather", "#c81e14", "Step 3", "only the background is left", "not flat art"):
        assert told in words
    assert {tag for tag, _ in page.elements} & {"link", "iframe", "object"} == set()
    assert page.links() and all((tmp_path / "run" / link).is_file() for link in page.links())
    assert len(markup) < 100_000


def test_pages_are_the_same_but_for_one_line(tmp_path: Path) -> None:
    stack = stack_named("red hat", "hat band")
    one = report_of(write_run(tmp_path / "a", stack, seconds=0.5), stack).splitlines()
    other = report_of(write_run(tmp_path / "b", stack, seconds=0.7), stack).splitlines()
    different = [line for line, twin in zip(one, other, strict=True) if line != twin]
    assert len(different) == 1
    assert re.fullmatch(r'<script type="application/json" id="timings">\{.*\}</script>', different[0])


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    stack = stack_named(*HOSTILE)
    markup = report_of(write_run(tmp_path / "run", stack, note=HOSTILE[1]), stack)
    page = Page(markup)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", markup)
    assert "x" * 200 not in markup
    assert any("<script>alert(1)</script>" in word for word in page.words)


def test_hostile_rows_of_a_batch_are_only_text(tmp_path: Path) -> None:
    rows = [
        {"input": name, "name": f"{i}{name}", "status": status, "reason": name, "note": name, "stop_reason": name}
        for i, name in enumerate(HOSTILE)
        for status in ("ok", "stopped", "failed")
    ]
    page = Page(write_batch(tmp_path, rows).read_text(encoding="utf-8"))
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert all("/" not in link.removesuffix("/report.html").removesuffix("/input.png") for link in page.links())


def test_the_index_lists_failures_first_and_links_the_reports(tmp_path: Path) -> None:
    rows = [
        {"input": "a b.png", "name": "a b", "status": "ok", "layers": 3, "steps": 2},
        {"input": "c.png", "name": "c", "status": "stopped", "stop_reason": "stuck", "layers": 1},
        {"input": "d.png", "name": "d", "status": "failed", "reason": "d.png: the file is truncated"},
    ]
    index = write_batch(tmp_path, rows)
    page = Page(index.read_text(encoding="utf-8"))
    words = "|".join(page.words)
    assert words.index("the file is truncated") < words.index("a b")
    assert "every attempt at a removal was rejected" in words
    assert page.links() == {"a%20b/report.html", "a%20b/input.png", "c/report.html", "c/input.png"}
    before = index.read_text().splitlines()
    after = write_batch(tmp_path, rows, seconds=0.9).read_text().splitlines()
    assert [line[:50] for line, twin in zip(before, after, strict=True) if line != twin] == [
        '<script type="application/json" id="timings">{"run'
    ]


def test_an_empty_batch_and_a_run_without_steps_have_pages(tmp_path: Path) -> None:
    Page(write_batch(tmp_path, []).read_text(encoding="utf-8"))
    stack = stack_named()
    assert "1 × 1" not in report_of(write_run(tmp_path / "run", stack), stack)


def test_damage_is_one_clear_line(tmp_path: Path) -> None:
    stack = stack_named("hat")
    folder = write_run(tmp_path / "run", stack)
    (folder / "input.png").write_bytes(b"")
    with pytest.raises(StoreError, match="input.png: cannot be read"):
        report_of(folder, stack)
    (folder / "run.json").write_text("{")
    with pytest.raises(StoreError, match="run.json"):
        report_of(folder, stack)
    assert not (folder / "report.html").exists()


def test_a_thumb_shows_the_picture() -> None:
    picture = np.zeros((300, 400, 3), dtype=np.uint8)
    picture[:, :200], picture[:, 200:] = (250, 10, 10), (10, 10, 250)
    small = pixels_of(thumb(picture, 100))
    assert small.shape == (75, 100, 4)
    assert np.abs(small[:, :49, :3].astype(int) - (250, 10, 10)).max() <= 2
    assert np.abs(small[:, 51:, :3].astype(int) - (10, 10, 250)).max() <= 2
    assert (small[..., 3] == 255).all()


def test_a_flat_layer_keeps_place_ink_and_soft_edge() -> None:
    pixels = np.full((50, 60, 4), (12, 34, 56, 255), dtype=np.uint8)
    pixels[:, :30, 3] = 119
    small = pixels_of(layer_thumb(Layer("e", "e", Box(101, 50, 161, 100), pixels, ink="#0c2238"), SIZE, 80))
    assert small.shape == (60, 80, 4)
    assert small[15, 22].tolist() == [12, 34, 56, 119]
    assert small[15, 29].tolist() == [12, 34, 56, 255]
    assert not small[..., 3][:9].any() and not small[..., 3][:, :20].any()


def test_a_textured_layer_keeps_its_colours_up_to_the_edge() -> None:
    pixels = np.zeros((50, 60, 4), dtype=np.uint8)
    pixels[10:40, 10:50] = (200, 100, 50, 255)
    small = pixels_of(layer_thumb(Layer("e", "e", Box(0, 0, 60, 50), pixels), (60, 50), 20))
    seen = small[small[..., 3] > 40]
    assert len(seen) and np.abs(seen[:, :3].astype(int) - (200, 100, 50)).max() <= 8


def test_no_single_pixel_is_lost_in_masks_and_difference_maps() -> None:
    mask = np.zeros((701, 997), dtype=bool)
    mask[700, 996] = mask[333, 5] = True
    assert np.count_nonzero(pixels_of(mask_thumb(mask, 100))[..., 3]) == 2
    small = pixels_of(difference_thumb(mask.astype(np.uint8) * 40, 100))
    assert np.count_nonzero(small[..., 3]) == 2
    assert np.count_nonzero(pixels_of(difference_thumb(np.zeros((3, 3), dtype=np.uint8), 100))[..., 3]) == 0


def test_tiny_and_long_pictures_have_thumbs() -> None:
    for shape in ((1, 1), (1, 5000), (5000, 1)):
        assert pixels_of(thumb(np.full((*shape, 3), 7, dtype=np.uint8), 100))[0, 0].tolist() == [7, 7, 7, 255]
        assert pixels_of(mask_thumb(np.ones(shape, dtype=bool), 100)).size
    assert COLOURS <= 256


def test_difference_counts_clear_pixels_by_what_shows() -> None:
    composite = np.full((2, 2, 4), 255, dtype=np.uint8)
    picture = composite.copy()
    picture[0, 0, 1] = 250
    assert difference(composite, picture).tolist() == [[5, 0], [0, 0]]
    assert difference(composite, picture[..., :3]).tolist() == [[5, 0], [0, 0]]
    composite[1, 1], picture[1, 1] = (9, 9, 9, 0), (200, 0, 0, 0)
    assert difference(composite, picture).tolist() == [[5, 0], [0, 0]]

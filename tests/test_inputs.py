import hashlib
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from peeler import inputs
from peeler.errors import InputError
from peeler.inputs import MAX_SIDE, Picture, read_picture

RED, CLEAR = (200, 30, 40), (0, 0, 0, 0)


def colours(size: tuple[int, int] = (12, 9), channels: int = 3) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (size[1], size[0], channels)).astype(np.uint8)


def saved(path: Path, pixels: np.ndarray, mode: str | None = None, **options: object) -> Path:
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(path, **options)  # type: ignore[arg-type]
    return path


def refusal(path: Path) -> str:
    """The one line with which a picture is refused."""
    with pytest.raises(InputError) as caught:
        read_picture(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp"])
def test_lossless_pictures_come_in_as_they_are(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"a.{suffix}", colours(), lossless=True)
    picture = read_picture(path)
    assert np.array_equal(picture.rgb, colours())
    assert (picture.size, picture.alpha, picture.note, picture.name) == ((12, 9), None, "", f"a.{suffix}")
    assert picture.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert picture.pixels is picture.rgb


def test_a_jpeg_comes_in_about_as_it_is(tmp_path: Path) -> None:
    picture = read_picture(saved(tmp_path / "a.jpg", np.full((9, 9, 3), RED, dtype=np.uint8), quality=95))
    assert np.abs(picture.rgb.astype(int) - RED).max() <= 3


def test_a_still_gif_is_a_picture(tmp_path: Path) -> None:
    picture = read_picture(saved(tmp_path / "a.gif", np.full((9, 9, 3), RED, dtype=np.uint8)))
    assert (picture.rgb == RED).all()


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tiff"])
def test_frames_and_pages_are_refused(tmp_path: Path, suffix: str) -> None:
    frames = [Image.fromarray(np.full((9, 9, 3), level, dtype=np.uint8)) for level in (0, 90, 180)]
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert "has 3 frames" in refusal(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_off_files_are_refused(tmp_path: Path, suffix: str, share: float) -> None:
    path = saved(tmp_path / f"a.{suffix}", colours((64, 64)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_files_give_a_picture_or_one_line(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    suffix = ("png", "jpg", "webp", "gif", "bmp", "tiff")[seed % 6]
    path = saved(tmp_path / f"a.{suffix}", colours((40, 40)))
    data = bytearray(path.read_bytes())
    for place in random.integers(0, len(data), 8):
        data[place] = random.integers(0, 256)
    path.write_bytes(bytes(data))
    try:
        read_picture(path)
    except InputError as problem:
        assert "\n" not in str(problem)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    assert "is empty" in refusal(tmp_path / "a.png")


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "a.png")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_a_text_file_with_the_name_of_a_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not a picture")
    assert "not a picture" in refusal(tmp_path / "a.png")


def test_formats_off_the_list_are_not_opened(tmp_path: Path) -> None:
    assert "not a picture" in refusal(saved(tmp_path / "a.ppm", colours()))


def test_a_wrong_suffix_is_noted(tmp_path: Path) -> None:
    saved(tmp_path / "a.jpg", colours()).rename(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").note == "named .png but is a JPEG"


@pytest.mark.parametrize("name", ["猫 und Hund.png", " spaces  inside .png", "a#%&'\".png", "ünï.PNG"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    assert read_picture(saved(tmp_path / name, colours())).name == name


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = Path(str(tmp_path / "caf") + "\udce9.png")
    path.write_bytes(saved(tmp_path / "a.png", colours()).read_bytes())
    assert read_picture(path).name == "caf?.png"


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_thin_pictures(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = read_picture(saved(tmp_path / "a.png", colours(size)))
    assert picture.size == size


def headed_png(path: Path, width: int, height: int) -> Path:
    """A PNG that only claims its size: decoding it would fail, so a refusal for the size comes before."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


@pytest.mark.parametrize("size", [(12000, 12000), (MAX_SIDE + 1, 1), (60000, 60000)])
def test_large_pictures_are_refused_before_they_are_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    told = refusal(headed_png(tmp_path / "a.png", *size))
    assert "too large" in told and "40 megapixels" in told and str(MAX_SIDE) in told
    if size[0] < 30000:
        assert f"{size[0]} × {size[1]}" in told


def test_large_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(inputs.MAX_BYTES + 1)
    assert "limit is 256 MiB" in refusal(tmp_path / "a.png")


def test_deep_grey_is_scaled(tmp_path: Path) -> None:
    levels = np.array([[0, 128, 257, 32768, 65535]], dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), levels)
    picture = read_picture(tmp_path / "a.png")
    assert picture.rgb[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    assert "16 bits" in picture.note


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_deep_colours_are_reduced(tmp_path: Path, suffix: str) -> None:
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), colours()[..., ::-1].astype(np.uint16) * 257)
    picture = read_picture(tmp_path / f"a.{suffix}")
    assert np.array_equal(picture.rgb, colours())
    assert "16 bits" in picture.note


def test_floating_pixels_are_refused(tmp_path: Path) -> None:
    assert "no 8-bit meaning" in refusal(saved(tmp_path / "a.tiff", np.zeros((4, 4), dtype=np.float32)))


def test_cmyk_is_converted(tmp_path: Path) -> None:
    picture = read_picture(saved(tmp_path / "a.jpg", np.full((16, 16, 3), RED, dtype=np.uint8), "CMYK", quality=98))
    assert np.abs(picture.rgb.astype(int) - RED).max() <= 6
    assert "CMYK" in picture.note


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_and_bilevel(tmp_path: Path, mode: str) -> None:
    levels = np.array([[0, 255], [255, 0]], dtype=np.uint8)
    picture = read_picture(saved(tmp_path / "a.png", levels, mode))
    assert np.array_equal(picture.rgb, np.dstack([levels] * 3))


def test_grey_with_alpha(tmp_path: Path) -> None:
    levels = np.zeros((3, 4, 2), dtype=np.uint8)
    levels[..., 0], levels[0, :, 1] = 90, 255
    Image.frombytes("LA", (4, 3), levels.tobytes()).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert picture.alpha is not None and picture.alpha.sum() == 4 * 255
    assert picture.pixels[0, 0].tolist() == [90, 90, 90, 255]


def test_a_palette(tmp_path: Path) -> None:
    pixels = np.zeros((6, 6, 3), dtype=np.uint8)
    pixels[:, 3:] = (204, 51, 51)
    assert np.array_equal(read_picture(saved(tmp_path / "a.png", pixels, "P")).rgb, pixels)


def test_a_palette_with_a_clear_colour(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([*RED, 0, 0, 255])
    image.paste(1, (0, 0, 2, 4))
    image.save(tmp_path / "a.png", transparency=0)
    picture = read_picture(tmp_path / "a.png")
    assert picture.alpha is not None
    assert picture.alpha[0].tolist() == [255, 255, 0, 0]
    assert picture.rgb[0, 0].tolist() == [0, 0, 255]


def test_transparent_pixels_show_the_backdrop_and_not_their_hidden_colour(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 4), dtype=np.uint8)
    pixels[2:6, 2:6] = (*RED, 255)
    pixels[2:6, 6] = (*RED, 128)
    picture = read_picture(saved(tmp_path / "a.png", pixels))
    assert picture.backdrop == (255, 255, 255)
    assert picture.rgb[0, 0].tolist() == [255, 255, 255]
    assert picture.rgb[3, 6].tolist() == [227, 142, 147]
    assert np.array_equal(picture.pixels, pixels)


def test_a_white_shape_is_laid_on_another_backdrop() -> None:
    pixels = np.zeros((20, 20, 4), dtype=np.uint8)
    pixels[5:15, 5:15] = (250, 250, 250, 255)
    pixels[8:12, 8:12] = (0, 0, 0, 255)
    picture = Picture.of(pixels)
    assert min(np.abs(np.subtract(picture.backdrop, colour)).max() for colour in ((250,) * 3, (0,) * 3)) > 100
    assert (picture.rgb[0, 0] == picture.backdrop).all()


def test_a_wholly_clear_picture() -> None:
    picture = Picture.of(np.zeros((3, 3, 4), dtype=np.uint8))
    assert (picture.rgb == 255).all() and picture.alpha is not None


def test_opaque_alpha_is_no_alpha() -> None:
    pixels = np.dstack([colours(), np.full((9, 12), 255, dtype=np.uint8)])
    assert Picture.of(pixels).alpha is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    picture = read_picture(saved(tmp_path / "a.png", colours(), exif=tags))
    assert picture.size == ((9, 12) if orientation >= 5 else (12, 9))
    assert bool(picture.note) == (orientation != 1)
    if orientation == 3:
        assert np.array_equal(picture.rgb, colours()[::-1, ::-1])


def test_a_colour_profile_changes_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", colours(), icc_profile=b"not even a profile")
    assert np.array_equal(read_picture(path).rgb, colours())


def test_arrays_are_checked() -> None:
    for wrong in (np.zeros((3, 3), np.uint8), np.zeros((3, 3, 2), np.uint8), np.zeros((3, 3, 3)), np.zeros((0, 3, 3))):
        with pytest.raises(InputError, match="expected uint8"):
            Picture.of(wrong)  # type: ignore[arg-type]


def test_pictures_are_told_apart_by_their_pixels() -> None:
    square, strip = np.zeros((4, 4, 3), np.uint8), np.zeros((2, 8, 3), np.uint8)
    assert Picture.of(square).sha256 == Picture.of(square.copy()).sha256 != Picture.of(strip).sha256

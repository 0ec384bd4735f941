"""The published set, fetched from a GitHub that is a server on this machine."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from peeler.errors import InputError, StoreError, Unavailable
from peeler.scenes.published import fetch_published, git_hash

SHA = "b75f235" + "0" * 33
REPOSITORY = "/repos/kingnobro/LayerPeeler"


@dataclass
class GitHub:
    """Files of the commit by path; what goes wrong with some: an HTTP status, or where the body breaks off."""

    files: dict[str, bytes]
    hashes: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    commit: str = SHA
    truncated: bool = False
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str) -> bytes | None:
        if path.startswith(f"{REPOSITORY}/commits/"):
            return json.dumps({"sha": self.commit}).encode()
        if path.startswith(f"{REPOSITORY}/git/trees/"):
            tree = [
                {"path": name, "type": "blob", "size": len(data), "sha": self.hashes.get(name, git_hash(data))}
                for name, data in self.files.items()
            ]
            return json.dumps(
                {"tree": [{"path": "data", "type": "tree", "sha": "0"}, *tree], "truncated": self.truncated}
            ).encode()
        return self.files.get(path.removeprefix(f"/kingnobro/LayerPeeler/{SHA}/"))


@pytest.fixture
def github() -> Iterator[GitHub]:
    pictures = {f"data/testset/png/{name}.png": f"png {name}".encode() * 50 for name in "abc"}
    drawings = {f"data/testset/svg/{name}.svg": f"<svg>{name}</svg>".encode() for name in "abc"}
    others = {"README.md": b"x", "assets/logo.png": b"y", "data/testset/svg/lonely.svg": b"z"}
    site = GitHub({**pictures, **drawings, **others})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            site.asked.append(path)
            name = path.removeprefix(f"/kingnobro/LayerPeeler/{SHA}/")
            body = site.answer(path)
            status = site.status.get(name, 404 if body is None else 200)
            body = body or b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: site.cut.get(name, len(body))])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def fetched(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


EVERYTHING = {f"{kind}/{name}.{kind}" for kind in ("png", "svg") for name in "abc"}


def test_pairs_are_fetched(github: GitHub, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    count = fetch_published(tmp_path, github.url, github.url, lambda done, whole: told.append((done, whole)))
    assert count == 3
    assert fetched(tmp_path) == EVERYTHING
    assert (tmp_path / "png" / "b.png").read_bytes() == github.files["data/testset/png/b.png"]
    assert told[-1] == (6, 6)


def test_a_wrong_file_is_refused(github: GitHub, tmp_path: Path) -> None:
    github.hashes["data/testset/svg/b.svg"] = "1" * 40
    with pytest.raises(InputError, match=r"svg/b\.svg is not the published file"):
        fetch_published(tmp_path, github.url, github.url)
    assert "svg/b.svg" not in fetched(tmp_path)


def test_interrupted_then_resumed(github: GitHub, tmp_path: Path) -> None:
    github.cut["data/testset/png/b.png"] = 10
    with pytest.raises(Unavailable, match="b.png"):
        fetch_published(tmp_path, github.url, github.url)
    assert fetched(tmp_path) == {"png/a.png", "svg/a.svg"}
    github.cut.clear()
    github.asked.clear()
    assert fetch_published(tmp_path, github.url, github.url) == 3
    assert fetched(tmp_path) == EVERYTHING
    assert not [path for path in github.asked if path.endswith(("a.png", "a.svg"))]


def test_a_damaged_file_is_fetched_again(github: GitHub, tmp_path: Path) -> None:
    fetch_published(tmp_path, github.url, github.url)
    (tmp_path / "svg" / "c.svg").write_bytes(b"damaged")
    github.asked.clear()
    fetch_published(tmp_path, github.url, github.url)
    assert (tmp_path / "svg" / "c.svg").read_bytes() == github.files["data/testset/svg/c.svg"]
    assert len([path for path in github.asked if path.endswith((".png", ".svg"))]) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(404, InputError), (403, Unavailable), (429, Unavailable), (503, Unavailable)]
)
def test_http_errors(github: GitHub, tmp_path: Path, status: int, error: type[Exception]) -> None:
    github.status["data/testset/png/a.png"] = status
    with pytest.raises(error, match=str(status)):
        fetch_published(tmp_path, github.url, github.url)
    assert fetched(tmp_path) == set()


def test_another_commit_is_refused(github: GitHub, tmp_path: Path) -> None:
    github.commit = "a" * 40
    with pytest.raises(InputError, match="b75f235"):
        fetch_published(tmp_path, github.url, github.url)


def test_a_truncated_listing_is_refused(github: GitHub, tmp_path: Path) -> None:
    github.truncated = True
    with pytest.raises(InputError, match="truncated"):
        fetch_published(tmp_path, github.url, github.url)


def test_no_pairs(github: GitHub, tmp_path: Path) -> None:
    github.files = {"data/testset/svg/lonely.svg": b"z"}
    with pytest.raises(InputError, match="no PNG and SVG pairs"):
        fetch_published(tmp_path, github.url, github.url)


def test_a_file_larger_than_listed_is_cut_off(github: GitHub, tmp_path: Path) -> None:
    listing = github.answer(f"{REPOSITORY}/git/trees/{SHA}")
    assert listing is not None
    original = github.answer

    class Grown(dict[str, bytes]):
        def get(self, key: str, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
            return super().get(key, b"") * 3 if key in self else default

    github.files = Grown(github.files)
    assert original(f"{REPOSITORY}/git/trees/{SHA}") == listing
    with pytest.raises(InputError, match="larger than"):
        fetch_published(tmp_path, github.url, github.url)


def test_only_https_beyond_this_machine(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not https"):
        fetch_published(tmp_path, api="http://example.org")


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot reach"):
        fetch_published(tmp_path, api="http://127.0.0.1:9")


def test_a_folder_that_is_a_file(github: GitHub, tmp_path: Path) -> None:
    (tmp_path / "png").write_bytes(b"")
    with pytest.raises(StoreError, match="png"):
        fetch_published(tmp_path, github.url, github.url)

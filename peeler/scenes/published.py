"""The published LayerPeeler test set, from its public repository: never needed offline, never part of the package.

The commit is pinned. GitHub's API names the files of its tree with their git object ids, and every file must hash to
its own.
"""

import hashlib
import http.client
import ipaddress
import json
import os
import re
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from peeler.errors import InputError, StoreError, Unavailable

REPOSITORY = "kingnobro/LayerPeeler"
COMMIT = "b75f235"
API = "https://api.github.com"
RAW = "https://raw.githubusercontent.com"
_TIMEOUT = 30.0
_LARGEST_FILE = 8 << 20
_LARGEST_LISTING = 32 << 20
_MOST_FILES = 2000
_KIND_FOLDERS = {"png", "svg", "pngs", "svgs", "image", "images"}


@dataclass(frozen=True)
class _Blob:
    path: str
    sha1: str
    size: int

    @property
    def target(self) -> str:
        """Where the file goes below the folder of the set."""
        name = PurePosixPath(self.path).name
        return f"{name[-3:].lower()}/{name[:-4]}{name[-4:].lower()}"


def fetch_published(
    folder: Path, api: str = API, raw: str = RAW, on_file: Callable[[int, int], None] | None = None
) -> int:
    """Download the set to ``folder``/png and ``folder``/svg and return the number of pictures.

    Files that are already there and right are kept, so an interrupted download goes on where it stopped. ``on_file`` is
    told (done, all) after every file. Raises Unavailable if the network or GitHub fails, InputError if what comes is
    not what was published, StoreError if the folder cannot be written.
    """
    commit = _resolved_commit(api)
    blobs = _pairs(_listing(api, commit))
    for index, blob in enumerate(blobs, 1):
        target = folder / blob.target
        if not _is_right(target, blob):
            where = f"{raw}/{REPOSITORY}/{commit}/{urllib.parse.quote(blob.path)}"
            _store(target, _checked(_get(where, blob.size), blob))
        if on_file:
            on_file(index, len(blobs))
    return len(blobs) // 2


def git_hash(data: bytes) -> str:
    """The object id that git gives a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _resolved_commit(api: str) -> str:
    found = _json(f"{api}/repos/{REPOSITORY}/commits/{COMMIT}").get("sha")
    if not isinstance(found, str) or not re.fullmatch(COMMIT + r"[0-9a-f]{33}", found):
        raise InputError(f"GitHub does not know commit {COMMIT} of {REPOSITORY}: it answered {found!r}")
    return found


def _listing(api: str, commit: str) -> list[_Blob]:
    answer = _json(f"{api}/repos/{REPOSITORY}/git/trees/{commit}?recursive=1")
    if answer.get("truncated"):
        raise InputError(f"the file list of {REPOSITORY} at {COMMIT} came truncated")
    try:
        return [
            _Blob(str(row["path"]), str(row["sha"]), int(row["size"]))
            for row in answer["tree"]
            if row["type"] == "blob" and str(row["path"]).lower().endswith((".png", ".svg"))
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the file list of {REPOSITORY} at {COMMIT} is not as expected ({error!r})") from error


def _pairs(blobs: list[_Blob]) -> list[_Blob]:
    """The PNG and SVG files of one name in the test set folder with the most of them."""
    groups: dict[tuple[str, ...], dict[str, dict[str, _Blob]]] = {}
    for blob in blobs:
        path = PurePosixPath(blob.path)
        base = tuple(part for part in path.parent.parts if part.lower() not in _KIND_FOLDERS)
        if "test" in "/".join(base).lower() and re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", path.stem):
            groups.setdefault(base, {}).setdefault(path.stem, {})[path.suffix.lower()] = blob
    paired = [[pair for _, pair in sorted(group.items()) if len(pair) == 2] for group in groups.values()]
    best = max(paired, key=len, default=[])
    if not best:
        raise InputError(f"no PNG and SVG pairs of a test set in {REPOSITORY} at {COMMIT}")
    chosen = [pair[suffix] for pair in best for suffix in (".png", ".svg")]
    large = [blob.path for blob in chosen if blob.size > _LARGEST_FILE]
    if large or len(chosen) > _MOST_FILES:
        raise InputError(
            f"the test set of {REPOSITORY} is larger than expected: {len(chosen)} files, too large: {large[:3]}"
        )
    return chosen


def _is_right(target: Path, blob: _Blob) -> bool:
    try:
        return target.stat().st_size == blob.size and git_hash(target.read_bytes()) == blob.sha1
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"cannot read {target}: {error.strerror}") from error


def _checked(data: bytes, blob: _Blob) -> bytes:
    if git_hash(data) != blob.sha1:
        raise InputError(
            f"{blob.path} is not the published file: its git hash is {git_hash(data)[:12]}, not {blob.sha1[:12]}"
        )
    return data


def _store(target: Path, data: bytes) -> None:
    """Written beside its place and moved there whole."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
            try:
                part.write(data)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).replace(target)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}") from error


def _json(url: str) -> dict[str, Any]:
    try:
        answer = json.loads(_get(url, _LARGEST_LISTING))
    except ValueError as error:
        raise InputError(f"{url} did not answer with JSON") from error
    if not isinstance(answer, dict):
        raise InputError(f"{url} did not answer with a JSON object")
    return answer


def _get(url: str, limit: int) -> bytes:
    """The body of ``url``, at most ``limit`` bytes."""
    request = urllib.request.Request(_allowed(url), headers={"User-Agent": "peeler", "Accept": "*/*"})
    try:
        with urllib.request.build_opener(_Redirects).open(request, timeout=_TIMEOUT) as reply:
            data: bytes = reply.read(limit + 1)
            expected = reply.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        _refused(url, error.code)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"cannot reach {url}: {getattr(error, 'reason', error)}") from error
    if len(data) > limit:
        raise InputError(f"{url} is larger than the {limit} bytes it should have")
    if expected is not None and expected.isdigit() and len(data) < int(expected):
        raise Unavailable(f"{url} broke off after {len(data)} of {expected} bytes; run the same command again to go on")
    return data


def _refused(url: str, status: int) -> NoReturn:
    if status in (403, 408, 429) or status >= 500:
        raise Unavailable(f"{url} answered {status}; try again later")
    raise InputError(f"{url} answered {status}")


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        return super().redirect_request(req, fp, code, msg, headers, _allowed(newurl))


def _allowed(url: str) -> str:
    """``url`` if it is https, or http on this machine itself."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return url
    raise InputError(f"{url} is not https")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Fetching from a hub on this machine: whole, cut off and gone on with, damaged, refused, without space."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from peeler.errors import BackendError, ConfigError, Rejected, StoreError, Unavailable
from peeler.weights import fetching
from peeler.weights.catalogue import Model, model
from peeler.weights.fetching import Plan, fetch, plan_fetch
from peeler.weights.manifest import MANIFEST, read_manifest, verify
from tests.weights.hub import COMMIT, Hub, clear_settings, serving

KNOWN = Model(
    name="tiny",
    what="a small one",
    repository="somebody/Tiny",
    files=("model_index.json", "unet/*"),
    gated=True,
    licence="none",
    licence_link="none",
)
FILES = {
    "model_index.json": b"{}",
    "unet/weights.safetensors": bytes(range(256)) * 400,
    "unet/more.safetensors": b"more" * 5000,
    "single.safetensors": b"not wanted" * 1000,
    "README.md": b"not wanted",
}
WANTED = {name: data for name, data in FILES.items() if KNOWN.wants(name)}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    clear_settings(monkeypatch)
    with serving(Hub("somebody/Tiny", dict(FILES))) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny"


def plan(hub: Hub, place: Path) -> Plan:
    return plan_fetch(KNOWN, place, hub.url)


def contents(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if name not in (MANIFEST, ".lock")}


def test_what_belongs_to_the_model_is_fetched_and_noted(hub: Hub, place: Path) -> None:
    planned = plan(hub, place)
    assert planned.size == planned.to_come == sum(map(len, WANTED.values()))
    told: list[tuple[int, int, str]] = []
    assert fetch(planned, lambda *step: told.append(step)) == place
    assert contents(place) == WANTED
    manifest = read_manifest(place)
    assert manifest and manifest.source == f"somebody/Tiny@{COMMIT}" and set(manifest.files) == set(WANTED)
    assert not verify(place, manifest)
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][:2] == (planned.size, planned.size)


def test_what_is_here_is_not_fetched_again(hub: Hub, place: Path) -> None:
    fetch(plan(hub, place))
    hub.requests.clear()
    again = plan(hub, place)
    assert again.to_come == 0
    fetch(again)
    assert hub.ranges() == []
    (place / MANIFEST).write_text("{")
    fetch(again)
    assert hub.ranges() == []
    (place / "unet" / "more.safetensors").write_bytes(b"less" * 5000)
    (place / MANIFEST).unlink()
    fetch(again)
    assert hub.ranges() == [""] and contents(place) == WANTED


def test_it_goes_on_within_a_file(hub: Hub, place: Path) -> None:
    hub.cut_after = 60_000
    with pytest.raises(Unavailable, match="answered 500 .* the same command goes on"):
        fetch(plan(hub, place))
    assert read_manifest(place) is None
    hub.cut_after = hub.refuse = None
    hub.requests.clear()
    rest = plan(hub, place)
    assert rest.to_come == rest.size - 60_000 - len(FILES["model_index.json"])
    fetch(rest)
    assert hub.ranges() == ["bytes=60000-", ""]
    assert contents(place) == WANTED


def test_another_version_does_not_go_on_with_the_bytes_of_the_first(hub: Hub, place: Path) -> None:
    hub.cut_after = 60_000
    with pytest.raises(Unavailable):
        fetch(plan(hub, place))
    hub.cut_after, hub.refuse, hub.commit = None, None, "f" * 40
    hub.files["unet/weights.safetensors"] = b"new" * 30_000
    fetch(plan(hub, place))
    manifest = read_manifest(place)
    assert manifest and manifest.source.endswith("f" * 40) and not verify(place, manifest)
    assert contents(place) == WANTED | {"unet/weights.safetensors": b"new" * 30_000}


def test_what_came_damaged_is_not_kept(hub: Hub, place: Path) -> None:
    hub.damage = True
    with pytest.raises(Rejected, match="came damaged; the same command fetches it again"):
        fetch(plan(hub, place))
    assert contents(place) == {} and read_manifest(place) is None
    hub.damage = False
    fetch(plan(hub, place))
    assert contents(place) == WANTED


@pytest.mark.parametrize(
    ("refuse", "kind", "says"),
    [
        ((403, "GatedRepo"), ConfigError, "is gated: accept the licence at .*/somebody/Tiny, then set HF_TOKEN"),
        ((401, "GatedRepo"), ConfigError, "is gated: accept the licence"),
        ((401, "RepoNotFound"), ConfigError, "knows no somebody/Tiny, or does not show it to you: .*HF_TOKEN"),
        ((404, "RepoNotFound"), ConfigError, "knows no somebody/Tiny"),
        ((403, ""), ConfigError, r"refuses somebody/Tiny \(403\): check the token"),
        ((500, ""), Unavailable, "answered 500"),
    ],
)
def test_a_refusal_names_the_way_out(
    hub: Hub, place: Path, refuse: tuple[int, str], kind: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_notAtokenButSecret")
    hub.refuse = refuse
    with pytest.raises(kind, match=says) as caught:
        plan(hub, place)
    assert "\n" not in str(caught.value) and "hf_not" not in str(caught.value)
    assert not place.exists()


def test_the_key_goes_to_the_hub_and_nowhere_else(hub: Hub, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_notAtokenButSecret")
    fetch(plan(hub, place))
    assert all(headers.get("authorization") == "Bearer hf_notAtokenButSecret" for _, headers in hub.requests)
    assert not [path for path in place.rglob("*") if path.is_file() and b"hf_not" in path.read_bytes()]


def test_without_a_hub_the_way_out_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear_settings(monkeypatch)
    with pytest.raises(Unavailable, match="cannot be reached.*path of a local folder"):
        plan_fetch(KNOWN, place, "http://127.0.0.1:9")


def test_offline_is_told(hub: Hub, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    from huggingface_hub.utils._http import close_session

    close_session()
    with pytest.raises(ConfigError, match="HF_HUB_OFFLINE is set"):
        plan(hub, place)
    monkeypatch.undo()
    close_session()


def test_too_little_space_is_told_before_anything_is_fetched(
    hub: Hub, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(hub, place)
    monkeypatch.setattr(fetching, "free_space", lambda folder: 1000)
    with pytest.raises(StoreError, match="0.1 MB are to come, but only 0.0 MB are free"):
        fetch(planned)
    assert hub.ranges() == []


def test_a_disk_that_fills_up_is_told(hub: Hub, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "sync", fail)
        with pytest.raises(StoreError, match=r"tiny cannot be written \(No space left on device\)"):
            fetch(plan(hub, place))
    fetch(plan(hub, place))
    assert contents(place) == WANTED


def test_two_do_not_fetch_into_one_folder(hub: Hub, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peeler.files.PATIENCE", 0.05)
    planned = plan(hub, place)
    place.mkdir(parents=True)
    lock = fetching.lock_folder(place)
    with pytest.raises(StoreError, match="another process is working on it"):
        fetch(planned)
    os.close(lock)


def test_a_repository_that_changed_its_form_is_told(hub: Hub, place: Path) -> None:
    del hub.files["model_index.json"]
    with pytest.raises(BackendError, match="has no model_index.json any more"):
        plan(hub, place)
    hub.files["unet/../../up"] = b"up"
    with pytest.raises(BackendError, match="does not say enough"):
        plan(hub, place)


def test_a_model_that_is_made_is_not_fetched(place: Path) -> None:
    with pytest.raises(ConfigError, match="not fetched but made: peeler models prepare"):
        plan_fetch(model("peel-flux"), place)

"""Models on this machine: found by name or path, whole or not, with the command that brings what is missing."""

from pathlib import Path

import pytest

from peeler.errors import ConfigError
from peeler.weights.catalogue import Model, model, models
from peeler.weights.manifest import (
    MANIFEST,
    FileRecord,
    Manifest,
    listed,
    read_manifest,
    record,
    verify,
    write_manifest,
)
from peeler.weights.store import State, first_time, listing, locate, models_folder

LORA = "LayerPeeler_rank256_step20000.safetensors"


def put(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    """A model as fetching leaves it."""
    for file, data in files.items():
        (folder / name / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / file).write_bytes(data)
    records = {file: record(folder / name / file) for file in listed(folder / name)}
    write_manifest(folder / name, Manifest(name=name, source="a/b@1", licence="none", files=records))
    return folder / name


def state(folder: Path, name: str) -> State:
    return next(row.state for row in listing(folder) if row.model.name == name)


def test_the_catalogue_is_whole() -> None:
    known = models()
    assert list(known) == ["flux-dev", "photodoodle-pretrain", "layerpeeler-lora", "peel-flux"]
    for row in known.values():
        assert row.licence and row.licence_link.startswith("https://")
        assert all(part in known for part in row.made_of)
        assert row.single is None or row.wants(row.single)
    assert known["flux-dev"].gated and "Non-Commercial" in known["flux-dev"].licence
    assert "none stated by its authors" in known["layerpeeler-lora"].licence
    assert known["flux-dev"].wants("transformer/config.json")
    assert not known["flux-dev"].wants("flux1-dev.safetensors") and not known["flux-dev"].wants("ae.safetensors")
    with pytest.raises(ConfigError, match="no model is called 'flux'; known are flux-dev, "):
        model("flux")


def test_a_model_is_fetched_or_made() -> None:
    with pytest.raises(ValueError, match="either fetched, with files, or made"):
        Model(name="a", what="", licence="", licence_link="")


def test_models_are_in_the_folder_for_caches(tmp_path: Path) -> None:
    assert models_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "peeler" / "models"
    assert models_folder({}) == Path.home() / ".cache" / "peeler" / "models"


def test_a_path_always_works(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "one.safetensors").write_bytes(b"")
    assert locate(tmp_path / "mine", tmp_path) == tmp_path / "mine"
    assert locate(str(tmp_path / "one.safetensors"), tmp_path) == tmp_path / "one.safetensors"


def test_what_is_missing_is_told_with_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="flux-dev is not here: peeler models fetch flux-dev, or give the path"):
        locate("flux-dev", tmp_path)
    with pytest.raises(ConfigError, match="peel-flux is not here: peeler models prepare"):
        locate("peel-flux", tmp_path)
    with pytest.raises(ConfigError, match="neither a file or folder nor a model called 'flux'; known are flux-dev"):
        locate("flux", tmp_path)
    (tmp_path / "flux-dev").mkdir()
    with pytest.raises(ConfigError, match="only partly here: peeler models fetch flux-dev"):
        locate("flux-dev", tmp_path)


def test_a_fetched_model_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "peeler" / "models"
    put(folder, "layerpeeler-lora", {LORA: b"weights"})
    put(folder, "flux-dev", {"transformer/config.json": b"{}"})
    assert locate("layerpeeler-lora") == folder / "layerpeeler-lora" / LORA
    assert locate("flux-dev") == folder / "flux-dev"


def test_states(tmp_path: Path) -> None:
    assert state(tmp_path, "flux-dev") is State.ABSENT
    place = put(tmp_path, "flux-dev", {"vae/a": b"a", "b": b"b", ".hidden": b"c"})
    assert state(tmp_path, "flux-dev") is State.HERE
    (place / "b").write_bytes(b"longer")
    assert state(tmp_path, "flux-dev") is State.PARTLY
    assert state(tmp_path, "peel-flux") is State.ABSENT
    (place / MANIFEST).write_text("{")
    assert state(tmp_path, "flux-dev") is State.PARTLY
    (tmp_path / ".tmp-peel-flux").mkdir()
    assert state(tmp_path, "peel-flux") is State.PARTLY


def test_damage_is_found(tmp_path: Path) -> None:
    place = put(tmp_path, "flux-dev", {"a": b"aaaa", "b": b"bbbb", "c": b"cccc", "d": b"dddd"})
    manifest = read_manifest(place)
    assert manifest and manifest.size == 16
    read: list[int] = []
    assert verify(place, manifest, read.append) == [] and sum(read) == 16
    (place / "a").write_bytes(b"aaab")
    (place / "b").write_bytes(b"bb")
    (place / "c").unlink()
    assert [tuple(row) for row in verify(place, manifest)] == [
        ("a", "has other contents than it had"),
        ("b", "has 2 bytes, not 4"),
        ("c", "is missing"),
    ]


@pytest.mark.parametrize(
    "text", ["{", '{"name": 1}', '{"format": 2, "name": "", "source": "", "licence": "", "files": {}}']
)
def test_a_damaged_manifest_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ConfigError, match="the manifest is damaged"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["../up", "/etc/passwd"])
def test_a_manifest_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    files = {name: FileRecord(size=1, sha256="0" * 64)}
    write_manifest(tmp_path, Manifest(name="a", source="b", licence="c", files=files))
    with pytest.raises(ConfigError, match="is outside the folder"):
        read_manifest(tmp_path)


def test_a_licence_is_shown_once(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    assert first_time(model("flux-dev"), folder) and not first_time(model("flux-dev"), folder)
    assert first_time(model("layerpeeler-lora"), folder)
    (folder / "licences.json").write_text("{}")
    assert first_time(model("flux-dev"), folder)

from pathlib import Path

import pytest

from peeler.errors import ConfigError
from peeler.presets import Preset, load_preset, preset_names


def test_the_presets_that_come_along() -> None:
    assert preset_names() == ["attention", "plain"]
    for name in preset_names():
        preset = load_preset(name)
        assert (preset.seed, preset.steps, preset.engine) == (42, 40, "auto")
        assert preset.max_steps >= 13


def test_a_preset_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: 7\noutputs: [png]\n")
    assert load_preset(path) == load_preset(str(path)) == Preset(seed=7, outputs=("png",))


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("# nothing\n")
    assert load_preset(tmp_path / "a.yaml") == Preset()


def test_the_later_source_wins(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("seed: 1\nsteps: 1\nattempts: 1\n")
    environment = {"PEELER_STEPS": "2", "PEELER_ATTEMPTS": "2", "PEELER_FALLBACK": "", "OTHER": "x"}
    preset = load_preset(tmp_path / "a.yaml", {"attempts": 3, "seed": None}, environment)
    assert (preset.seed, preset.steps, preset.attempts, preset.fallback) == (1, 2, 3, None)


def test_outputs_from_the_environment() -> None:
    assert load_preset("plain", environment={"PEELER_OUTPUTS": "png, svg"}).outputs == ("png", "svg")


def test_the_environment_of_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEELER_SEED", "99")
    assert load_preset("plain").seed == 99


@pytest.mark.parametrize(
    "text, message",
    [
        ("sed: 1", "unknown setting sed; known are engine, analyst"),
        ("seed: one", "seed = 'one'"),
        ("seed: -1", "seed = -1"),
        ("attempts: 0", "attempts = 0"),
        ("outputs: [tiff]", "outputs.0 = 'tiff'"),
        ("- seed", "list of 'setting: value' lines"),
        ("seed: [", "not valid YAML"),
        ("3: 4", "unknown setting 3"),
    ],
)
def test_wrong_files_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_preset(tmp_path / "a.yaml")
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(ConfigError, match="known are attention, plain"):
        load_preset("plane")
    with pytest.raises(ConfigError, match="PEELER_.*unknown setting sed"):
        load_preset("plain", environment={"PEELER_SED": "1"})
    with pytest.raises(ConfigError, match="unknown setting sed"):
        load_preset("plain", {"sed": 1})


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_preset(tmp_path / "none.yaml")


def test_a_resolved_preset_survives_being_stored() -> None:
    preset = load_preset("plain")
    assert Preset.model_validate_json(preset.model_dump_json()) == preset

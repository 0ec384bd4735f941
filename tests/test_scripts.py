"""The shell scripts, run in a copy of their part of the project, with stand-ins for what would install packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SCRIPTS = ("inference.sh", "inference_attn.sh", "test.sh")
TOOLS = ("bash", "cat", "cksum", "dirname", "flock", "mkdir", "chmod", "ln", "printf", "rm")

FAKE_UV = f"""#!/bin/bash
echo "uv $*" >> "$UV_LOG"
if [ "$1" = venv ]; then
    for venv; do :; done
    mkdir -p "$venv/bin"
    ln -sf "{sys.executable}" "$venv/bin/python"
    printf '#!/bin/bash\\nprintf "%%s\\\\n" "$@"\\n' > "$venv/bin/peeler"
    chmod +x "$venv/bin/peeler"
fi
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts and what they read, in a folder with a space in its name."""
    folder = tmp_path / "my peeler"
    folder.mkdir()
    shutil.copytree(PROJECT / "inference", folder / "inference")
    for name in (*SCRIPTS, "pyproject.toml", "constraints.txt"):
        shutil.copy(PROJECT / name, folder)
    return folder


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A folder for PATH with the few tools the scripts use, and neither Python nor uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def with_uv(bare_path: Path) -> Path:
    uv = bare_path / "uv"
    uv.write_text(FAKE_UV)
    uv.chmod(0o755)
    return bare_path


def run(script: Path, *arguments: str, path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "HOME": str(cwd), "UV_LOG": str(path.parent / "uv.log")}
    command = [shutil.which("bash") or "bash", str(script), *arguments]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True)


def uv_calls(path: Path) -> list[str]:
    return (path.parent / "uv.log").read_text().splitlines()


def test_the_two_scripts_differ_in_one_word() -> None:
    plain, attention = ((PROJECT / name).read_text().split() for name in SCRIPTS[:2])
    assert [pair for pair in zip(plain, attention, strict=True) if pair[0] != pair[1]] == [("plain", "attention")]


@pytest.mark.parametrize(("script", "preset"), [("inference.sh", "plain"), ("inference_attn.sh", "attention")])
def test_arguments_pass_through(script: str, preset: str, checkout: Path, with_uv: Path, tmp_path: Path) -> None:
    done = run(checkout / script, "--limit", "5", "--seed", "7", path=with_uv, cwd=tmp_path)
    root = checkout.resolve()
    expected = ["batch", f"{root}/data/testset/png", "--preset", preset, "-o", f"{root}/outputs/{preset}"]
    assert done.stdout.splitlines() == [*expected, "--limit", "5", "--seed", "7"]
    assert done.returncode == 0


def test_a_folder_of_ones_own(checkout: Path, with_uv: Path, tmp_path: Path) -> None:
    (tmp_path / "my pictures").mkdir()
    done = run(checkout / "inference.sh", "my pictures", path=with_uv, cwd=tmp_path)
    assert done.stdout.splitlines()[1] == "my pictures"


def test_the_second_run_installs_nothing(checkout: Path, with_uv: Path, tmp_path: Path) -> None:
    first = run(checkout / "inference.sh", path=with_uv, cwd=tmp_path)
    assert "setting up" in first.stderr
    assert len(uv_calls(with_uv)) == 2
    second = run(checkout / "inference.sh", path=with_uv, cwd=tmp_path)
    assert len(uv_calls(with_uv)) == 2
    assert second.stderr == ""


def test_a_changed_project_is_installed_again(checkout: Path, with_uv: Path, tmp_path: Path) -> None:
    run(checkout / "inference.sh", path=with_uv, cwd=tmp_path)
    with (checkout / "constraints.txt").open("a") as file:
        file.write("# newer\n")
    run(checkout / "inference.sh", path=with_uv, cwd=tmp_path)
    assert [call.split()[1] for call in uv_calls(with_uv)] == ["venv", "pip", "pip"]


def test_the_light_core_unless_asked(checkout: Path, with_uv: Path, tmp_path: Path) -> None:
    done = run(checkout / "inference.sh", path=with_uv, cwd=tmp_path)
    assert uv_calls(with_uv)[-1].endswith(f"-c {checkout.resolve()}/constraints.txt -e {checkout.resolve()}")
    done = run(checkout / "inference.sh", "--full", path=with_uv, cwd=tmp_path)
    assert uv_calls(with_uv)[-1].endswith("my peeler[flux,vlm,export]")
    assert "--full" not in done.stdout


def test_the_tests_get_what_every_backend_takes(checkout: Path, with_uv: Path, tmp_path: Path) -> None:
    run(checkout / "test.sh", "--version", path=with_uv, cwd=tmp_path)
    assert uv_calls(with_uv)[-1].endswith("my peeler[dev,vlm,flux,export]")


def test_no_python_is_one_clear_line(checkout: Path, bare_path: Path, tmp_path: Path) -> None:
    done = run(checkout / "inference.sh", path=bare_path, cwd=tmp_path)
    assert done.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr.splitlines()[-1]
    assert done.stdout == ""


def test_a_python_without_venv_leaves_nothing_behind(checkout: Path, bare_path: Path, tmp_path: Path) -> None:
    fake = bare_path / "python3.11"
    fake.write_text('#!/bin/bash\n[ "$1" = -c ] && exit 0\nmkdir -p "$4/bin"\nexit 1\n')
    fake.chmod(0o755)
    done = run(checkout / "inference.sh", path=bare_path, cwd=tmp_path)
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr.splitlines()[-1]
    assert not (checkout / ".venv").exists()


def test_a_failed_installation_is_tried_again(checkout: Path, with_uv: Path, tmp_path: Path) -> None:
    uv = with_uv / "uv"
    uv.write_text(FAKE_UV + '[ "$1" = venv ] || exit 7\n')
    assert run(checkout / "inference.sh", path=with_uv, cwd=tmp_path).returncode == 7
    uv.write_text(FAKE_UV)
    assert run(checkout / "inference.sh", path=with_uv, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("name", [*SCRIPTS, "inference/run.sh", "inference/setup.sh", ".ci/run"])
def test_scripts_parse(name: str) -> None:
    subprocess.run(["bash", "-n", str(PROJECT / name)], check=True)
    assert name.endswith("setup.sh") or os.access(PROJECT / name, os.X_OK)

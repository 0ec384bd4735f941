"""What this machine has to run Peeler, and what each backend still lacks."""

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from re import match

from pydantic import BaseModel, ConfigDict, field_serializer
from rich.console import Group, RenderableType
from rich.text import Text

from peeler import __version__
from peeler.layout import add_row, plain_table
from peeler.registry import EMBEDDED, Readiness, ready

NEEDED = (EMBEDDED, "curves", "png", "svg", "html")
"""Backends that the embedded engine works with; all others are a matter of choice."""
PYTHONS = ((3, 11), (3, 13))
"""The oldest and the newest Python that Peeler is made for."""


class Examination(BaseModel):
    """What was found; sizes are in GiB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    peeler: str
    python: str
    python_fits: bool
    platform: str
    cores: int
    memory: float
    disk_free: float
    packages: dict[str, str | None]
    backends: tuple[Readiness, ...]

    @field_serializer("backends")
    def _with_names(self, backends: tuple[Readiness, ...]) -> list[dict[str, str | bool]]:
        return [one._asdict() for one in backends]

    @property
    def healthy(self) -> bool:
        """Whether the embedded engine can work; the large models are a matter of choice."""
        own = [one for one in self.backends if one.name in NEEDED]
        return self.python_fits and all(one.ready for one in own)


def examine(folder: Path) -> Examination:
    """Look at this machine; the free disk is that of ``folder``."""
    return Examination(
        peeler=__version__,
        python=platform.python_version(),
        python_fits=PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1],
        platform=f"{platform.system()} {platform.machine()}",
        cores=_cores(),
        memory=_gib(_memory()),
        disk_free=_gib(shutil.disk_usage(folder).free),
        packages={name: _version(name) for name in _wanted()},
        backends=tuple(ready()),
    )


def tell_examination(found: Examination) -> RenderableType:
    """The machine, the packages and the backends, each with what it lacks."""
    machine = plain_table("", "")
    fits = "" if found.python_fits else f" (needs {PYTHONS[0][0]}.{PYTHONS[0][1]} to {PYTHONS[1][0]}.{PYTHONS[1][1]})"
    add_row(machine, "peeler", found.peeler)
    add_row(machine, "python", f"{found.python}{fits}")
    add_row(machine, "machine", f"{found.platform}, {found.cores} cores, {found.memory} GiB of memory")
    add_row(machine, "disk", f"{found.disk_free} GiB free here")
    packages = plain_table("package", "version")
    for name, installed in found.packages.items():
        add_row(packages, name, installed or "not installed")
    backends = plain_table("kind", "backend", "state")
    for one in found.backends:
        add_row(backends, one.kind, one.name, Text("ready", "green") if one.ready else Text(one.lacks, "yellow"))
    verdict = "the embedded engine is ready" if found.healthy else "the embedded engine is not ready"
    tables = [machine, packages, backends] if found.packages else [machine, backends]
    return Group(*(part for table in tables for part in (table, "")), verdict)


def _cores() -> int:
    """Cores that this process may use, which are fewer than the machine's in a container with a limit."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _gib(size: int) -> float:
    return round(size / 2**30, 1)


def _wanted() -> list[str]:
    """The packages that the installed Peeler names, its extras included but not those of its developers."""
    try:
        lines = requires("peeler") or []
    except PackageNotFoundError:
        return []
    names = (match(r"[\w.-]+", line) for line in lines if "extra == 'dev'" not in line.replace('"', "'"))
    return sorted({name.group() for name in names if name})


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

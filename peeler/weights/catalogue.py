"""The models that are known by name: where they come from, how large they are, under which licence."""

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from peeler.errors import ConfigError

CATALOGUE = Path(__file__).with_name("catalogue.yaml")


class Model(BaseModel):
    """A model. ``repository`` is where the hub keeps it, None for one that is made here out of ``made_of``.

    ``files`` are patterns of what is fetched; ``single`` is the file that is the model, None when the folder is.
    ``gigabytes`` (10⁹ bytes) is approximate, None when nobody has said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    what: str
    repository: str | None = Field(default=None, pattern=r"^[\w.-]+/[\w.-]+$")
    files: tuple[str, ...] = ()
    single: str | None = None
    made_of: tuple[str, ...] = ()
    gigabytes: float | None = Field(default=None, gt=0)
    gated: bool = False
    licence: str
    licence_link: str

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> "Model":
        if bool(self.repository) == bool(self.made_of) or bool(self.repository) != bool(self.files):
            raise ValueError("a model is either fetched, with files, or made")
        return self

    @property
    def how(self) -> str:
        """The command that brings it."""
        return f"peeler models fetch {self.name}" if self.repository else "peeler models prepare"

    def wants(self, path: str) -> bool:
        """Whether a file of the repository belongs to the model."""
        return any(fnmatchcase(path, pattern) for pattern in self.files)


@cache
def models(path: Path = CATALOGUE) -> dict[str, Model]:
    """The known models by name."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: Model(name=name, **row) for name, row in rows.items()}


def model(name: str) -> Model:
    """The model of that name. Raises ConfigError that lists the known ones."""
    try:
        return models()[name]
    except KeyError:
        raise ConfigError(f"no model is called {name!r}; known are {', '.join(models())}") from None

"""Pages to look at: one per run, one per batch. They hold all they show, load nothing and trust no text."""

from peeler.exporters.html.index import write_index
from peeler.exporters.html.report import HtmlExporter

__all__ = ["HtmlExporter", "write_index"]

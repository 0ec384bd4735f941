"""Peeler turns a flat picture into editable layers."""

__version__ = "0.1.0"

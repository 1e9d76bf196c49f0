"""The `starlight` command."""

from starlight.cli.main import main

__all__ = ["main"]

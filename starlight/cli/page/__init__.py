"""The page of `starlight detect --report`: all answers in one file, for a browser."""

from starlight.cli.page.page import Page
from starlight.cli.page.pictured import Pictured, pictured

__all__ = ["Page", "Pictured", "pictured"]

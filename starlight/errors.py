"""Errors that a user can mend: one line that names the file or the key."""

__all__ = ["BadImage", "StarlightError"]


class StarlightError(Exception):
    """A user's mistake. Its message is one line that names the file or the key."""


class BadImage(StarlightError):
    """A file that cannot be read as an image.

    Parameters
    ----------
    reason : str
        What is wrong, in a few words, fit for the `reason` column of the manifest.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

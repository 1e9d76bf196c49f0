"""What some bytes are, told by reading them: a signature alone is never enough."""

from starlight.findings.contents.content import Content
from starlight.findings.contents.identify import identify
from starlight.findings.contents.signatures import signature
from starlight.findings.contents.texts import read_text

__all__ = ["Content", "identify", "read_text", "signature"]

"""The account of bytes: every byte of a file, by the structure that explains it.

A file is read as spans that tile it. What a decoder skips and no structure explains is a carrier, whatever it holds;
structures of vendors are read to their end, so that bytes behind or inside them are seen.
"""

from starlight.findings.account.account import account, account_of
from starlight.findings.account.ledger import UNEXPLAINED, Account, Span

__all__ = ["UNEXPLAINED", "Account", "Span", "account", "account_of"]

"""Tampering: what in an image was copied, put in or taken out."""

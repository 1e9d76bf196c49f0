"""The built-in submission: what is in it, how it is made."""

"""Copy-move: which parts of an image are copies of others."""

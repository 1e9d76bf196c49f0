"""Detection by the size of the picture."""

"""Cells of the fixed front end: cut and computed from the images' files, and kept tile by tile."""

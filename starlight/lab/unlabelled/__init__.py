"""Whether the errors of a detector can be told where nobody knows which images carry a payload."""

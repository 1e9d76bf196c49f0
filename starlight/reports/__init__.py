"""Reports that people read as diffs: Markdown, made from the files of a run."""

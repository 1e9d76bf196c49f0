"""What the operating system is asked for: files that appear whole, room on disk, native libraries that keep quiet."""

"""What the operating system is asked for: files that appear whole, native libraries that keep quiet."""

"""Hold the tags by which templates show figures and times."""

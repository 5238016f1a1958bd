"""Hold the commands of the floor."""

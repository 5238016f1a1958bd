"""Hold the project's management commands."""

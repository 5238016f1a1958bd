"""Hold the management command of the demo."""

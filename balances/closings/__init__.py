"""Keep what every balance stood at when a business day ended, and show how it went from day to day."""

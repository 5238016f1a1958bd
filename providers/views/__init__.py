"""Show credentials and sync runs, and let an admin change the former."""

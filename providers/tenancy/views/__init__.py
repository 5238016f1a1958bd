"""Show who may do what, what was done, and one's own account."""

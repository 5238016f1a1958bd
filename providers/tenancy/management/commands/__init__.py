"""Make tenants and people from a terminal."""

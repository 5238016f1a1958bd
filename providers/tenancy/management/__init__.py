"""Hold the operator's commands on tenants and people."""

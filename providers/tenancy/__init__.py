"""Say who asks: tenants, their people and roles, and the log of what people did."""

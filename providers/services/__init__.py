"""Write what people and providers tell us: credentials with their secrets, and sync runs."""

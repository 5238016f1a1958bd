"""Turn an address into one frozen question about balances, and back."""

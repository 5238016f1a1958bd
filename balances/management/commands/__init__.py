"""Hold the operator's commands about balances, one a file."""

"""Hold the operator's commands about balances."""

"""Answer requests about balances: guard, parse, one call, render."""

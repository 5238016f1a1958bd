"""Speak the three providers' contracts on loopback, for the demo, the tests and the benchmarks.

Nothing here imports the product and nothing of the product's run-time imports this: the two meet over HTTP only,
so a misreading of a contract on one side shows as a refusal on the other.
"""

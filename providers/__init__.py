"""Fetch balances from payment providers: who asks, with which key, how and when."""

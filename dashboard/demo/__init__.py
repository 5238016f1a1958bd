"""Run the whole product on one machine: seeded data, simulated providers, a real broker and real workers."""

"""The contact budget: one ledger of every message to a client on any channel, and what is not sent, and why."""

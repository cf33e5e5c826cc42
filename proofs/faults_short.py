"""`faults` with fewer clients and mishaps, and shorter standstills."""

from proofs.faults import prove_with


def prove() -> bool:
    return prove_with(clients=500, mishaps=10, frozen_seconds=12.0)

"""Proofs that take minutes and real processes: `python -m proofs NAME`, or all of them with `make prove`."""

"""The weekly mail about a client's success."""

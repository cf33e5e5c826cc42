"""Everything about one client on one line of time."""

"""What other levels would have done. See docs/alerts.md, "What if"."""

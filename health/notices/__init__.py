"""Mails about alerts to the members of an organization."""

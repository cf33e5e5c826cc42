"""The alert console of the admin: what its list, its steps and its pages are made of."""

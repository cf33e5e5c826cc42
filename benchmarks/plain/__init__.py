"""The plain way of doing the same work, to compare with: what one writes first with Django and DRF."""

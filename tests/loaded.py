"""Imported by the process that children are forked from, before the first of them."""

import django

django.setup()

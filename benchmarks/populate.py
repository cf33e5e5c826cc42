"""`python -m benchmarks.populate SLUG CLIENTS PERIOD_END` makes an organization full of clients, to try things on."""

import argparse
import os
from datetime import date

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    from benchmarks.population import analyze, create_clients, create_organization

    parser = argparse.ArgumentParser(prog="benchmarks.populate")
    parser.add_argument("slug")
    parser.add_argument("clients", type=int)
    parser.add_argument("period_end", type=date.fromisoformat)
    arguments = parser.parse_args()
    organization = create_organization(arguments.slug).organization
    create_clients(organization, clients=arguments.clients, period_end=arguments.period_end)
    analyze()


if __name__ == "__main__":
    main()

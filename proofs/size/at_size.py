"""`python -m proofs.size.at_size CLIENTS REQUESTS PORT WORKER` grows the installation and measures it; prints JSON."""

import json
import sys

import django


def main() -> None:
    django.setup()
    from proofs.size.measuring import measure

    clients, requests, port, worker = map(int, sys.argv[1:])
    print(json.dumps(measure(clients=clients, requests=requests, address=("127.0.0.1", port), worker=worker)))


if __name__ == "__main__":
    main()

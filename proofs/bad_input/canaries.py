"""The canary planted everywhere, then every page, mail, file, answer and log line searched for one that is live.

Imported with Django set up.
"""

import io
import logging
from collections import Counter

from config.logging import logging_settings
from proofs.bad_input.canary import FORGED
from proofs.bad_input.planting import a_client, plant, work_all_jobs
from proofs.bad_input.surfaces import surfaces
from tests.factories import OrganizationFactory

# Where the canary must be found, dead: else nothing was looked at.
EXPECTED = ("admin", "API", "CSV", "mail", "mail handed over", "page", "preview", "problem")


def work(*, is_long: bool) -> bool:
    """Print the figures; True when none is live."""
    logs = captured_logs()
    organization = OrganizationFactory.create(slug="acme")
    planted = plant(organization)
    client = a_client(organization)
    work_all_jobs(organization)
    looked, held, live = Counter[str](), Counter[str](), []
    for place, name, text, found in surfaces(organization, client, is_long=is_long):
        looked[place] += 1
        held[place] += "canary" in text
        live += [f"{what} in {place} {name}" for what in found]
    for kind, stream in logs.items():
        lines = stream.getvalue().splitlines()
        looked[f"line of the {kind} log"] += len(lines)
        held[f"line of the {kind} log"] += sum("canary" in line for line in lines)
        live += [f"log line in {kind}: {line[:80]}" for line in lines if line.startswith(FORGED)]
    counts = ", ".join(f"{place} {count:,} ({held[place]:,})" for place, count in sorted(looked.items()))
    print(f"bad_input: canaries in {len(planted)} fields; looked in (and found dead in): {counts}: {len(live)} live")
    for line in live[:20]:
        print(f"bad_input: LIVE {line}")
    for place in (unseen := [place for place in EXPECTED if not held[place]]):
        print(f"bad_input: no canary came to {place}")
    return not live and not unseen


def captured_logs() -> dict[str, io.StringIO]:
    """All that is logged from now on, as in production and as plain lines, and nowhere else."""
    streams = {"JSON": io.StringIO(), "plain": io.StringIO()}
    logging.getLogger().handlers.clear()
    for name, stream in streams.items():
        formatter = logging_settings(json=name == "JSON", level="INFO")["formatters"]["lines"]
        options = {key: value for key, value in formatter.items() if key != "()"}
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter["()"](**options))
        logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("django").setLevel(logging.INFO)
    return streams

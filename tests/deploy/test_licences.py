"""Under which licences the packages of the image come: all let us ship them beside our MIT."""

import re
from importlib import metadata

from proofs.deployment.files import ROOT

# The last two ask that changes to the package itself be open; we change none.
PERMITTED = re.compile(r"\b(MIT|MIT-0|BSD|Apache|PSF-2\.0|Mozilla|MPL-2\.0|LGPL)")
COPYLEFT = re.compile(r"\bA?GPL|Affero|Proprietary|Commercial", re.IGNORECASE)


def licence_of(name: str) -> str:
    """All that a package says of its licence, but for a whole text in the field of the name."""
    facts = metadata.metadata(name)
    said = [text for field in ("License-Expression", "License", "Classifier") for text in facts.get_all(field, [])]
    return "; ".join(text for text in said if "\n" not in text and not re.match(r"(?!License)\w[^:]* :: ", text))


def packages() -> list[str]:
    """Those of the lock that are for every Python and every system."""
    lock = (ROOT / "requirements" / "base.txt").read_text()
    return re.findall(r"^([a-z0-9.-]+)(?:\[[a-z,-]+\])?==[^\s;]+ \\$", lock, re.MULTILINE)


def test_every_package_may_be_shipped() -> None:
    licences = {name: licence_of(name) for name in packages()}
    refused = {
        name: licence for name, licence in licences.items() if not PERMITTED.search(licence) or COPYLEFT.search(licence)
    }
    assert (refused, len(licences) > 50) == ({}, True)

"""The commands of the backup page on an installation as large as it is: their time, and that nothing is changed."""

from datetime import UTC, datetime

from proofs.deployment.production import Production
from proofs.deployment.restored_backup import fingerprint, python, run
from proofs.size.figures import Figures, timed

SEND = "from emails.delivery import deliver_all; print(deliver_all(seconds={seconds}))"


def back_up_and_restore(ours: Production, *, sending_seconds: int) -> Figures:
    """Nothing may be running. Mails are sent before the dump, and some between dump and failure."""
    with timed() as sending:
        sent = int(python(ours, SEND.format(seconds=sending_seconds)))
    with timed() as comparing:
        before = fingerprint(ours)
    lost_from = datetime.now(UTC)
    with timed() as dumping:
        run(ours, "Dump")
    size = (ours.folder / "mainstay.dump").stat().st_size
    sent_after = int(python(ours, SEND.format(seconds=sending_seconds)))
    lost_until = datetime.now(UTC)
    with timed() as restoring:
        run(ours, "Restore", before="python")
    differing = set(before) ^ set(fingerprint(ours))
    ours.shell("psql --no-psqlrc --command='DROP DATABASE mainstay_broken' \"$SUPERUSER_URL\"")
    with timed() as preparing:
        run(ours, "Restore", after="pg_restore")
    ours.environment |= {"LOST_FROM": lost_from.isoformat(), "LOST_UNTIL": lost_until.isoformat()}
    with timed() as holding:
        told = run(ours, "Mail after a restore").splitlines()
    return {
        "mails sent before the dump": sent,
        "mails sent a second": sent / sending.seconds,
        "mails sent after the dump": sent_after,
        "checksums of all tables, s": comparing.seconds,
        "dump, s": dumping.seconds,
        "dump, MB": size / 1e6,
        "restore, s": restoring.seconds,
        "migrate and statistics, s": preparing.seconds,
        "after_restore, s": holding.seconds,
        "mails held as uncertain": int(told[-1].rpartition(" ")[2].rstrip(".")),
        "tables and sequences that differ": len(differing),
    }

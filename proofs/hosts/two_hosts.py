"""A second worker host joins and shortens the weekly run; it is killed, cut off, switched off, or has a wrong clock:
the run ends by itself, each row and mail is there once, and they are those that one host makes alone.

The hosts are namespaces of this machine. So that neither takes the other's processors, the worker of each has half a
core, and the servers on A and the mail server one. That is what the second host is worth where the workers are what is
scarce; of a database that is busy already it makes no second one.
"""

import time

from devserver import signals
from proofs.hosts.installation import CLOCK, WEB, WORKER, Installed, installed_on
from proofs.hosts.lost_connections import prove_locks_end
from proofs.hosts.mishaps import when_cut_off, when_killed
from proofs.hosts.network import SWITCH_ADDRESS, Host, UnableToMakeHostsError, plug_in, switch
from proofs.hosts.second_host import STARTS_IN_SECONDS, Two, second_host
from proofs.hosts.shares import UnableToShareError, first_served, share
from proofs.hosts.weekly import Week, populate
from proofs.hosts.wrong_clocks import with_a_wrong_clock
from proofs.mail.server import mail_server

ORGANIZATIONS, CLIENTS_EACH = 60, 100
CORES = 0.5
# Two hosts would at best take half the time of one.
AT_MOST = 0.75


def prove() -> bool:
    """Print the figures; True when all held. Where there can be no hosts nothing has been shown, and that is said."""
    try:
        with (
            switch(),
            first_served(cores=1.0),
            mail_server(address=SWITCH_ADDRESS) as mailbox,
            share("a", cores=CORES) as share_of_a,
            share("b", cores=CORES) as share_of_b,
        ):
            a = plug_in("host-a", "10.77.0.1")
            try:
                with installed_on(a, mail_port=mailbox.port) as ours:
                    begin_on(a, ours, share_of_a)
                    return prove_with(Two(ours, mailbox, share_of_b))
            finally:
                a.kill()
    except (UnableToMakeHostsError, UnableToShareError) as error:
        print(f"two_hosts: not shown, as there are no two hosts here. {error}")
        return False


def begin_on(a: Host, ours: Installed, its_share: tuple[str, ...]) -> None:
    populate(ours, organizations=ORGANIZATIONS, clients=CLIENTS_EACH)
    ours.put_code_on(a)
    for unit in (WEB, CLOCK):
        ours.start(a, unit)
    a.confined = its_share
    ours.start(a, WORKER)
    signals.wait_until(ours.is_ready, seconds=60)


def prove_with(two: Two) -> bool:
    alone = two.week("A alone")
    together = with_a_second(two)
    killed = when_killed(two)
    cut_off, is_bounded = when_cut_off(two)
    with_wrong_clock, is_refused = with_a_wrong_clock(two)
    weeks = [together, killed, cut_off, *with_wrong_clock]
    with second_host(two) as b:
        is_bounded &= prove_locks_end(two.ours, b)
    ratio = together.seconds / alone.seconds
    equal = [week.made == alone.made for week in weeks]
    print(f"two_hosts: A and B take {ratio:.2f} of the time that A takes alone; the others made what A made: {equal}")
    are_right = all(week.is_right for week in [alone, *weeks])
    return is_bounded and is_refused and ratio <= AT_MOST and all(equal) and are_right


def with_a_second(two: Two) -> Week:
    with second_host(two) as b:
        two.ours.start(b, WORKER)
        time.sleep(STARTS_IN_SECONDS)
        return two.week("A and B")

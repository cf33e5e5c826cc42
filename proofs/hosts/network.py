"""Hosts of their own on one machine: each with its own network, processes, temporary files and name, at a switch.

The namespaces have no names and last as long as the processes that hold them: nothing of a killed proof stays behind,
and two proofs do not meet.
"""

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devserver import processes
from proofs.faults.disturbances import family

SUBNET = "10.77.0.0/24"
SWITCH_ADDRESS = "10.77.0.254"
PROGRAMS = ("ip", "bridge", "nsenter", "unshare", "mount", "hostname")
CLONE_NEWNET = 0x4000_0000
OWN = ("--net", "--pid", "--mount", "--uts", "--ipc")
# What a host is before anything runs on it; its end is the end of all that does.
IDLE = 'hostname "$0" && mount -t proc proc /proc && mount -t tmpfs tmpfs /tmp && exec sleep infinity'
_libc = ctypes.CDLL(None, use_errno=True)


class UnableToMakeHostsError(Exception):
    pass


@dataclass
class Host:
    """`confined` is put before its commands: it gives them the host's share of the processors."""

    name: str
    address: str
    holder: processes.Process
    confined: tuple[str, ...] = ()

    @property
    def first_process(self) -> int:
        return family(self.holder.pid)[1]

    def start(self, command: list[str], *, log: Path, environment: Mapping[str, str], cwd: Path) -> processes.Process:
        # The folder is entered anew: the one that we are in belongs to our own files.
        entered = ["nsenter", "--target", str(self.first_process), *OWN, f"--wd={cwd}", *command]
        return processes.spawn([*self.confined, *entered], log=log, env=environment, dies_with_us=signal.SIGKILL)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread is in the host's network; a connection made meanwhile stays there."""
        with _network_kept():
            _enter(Path(f"/proc/{self.first_process}/ns/net"))
            yield

    def kill(self) -> None:
        """All its processes at once, as if by kill -9 of each, and its network with them."""
        if self.holder.poll() is None:
            os.kill(self.first_process, signal.SIGKILL)
            self.holder.wait()
        # The kernel would do so by and by; the next host of this name may come at once.
        subprocess.run(["ip", "link", "delete", self.name], check=False, stderr=subprocess.DEVNULL)


@contextmanager
def switch() -> Iterator[None]:
    """This thread, and those that it starts, are at a switch with an address of its own and nothing else to reach."""
    if os.geteuid() != 0 or not all(map(shutil.which, PROGRAMS)):
        raise UnableToMakeHostsError(f"Making network namespaces needs root and {', '.join(PROGRAMS)}.")
    with _network_kept():
        if _libc.unshare(CLONE_NEWNET):
            raise UnableToMakeHostsError(f"No network namespace: {os.strerror(ctypes.get_errno())}.")
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "switch", "type", "bridge")
        _run("ip", "address", "add", f"{SWITCH_ADDRESS}/24", "dev", "switch")
        _run("ip", "link", "set", "switch", "up")
        yield


def plug_in(name: str, address: str) -> Host:
    """A host with nothing running on it, at the switch that this thread is at."""
    holder = processes.spawn(
        ["unshare", *OWN, "--fork", "--kill-child", "/bin/sh", "-c", IDLE, name],
        log=Path(os.devnull), env={"PATH": os.environ["PATH"]}, dies_with_us=signal.SIGKILL,
    )  # fmt: skip
    processes.wait_for_start(holder, lambda: _is_idle(holder), seconds=10)
    if holder.poll() is not None:
        raise UnableToMakeHostsError("A host with namespaces of its own could not be made.")
    host = Host(name, address, holder)
    try:
        _connect(host)
    except BaseException:
        host.kill()
        raise
    return host


def _connect(host: Host) -> None:
    there = str(host.first_process)
    _run("ip", "link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", there)
    _run("ip", "link", "set", host.name, "master", "switch", "up")
    with host.entered():
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "address", "add", f"{host.address}/24", "dev", "eth0")
        _run("ip", "link", "set", "eth0", "up")


def part(*hosts: Host, is_parted: bool = True) -> None:
    """Nothing of one reaches another any more, and none is told so; each goes on reaching the switch's own address."""
    for host in hosts:
        _run("bridge", "link", "set", "dev", host.name, "isolated", "on" if is_parted else "off")


def _is_idle(holder: processes.Process) -> bool:
    members = family(holder.pid)
    return len(members) > 1 and Path(f"/proc/{members[1]}/comm").read_text().strip() == "sleep"


@contextmanager
def _network_kept() -> Iterator[None]:
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        _set(before)
        os.close(before)


def _enter(namespace: Path) -> None:
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _set(descriptor)
    finally:
        os.close(descriptor)


def _set(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "The network namespace cannot be entered.")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

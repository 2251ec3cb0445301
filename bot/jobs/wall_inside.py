"""Within fresh namespaces: build a new root, give up every power, become the program.

Given to the interpreter as text by `wall.py`, with the plan as its argument; only the standard library. Any
step that fails ends it before the program starts: there is no half a wall.
"""

from __future__ import annotations

import codecs
import ctypes
import json
import os
import stat
import sys

# mount(2), umount2(2), prctl(2): <linux/mount.h>, <linux/prctl.h>
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = (
    1024,
    2048,
    4096,
    16384,
    1 << 18,
    1 << 21,
)
ST_RELATIME = 4096
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 24, 28, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
NOROOT_LOCKED = 0b11  # a program run by root gets no capability from that, for good
CAPABILITY_VERSION = 0x20080522
SIGKILL = 9
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "loongarch64": 41, "ppc64le": 203, "s390x": 217}

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# Kernel knobs that belong to the user id 0, whatever its capabilities are.
KNOBS = ("sys", "irq", "bus", "fs", "sysrq-trigger", "acpi", "scsi")
SECRETS = ("kcore", "keys", "kmsg", "sched_debug", "timer_list", "latency_stats", "kallsyms")
OLD = "/old"

libc = ctypes.CDLL(None, use_errno=True)
for codec in ("unicode_escape", "latin-1"):
    codecs.lookup(codec)  # loaded while the interpreter's own folder is still in sight


def check(result: int, what: str) -> None:
    """Raise OSError with the kernel's reason when a call failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """mount(2)."""
    named = [os.fsencode(text) if text else None for text in (source, target, kind)]
    check(libc.mount(*named, ctypes.c_ulong(flags), data.encode()), f"mount {target}")


def enter() -> None:
    """Make an empty file system the root; the old root is then below `OLD`."""
    mount("", "/", "", MS_REC | MS_PRIVATE)
    mount("root", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    os.mkdir("/tmp" + OLD)
    os.chdir("/tmp")
    check(libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"." + OLD.encode()), "pivot_root")
    os.chdir("/")
    for name in ("proc", "tmp", "dev"):
        os.mkdir(f"/{name}")
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("tmp", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    os.mkdir("/dev/shm")
    mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for name in DEVICES:
        touch(f"/dev/{name}")
        mount(f"{OLD}/dev/{name}", f"/dev/{name}", "", MS_BIND)
    os.symlink("/proc/self/fd", "/dev/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"/dev/{name}")


def touch(path: str) -> None:
    """An empty file to mount on."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def show(path: str, *, readonly: bool) -> None:
    """A file or folder of the old root, at the same path; a link stays a link."""
    source = OLD + path
    if os.path.islink(source):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.lexists(path):
            os.symlink(os.readlink(source), path)
        return
    if os.path.isdir(source):
        os.makedirs(path, exist_ok=True)
    elif not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        touch(path)
    mount(source, path, "", MS_BIND | MS_REC)
    for inner in mounted_at_or_below(path):
        limit(inner, MS_RDONLY if readonly else 0)


def mounted_at_or_below(path: str) -> list[str]:
    """Mount points there: a flag given to a recursive bind reaches only its top."""
    with open("/proc/self/mountinfo", "rb") as table:
        fields = [line.split()[4] for line in table]
    points = [os.fsdecode(field.decode("unicode_escape").encode("latin-1")) for field in fields]
    return sorted({point for point in points if point == path or point.startswith(path.rstrip("/") + "/")})


def limit(path: str, flags: int) -> None:
    """No set-uid programs and no devices on a mount, and `flags`; what the kernel has locked on it stays."""
    locked = os.statvfs(path).f_flag
    flags |= locked & (MS_RDONLY | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)
    flags |= MS_RELATIME if locked & ST_RELATIME else 0
    mount("", path, "", MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | flags)


def hide(path: str) -> None:
    """Something empty in the place of a visible file or folder."""
    if os.path.isdir(path):
        mount("hidden", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    elif os.path.exists(path):
        mount(f"{OLD}/dev/null", path, "", MS_BIND)


def hide_what_is_private(folder: str) -> None:
    """As root nothing is unreadable, so what other users may not read is hidden by hand."""
    for place, folders, files in os.walk(folder):
        for name in list(folders):
            if not stat.S_IMODE(os.lstat(f"{place}/{name}").st_mode) & 0o005:
                folders.remove(name)
                hide(f"{place}/{name}")
        for name in files:
            mode = os.lstat(f"{place}/{name}").st_mode
            if stat.S_ISREG(mode) and not mode & 0o004:
                hide(f"{place}/{name}")


def guard_kernel() -> None:
    """Knobs read-only, secrets away."""
    for name in KNOBS:
        if os.path.exists(f"/proc/{name}"):
            mount(f"/proc/{name}", f"/proc/{name}", "", MS_BIND)
            mount(
                "", f"/proc/{name}", "", MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
            )
    for name in SECRETS:
        hide(f"/proc/{name}")


def leave_old_root() -> None:
    """Nothing but what was shown can be reached from now on."""
    check(libc.umount2(OLD.encode(), MNT_DETACH), "umount")
    os.rmdir(OLD)
    mount("", "/", "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def drop_powers(uid: int, gid: int) -> None:
    """Become the runner's user without any capability, now or later, and end with whoever started us."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    check(libc.prctl(PR_SET_SECUREBITS, NOROOT_LOCKED, 0, 0, 0), "securebits")
    check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities")
    if os.getuid() != uid:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    check(libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "parent's death signal")


def main() -> None:
    """Build, enter, become."""
    plan = json.loads(sys.argv[1])
    enter()
    for path in plan["readonly"]:
        show(path, readonly=True)
    if plan["uid"] == 0:
        hide_what_is_private("/etc")
    for path in plan["hidden"]:
        hide(path)
    for path in plan["shown"]:
        show(path, readonly=True)
    for path in plan["checkout"]:
        show(path, readonly=plan["frozen"])
    for path in plan["writable"]:
        show(path, readonly=False)
    guard_kernel()
    leave_old_root()
    os.chdir(plan["cwd"])
    drop_powers(plan["uid"], plan["gid"])
    try:
        os.execvpe(plan["command"][0], plan["command"], plan["env"])
    except OSError as error:
        sys.exit(f"{plan['command'][0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"the wall cannot be built: {error}")

"""What a program behind the wall gets: nothing. Each test is an attack that works without the wall."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.coordinator.job_port import JobFault
from bot.engines.command import read_answer
from bot.engines.outcome import Ended
from bot.jobs.wall import Wall, probe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux namespaces")


@pytest.fixture
def wall(tmp_path: Path) -> Wall:
    missing = probe()
    assert missing is None, missing
    for name in ("checkout", "desk"):
        (tmp_path / name).mkdir()
    return Wall(tmp_path / "checkout", tmp_path / "desk", (), "namespace")


def shell(wall: Wall, script: str, *, seconds: float = 20, writable: bool = True) -> Ended:
    return wall.run(("/bin/sh", "-c", script), env={}, seconds=seconds, writable=writable)


@pytest.fixture
def neighbour() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Another process of the same user, with a secret in its environment."""
    secret = secrets.token_hex(16)
    process = subprocess.Popen(["sleep", "60"], env={"PATH": os.defpath, "GITHUB_TOKEN": secret})
    yield process, secret
    process.kill()
    process.wait()


def test_the_environment_is_new(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ANTHROPIC_API_KEY", "GITHUB_ENV", "LD_PRELOAD"):
        monkeypatch.setenv(name, "kept-from-sight-7f3a91" if name != "LD_PRELOAD" else "")
    ended = shell(wall, "env; cat /proc/*/environ | tr '\\0' '\\n'")
    assert "kept-from-sight-7f3a91" not in ended.output
    names = {line.split("=")[0] for line in ended.output.splitlines() if "=" in line}
    assert names <= {"PATH", "HOME", "LANG", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"}


def test_no_other_process_can_be_seen_or_signalled(
    wall: Wall, neighbour: tuple[subprocess.Popen[bytes], str]
) -> None:
    process, secret = neighbour
    ended = shell(
        wall, f"cat /proc/{process.pid}/environ /proc/*/environ; kill -9 {process.pid}; ls -d /proc/[0-9]*"
    )
    assert secret not in ended.output
    assert process.poll() is None
    assert f"/proc/{process.pid}\n" not in ended.output


def test_only_the_checkout_and_the_desk_are_visible_beside_the_system(wall: Wall, tmp_path: Path) -> None:
    (tmp_path / "runner").mkdir()
    (tmp_path / "runner" / "credentials").write_text("kept-from-sight-7f3a91", encoding="utf-8")
    inside = shell(
        wall, f"cat {tmp_path}/runner/credentials; ls -A {tmp_path}; ls -A ~/.. /root /home /var /run /sys"
    )
    assert "kept-from-sight-7f3a91" not in inside.output
    assert not [line for line in inside.output.splitlines() if line == "runner"]
    assert shell(wall, "grep -rl kept-from-sight-7f3a91 /tmp /home /root /var /run 2>/dev/null").output == ""


def test_a_hidden_folder_below_a_visible_one_is_empty(tmp_path: Path) -> None:
    checkout, desk = tmp_path / "checkout", tmp_path / "desk"
    checkout.mkdir()
    desk.mkdir()
    ended = shell(Wall(checkout, desk, ("/usr/lib",), "namespace"), "exit 0")
    assert ended.status != 0, "without its libraries no program starts: the folder is hidden"


def test_the_system_is_read_only(wall: Wall) -> None:
    ended = shell(wall, "for d in / /usr /etc /bin /opt /proc/sys /dev; do touch $d/x && echo WROTE $d; done")
    assert "WROTE" not in ended.output


def test_the_kernels_knobs_cannot_be_turned(wall: Wall) -> None:
    before = Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8")
    attempts = (
        "echo x > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "head -c1 /proc/kcore",
    )
    for attempt in attempts:
        shell(wall, attempt)
    assert Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8") == before


def test_the_wall_cannot_be_taken_down_from_within(wall: Wall) -> None:
    attempts = (
        "umount /proc/sys",
        "mount -o remount,rw,bind /usr",
        "mount -t tmpfs x /mnt",
        "mount -t proc p /proc",
        "unshare --user --map-root-user --mount sh -c 'mount -o remount,rw,bind /usr && touch /usr/x'",
        "nsenter -t 1 -m true && nsenter --all -t 1 cat /proc/1/environ | grep -q GITHUB",
        "chroot /proc/1/root true && test -d /proc/1/root/var",
        "mknod /tmp/disk b 254 0",
        "sudo -n true",
        "su root -c true < /dev/null && test -d /root",
    )
    for attempt in attempts:
        assert shell(wall, attempt).status != 0, attempt


def test_no_capability_is_left_and_none_can_be_won(wall: Wall) -> None:
    ended = shell(wall, "grep -E '^(Cap|NoNewPrivs)' /proc/self/status")
    sets = dict(line.split(":\t") for line in ended.output.splitlines())
    assert sets.pop("NoNewPrivs") == "1"
    assert set(sets.values()) == {"0" * 16}


def test_no_open_file_is_inherited(wall: Wall, tmp_path: Path) -> None:
    path = tmp_path / "open"
    path.write_text("kept-from-sight-7f3a91", encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        os.set_inheritable(file.fileno(), True)
        ended = shell(wall, f"cat <&{file.fileno()}; ls /proc/self/fd")
    assert "kept-from-sight-7f3a91" not in ended.output


def test_the_files_that_only_root_may_read_are_hidden_from_root_too(wall: Wall) -> None:
    assert shell(wall, "cat /etc/shadow /etc/gshadow | wc -c").output.splitlines()[-1] == "0"


def test_a_read_only_checkout_cannot_be_written_and_a_writable_one_can(wall: Wall) -> None:
    assert shell(wall, "touch x", writable=False).status != 0
    assert not (wall.checkout / "x").exists()
    assert shell(wall, "touch x").status == 0
    assert (wall.checkout / "x").stat().st_uid == os.getuid()


def test_everything_that_was_started_ends_with_the_clock(wall: Wall) -> None:
    started = time.monotonic()
    ended = shell(wall, "(setsid sh -c 'while :; do date > beat; sleep 0.1; done' &) ; sleep 60", seconds=1.5)
    assert ended.ending == "timeout"
    assert time.monotonic() - started < 15
    assert _beats_have_stopped(wall)


def test_everything_that_was_started_ends_with_the_program(wall: Wall) -> None:
    ended = shell(wall, "(setsid sh -c 'while :; do date +%N > beat; sleep 0.1; done' &) ; sleep 0.5")
    assert ended.status == 0
    assert _beats_have_stopped(wall)


def _beats_have_stopped(wall: Wall) -> bool:
    beat = wall.checkout / "beat"
    assert beat.exists()
    last = beat.stat().st_mtime_ns
    time.sleep(0.6)
    return beat.stat().st_mtime_ns == last


def test_the_loopback_network_stays_reachable(wall: Wall) -> None:
    script = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "socket.create_connection(s.getsockname()).close(); print('reached')"
    )
    assert wall.run(("python3", "-c", script), env={}, seconds=20).output.strip() == "reached"


def test_an_answer_that_is_a_link_is_not_followed(wall: Wall, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("kept-from-sight-7f3a91", encoding="utf-8")
    shell(wall, f"ln -s {secret} {wall.desk}/answer.json; mkfifo {wall.desk}/pipe")
    assert (wall.desk / "answer.json").is_symlink()
    assert read_answer(wall.desk / "answer.json") is None
    assert read_answer(wall.desk / "pipe") is None


def test_a_program_that_is_not_there_is_named(wall: Wall) -> None:
    ended = wall.run(("no-such-program",), env={}, seconds=20)
    assert ended.status != 0
    assert "no-such-program" in ended.output


def test_no_command_is_a_fault_of_the_policy(wall: Wall) -> None:
    with pytest.raises(JobFault, match=r"engine\.command is empty"):
        wall.run((), env={}, seconds=1)


def test_the_checkouts_own_git_configuration_reaches_nothing_outside(wall: Wall, tmp_path: Path) -> None:
    """After the engine `.git` may run programs; whatever we ask git then, it asks from behind the wall."""
    from bot.jobs.worker import Repository

    subprocess.run(["git", "init", "-q", wall.checkout], check=True, env={"PATH": os.defpath, "HOME": "/"})
    loot = tmp_path / "loot"
    config = wall.checkout / ".git" / "config"
    theft = f"id > {loot}; cat {tmp_path}/secret > {wall.desk}/stolen; echo"
    config.write_text(
        config.read_text(encoding="utf-8") + f'[filter "x"]\n\tclean = "{theft}"\n', encoding="utf-8"
    )
    (tmp_path / "secret").write_text("kept-from-sight-7f3a91", encoding="utf-8")
    (wall.checkout / ".gitattributes").write_text("* filter=x\n", encoding="utf-8")
    (wall.checkout / "file").write_text("x", encoding="utf-8")
    Repository(wall).run("add", "--all")
    stolen = wall.desk / "stolen"
    assert stolen.exists(), "the filter ran"
    assert stolen.read_text(encoding="utf-8") == ""
    assert not loot.exists()

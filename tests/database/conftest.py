"""Real clusters of real users. A *world* is a checkout with a cluster, visited by one user's processes."""

import contextlib
import functools
import json
import os
import pwd
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from config.database.binaries import OLDEST_MAJOR, chosen

CHECKOUT = Path(__file__).resolve().parents[2]
VISITOR = Path(__file__).with_name("visitor.py")
USERS = ("root", "ordinary")
# Characters that mean something to a shell or to a file of settings, in a path of more than 200 bytes; that
# of a socket may have 107.
AWKWARD = 'd\'Alembert & "sons" $HOME `x` 100% #1'
DEEP = "/".join([AWKWARD] * 6)
# A locale that is installed nowhere, and a variable that would send PostgreSQL's clients elsewhere.
ODD_ENVIRONMENT = dict.fromkeys(("LC_ALL", "LANG", "LC_MESSAGES"), "xx_YY.UTF-8") | {"PGHOST": "elsewhere"}


@dataclass
class User:
    """Somebody who may visit a world."""

    uid: int
    gid: int


@dataclass
class World:
    """A checkout, where its state is kept, and the programs that its user calls."""

    user: User
    checkout: Path
    programs: Path
    state_root: Path | None
    resident: subprocess.Popen | None = None
    ended: bool = False
    first_found: list[dict] = field(default_factory=list)

    def send(self, *, environment=None, stderr=None):
        """Start a process of this user that waits for orders."""
        return subprocess.Popen(
            [sys.executable, str(VISITOR), str(self.user.uid), str(self.user.gid)],
            cwd="/",
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])} | (environment or {}),
            stderr=stderr,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, visitor, *acts, **changed):
        """Give a process something to do, and do not wait."""
        order = {"checkout": str(self.checkout), "acts": acts, "programs": str(self.programs)}
        order |= {"state_root": self.state_root and str(self.state_root)}
        visitor.stdin.write(json.dumps(order | changed) + "\n")
        visitor.stdin.flush()

    def visit(self, *acts):
        """Have the user's process do the acts, and return what was found."""
        if self.resident is None:
            self.resident = self.send()
        self.order(self.resident, *acts)
        return json.loads(self.resident.stdout.readline())

    def visit_once(self, *acts, **sent):
        """Do the acts in a process that ends afterwards, and return what was found."""
        with self.send(**sent) as visitor:
            self.order(visitor, *acts)
            visitor.stdin.close()
            return json.loads(visitor.stdout.readline())

    def command(self, *arguments, **sent):
        """Call the command line as this user; return its exit code, output and errors."""
        with self.send(stderr=subprocess.PIPE, **sent) as visitor:
            self.order(visitor, command_line=arguments)
            output, errors = visitor.stdout.read(), visitor.stderr.read()
        return visitor.returncode, output, errors

    def connect(self, role, database="quanbu"):
        """Connect as a role of the running cluster."""
        found = self.visit()
        return psycopg.connect(**found["parameters"][role], dbname=database, autocommit=True)

    def end(self):
        """Stop the server and remove everything."""
        if not self.ended:
            found = self.visit("stop")
            with self.resident:
                self.resident.stdin.close()
            for leftover in (found["socket"], Path(found["folder"]).parent, self.checkout):
                shutil.rmtree(leftover, ignore_errors=True)
            self.ended = True

    @staticmethod
    def kill(pid):
        """Kill a process without warning and return once it is gone."""
        watched = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(watched, signal.SIGKILL)
            select.select([watched], [], [])
        finally:
            os.close(watched)


def debian_installations():
    found = (folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists())
    return sorted(folder for folder in found if int(folder.parent.name) >= OLDEST_MAJOR)


INSTALLATIONS = ["wheel", *map(str, debian_installations())]


@pytest.fixture(scope="session")
def ground():
    """A folder through which every user may pass; pytest's own belongs to one user alone."""
    folder = Path(tempfile.mkdtemp(prefix="quanbu-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def awkward():
    """A name that a shell would trip over."""
    return AWKWARD


@pytest.fixture(scope="session")
def odd_environment():
    """Variables of which PostgreSQL must not hear."""
    return ODD_ENVIRONMENT


@pytest.fixture(scope="session")
def readable_wheel(ground):
    """The wheel's programs where every user can run them, as in a checkout of that user's own."""
    return chosen().copied_to(ground / "wheel").folder


@pytest.fixture(scope="session")
def user_named():
    def find(name):
        if os.geteuid() != 0:
            if name == "root":
                pytest.skip("only root can try what happens to root")
            return User(os.geteuid(), os.getegid())
        if name == "root":
            return User(0, 0)
        if not all(folder.stat().st_mode & 0o001 for folder in VISITOR.parents):
            pytest.skip("this checkout lies in a folder that only root may enter, where no ordinary user could run it")
        nobody = pwd.getpwnam("nobody")
        return User(nobody.pw_uid, nobody.pw_gid)

    return find


@pytest.fixture(scope="session")
def make_world(ground, readable_wheel, user_named):
    """Make worlds that are ended with the session at the latest."""
    with contextlib.ExitStack() as worlds:

        def make(user_name, installation="wheel", *, below="", default_state=False):
            user = user_named(user_name)
            top = ground / secrets.token_hex(4)
            checkout = top / below if below else top
            checkout.mkdir(parents=True)
            for folder in (checkout, *checkout.parents):
                if folder == ground:
                    break
                folder.chmod(0o711)
            os.chown(checkout, user.uid, user.gid)
            programs = Path(installation)
            if installation == "wheel":
                programs = chosen().folder if user.uid == os.geteuid() else readable_wheel
            state_root = None if default_state else checkout / "state"
            world = World(user, checkout, programs, state_root)
            worlds.callback(world.end)
            return world

        yield make


@pytest.fixture(scope="session")
def worlds(make_world):
    """The worlds that tests share, one for each user and installation: tests leave them able to start.

    Each lies deep in an awkward place and was first started by eight processes at once, which have an odd
    environment: a cluster takes its time to make, so that the trials of a first start share theirs.
    """

    @functools.cache
    def begun(user_name, installation):
        world = make_world(user_name, installation, below=DEEP)
        visitors = [world.send(environment=ODD_ENVIRONMENT) for _ in range(8)]
        for visitor in visitors:
            world.order(visitor, "ensure_running")
        world.first_found = [json.loads(visitor.communicate()[0]) for visitor in visitors]
        return world

    return begun


@pytest.fixture(
    params=INSTALLATIONS, ids=lambda name: "wheel" if name == "wheel" else f"debian-{Path(name).parent.name}"
)
def installation(request):
    return request.param


@pytest.fixture(params=USERS)
def user_name(request):
    return request.param


@pytest.fixture
def world(worlds, user_name, installation):
    return worlds(user_name, installation)


@pytest.fixture
def own_world(worlds):
    """The shared world of the user who runs the tests."""
    return worlds("root" if os.geteuid() == 0 else "ordinary", "wheel")


@pytest.fixture
def stranger():
    """Give a living process of a user that has nothing to do with any database."""
    with contextlib.ExitStack() as strangers:

        def find(uid):
            process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=uid if os.geteuid() == 0 else None)
            strangers.enter_context(process)
            strangers.callback(process.stdin.close)
            return process

        yield find

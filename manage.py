#!/usr/bin/env python3
"""Run a command of Quanbu: `./manage.py help` lists them.

Called with a Python that has no Django, it goes on with that of the virtual environment which `make demo` sets up.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    """Hand the command line to Django."""
    if find_spec("django") is None:
        own = Path(__file__).resolve().parent / f".quanbu-{os.getuid()}" / "venv" / "bin" / "python"
        if not own.exists():
            sys.exit("Nothing is set up yet: run `make demo` once, then call this again.")
        os.execv(own, [str(own), *sys.argv])  # noqa: S606 (our own interpreter, no shell)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (settings come first)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

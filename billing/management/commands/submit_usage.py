"""Receive a centre's usage files and print the return slip."""

from __future__ import annotations

from billing.management.submitting import SubmittingCommand


class Command(SubmittingCommand):
    help = "Receive, stage, validate and rate usage files of a centre's cluster, and print the return slip of each."
    with_source = False

"""Receive evidence files about a centre's cluster and print the return slip."""

from __future__ import annotations

from billing.management.submitting import SubmittingCommand


class Command(SubmittingCommand):
    help = "Receive, stage and validate evidence files about a centre's cluster, and print the return slip of each."
    with_source = True

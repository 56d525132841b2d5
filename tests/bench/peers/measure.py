"""What every peer is given, and how it tells what it took: one line of JSON for the bench."""

import json
import resource
import sys
import time
from contextlib import contextmanager

ADDRESS, DIRECTORY, PRODUCTS = sys.argv[1], sys.argv[2], int(sys.argv[3])


def _cpu_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@contextmanager
def measured():
    """Times what is done inside. What was imported before is not timed, but is in the memory."""
    cpu_before, begun = _cpu_seconds(), time.perf_counter()
    yield
    seconds, cpu_seconds = time.perf_counter() - begun, _cpu_seconds() - cpu_before
    peak_kb = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, "peakMb": peak_kb / 1024}), file=sys.__stdout__)


def expect(stored):
    """A peer that lost records is not measured."""
    if stored != PRODUCTS:
        sys.exit(f"{stored} of {PRODUCTS} products were stored")

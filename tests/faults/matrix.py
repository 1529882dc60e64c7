"""The table of faults. Each is a function that makes one cluster, breaks it once, and says what it saw."""

import dataclasses
import os
import time
import typing

FAULTS = {}
# As in harness.py: how much slower than usual the build under test is.
SLOWDOWN = float(os.environ.get("TROUPE_SLOWDOWN", "1"))


@dataclasses.dataclass
class Seen:
    """One repetition of one fault. Times are in seconds from the fault; None: there is nothing to measure."""

    # Until somebody of the cluster knew.
    detected: typing.Optional[float] = None
    # Until the work went on.
    recovered: typing.Optional[float] = None
    lost: int = 0
    repeated: int = 0
    accepted_twice: int = 0
    # Results that came too late and were turned away.
    late: int = 0

    def of(self, verdict):
        self.lost += verdict.lost
        self.repeated += verdict.repeated
        self.accepted_twice += verdict.accepted_twice
        return self


@dataclasses.dataclass
class Fault:
    name: str
    run: typing.Callable
    # What counts as detection and as recovery, for people.
    detected: str
    recovered: str
    # The longest that each may take.
    detected_within: typing.Optional[float]
    recovered_within: typing.Optional[float]
    # Part of `./dev test`.
    fast: bool
    # Times as many as asked for: boundaries to be hit, one after the other.
    variants: int


def fault(name, detected="", recovered="", detected_within=None, recovered_within=None, fast=False, variants=1):
    """Registers a fault. Its function gets a World that has not begun, and the number of the repetition."""

    def register(function):
        FAULTS[name] = Fault(
            name, function, detected, recovered, detected_within, recovered_within, fast, variants
        )
        return function

    return register


def repeat(one, repetition, world):
    """One repetition, held against its bounds. None: a fault with variants has no more of them."""
    began = time.monotonic()
    with world:
        seen = one.run(world, repetition)
    if seen is None:
        return None, 0.0
    for what, took, bound in (
        ("detection", seen.detected, one.detected_within),
        ("recovery", seen.recovered, one.recovered_within),
    ):
        if took is not None and bound is not None and took > bound * SLOWDOWN:
            raise AssertionError(f"{one.name}: {what} took {took:.3f} s, more than {bound} s")
    return seen, time.monotonic() - began

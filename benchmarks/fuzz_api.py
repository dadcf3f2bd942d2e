"""Requests that schemathesis makes from the API's description; see ``fuzz.py``."""

import collections
import time

import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup

from benchmarks.fuzz import PATIENCE, Chance, as_before, held, page
from benchmarks.processes import Server

ROUNDS = 10
SETTLE = 3.0    # seconds after which what belongs to a loss or a new clip is gone
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

Seen = collections.Counter[int]


def fuzz_api(server: Server, count: int, chance: Chance) -> bool:
    """Send, count and print; return whether all was as described, and nothing held."""
    schema = schemathesis.openapi.from_url(f"{server.url}api/openapi.json")
    schema.config.generation.update(allow_extra_parameters=False)   # they are not read
    operations = [each.ok() for each in schema.get_all_operations()]
    examples = max(1, count // (len(operations) * len(MODES) * ROUNDS))
    warm_up(server)
    seen, ok, before = Seen(), True, page(server)
    print("requests   descriptors   threads   memory [MB]")
    rows = [(*held(server), server.rss())]
    for _ in range(ROUNDS):
        with requests.Session() as session:
            for operation in operations:
                for mode in MODES:
                    ok &= ask(operation, mode, examples, chance.getrandbits(32),
                              session, seen)
        settle(server)
        rows.append((*held(server), server.rss()))
        descriptors, threads, memory = rows[-1]
        print(f"{seen.total():8}   {descriptors:11}   {threads:7}   {memory:.1f}",
              flush=True)
    after = page(server)
    print("\n" + ", ".join(f"{times} x {status}"
                           for status, times in sorted(seen.items())))
    print(f"page: {before:.1f} ms before, {after:.1f} ms after: {after / before:.2f} x")
    return ok and as_before(rows)


def warm_up(server: Server) -> None:
    """
    Record by hand, beside what is recorded of what moves.

    The libraries are loaded with the first clip, and an encoder for each that is made
    at a time: they are no leak, and are not to look like one.
    """
    settle(server)
    for status in ("true", "false"):
        tell(server, "record_status", status=status)
        time.sleep(SETTLE)


def settle(server: Server) -> None:
    """Have the camera on and what moves recorded, as at first, and nothing else."""
    tell(server, "api/cameras", on=True)
    tell(server, "api/armed", armed=True)
    tell(server, "record_status", status="false")
    time.sleep(SETTLE)
    while not server.status()["cameras"][0]["recording"]:
        time.sleep(0.1)
    time.sleep(SETTLE)


def tell(server: Server, path: str, **body: bool | str) -> None:
    """Post *body* as JSON."""
    requests.post(server.url + path, json=body, timeout=PATIENCE).raise_for_status()


def ask(operation: APIOperation, mode: GenerationMode, examples: int, number: int,
        session: requests.Session, seen: Seen) -> bool:
    """Ask *examples* times; print what is not as described, and return whether none."""
    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def each(case: Case) -> None:
        if mode is GenerationMode.POSITIVE:     # 3.0 is an integer only in JSON
            case.query.update({name: int(value) for name, value in case.query.items()
                               if isinstance(value, float)})
        response = case.call_and_validate(session=session, timeout=PATIENCE)
        seen[response.status_code] += 1

    try:
        each()
    except Unsatisfiable:       # it takes nothing that could be wrong
        return True
    except (FailureGroup, requests.RequestException) as failure:
        print(f"\n{operation.label}: {failure}")
        return False
    return True

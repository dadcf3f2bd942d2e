"""Requests made by schemathesis from the API's description; see ``fuzz.py``."""

import collections
import time

import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup

from benchmarks.fuzzing import (
    PATIENCE,
    Chance,
    nothing_leaked,
    page_ms,
    resources,
)
from benchmarks.processes import Server

ROUNDS = 10
SETTLE_SECONDS = 3.0    # for a loss to be over, or a clip to be complete
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

Seen = collections.Counter[int]


def fuzz_api(server: Server, count: int, chance: Chance) -> bool:
    """Send and count requests, and print; return whether all was well."""
    schema = schemathesis.openapi.from_url(f"{server.url}api/openapi.json")
    schema.config.generation.update(allow_extra_parameters=False)   # they are ignored
    operations = [each.ok() for each in schema.get_all_operations()]
    examples = max(1, count // (len(operations) * len(MODES) * ROUNDS))
    warm_up(server)
    seen, ok, before = Seen(), True, page_ms(server)
    print("requests   descriptors   threads   memory [MB]")
    rows = [resources(server)]
    for _ in range(ROUNDS):
        with requests.Session() as session:
            for operation in operations:
                for mode in MODES:
                    ok &= check(operation, mode, examples, chance.getrandbits(32),
                                session, seen)
        settle(server)
        rows.append(row := resources(server))
        print(f"{seen.total():8}   {row}", flush=True)
    after = page_ms(server)
    print("\n" + ", ".join(f"{times} x {status}"
                           for status, times in sorted(seen.items())))
    print(f"page: {before:.1f} ms before, {after:.1f} ms after: {after / before:.2f} x")
    return ok and nothing_leaked(rows)


def warm_up(server: Server) -> None:
    """
    Record manually beside a motion event.

    Each clip that is recorded at a time has an encoder of its own, which is kept.
    """
    settle(server)
    for status in ("true", "false"):
        post(server, "record_status", status=status)
        time.sleep(SETTLE_SECONDS)


def settle(server: Server) -> None:
    """Restore the initial state: camera on, armed, no manual recording."""
    post(server, "api/cameras", on=True)
    post(server, "api/armed", armed=True)
    post(server, "record_status", status="false")
    time.sleep(SETTLE_SECONDS)
    while not server.status()["cameras"][0]["recording"]:
        time.sleep(0.1)
    time.sleep(SETTLE_SECONDS)


def post(server: Server, path: str, **body: bool | str) -> None:
    """Post *body* as JSON."""
    requests.post(server.url + path, json=body, timeout=PATIENCE).raise_for_status()


def check(operation: APIOperation, mode: GenerationMode, examples: int, number: int,
        session: requests.Session, seen: Seen) -> bool:
    """Make *examples* requests; return whether all answers were as described."""
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
    except Unsatisfiable:       # it takes no input that could be wrong
        return True
    except (FailureGroup, requests.RequestException) as failure:
        print(f"\n{operation.label}: {failure}")
        return False
    return True

"""The OpenAPI description: it matches the routes, and schemathesis finds no deviation."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import keeping
from harness import open_access
from protected import BROWSER, OURS, OWNER, VIEWER, ProtectedApp
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.limits import MemoryBudget
from pyimagesearch.events.event import (
    ARMED,
    CLIP,
    COMPLETE,
    GONE,
    LOST,
    MOTION,
    OPEN,
    STILL,
    Event,
    KeptFile,
)
from pyimagesearch.events.explanation import BEGIN, PEAK, ExplainedRegion, Explanation
from pyimagesearch.found_cameras import NETWORK, FoundCamera, FoundStream
from pyimagesearch.motion_detection import MotionDetection
from pyimagesearch.privacy.state import Privacy
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.settings.settings import Settings
from pyimagesearch.surveillance.tuning import Tuning
from pyimagesearch.system.camera_search import CameraSearch
from pyimagesearch.web.api.openapi import description
from sample_archive import FakeCamera, SampleArchive
from test_alerts_api import BROKEN, WORKS, Channels

NOON = 1_763_640_000.0
METHODS = {"get", "post", "put", "patch", "delete"}
PATHS = description("/")["paths"]
DESCRIBED = sorted((path, method) for path, item in PATHS.items() for method in item
                   if method in METHODS)
OPERATIONS = [(path, method) for path, method in DESCRIBED     # in JSON
              if "application/json" in next(iter(PATHS[path][method]["responses"].values()))["content"]]
EVENTS = 40
WATCHING = "one-who-is-watching"
FOR_OWNERS = ("/discover", "/hours", "/zones", "/settings", "/levels", "}/alerts", "/cameras", "/cameras/{name}",
              "/backup")     # although they are only read

# the server says which values of a setting are allowed, as on the command line
NETWORK_CAMERA = FoundCamera(NETWORK, "Garden", "192.0.2.9", "rtsp://192.0.2.9/", (
    FoundStream("rtsp://192.0.2.9/", 640, 360, "H264"),))
WITH_ANY_VALUE = ("/api/settings", "/api/cameras", "/api/cameras/{name}", "/api/backup",
                  "/api/discover/test", "/api/discover/streams")


def some_event(number):
    """Return an event; different numbers give different kinds."""
    sort = number % 5
    files = (KeptFile(f"front/{number}.mp4", CLIP, NOON, NOON + 5, 1000, COMPLETE),
             KeptFile(f"front/{number}-2.mp4", CLIP, NOON + 5, NOON + 9, 900,
                      OPEN if sort == 1 else GONE),
             KeptFile(f"front/{number}.jpg", STILL, NOON, NOON, 100, COMPLETE))
    return Event(
        id=number, camera="" if sort == 4 else "front", begin=NOON + number,
        kind=(MOTION, MOTION, LOST, "of another kind", ARMED)[sort], note="a note" * sort,
        end=None if sort == 1 else NOON + number + 9, peak_area=sort / 3,
        peak_box=(1, 2, 30, 40) if sort < 2 else None, starred=number % 7 == 0,
        files=files if sort < 2 else ())


def explanation(number):
    """Return why an event was stored; different numbers give different ones."""
    regions = (ExplainedRegion((1, 2, 30, 40), 900, True, "has travelled far enough", 1.5, 30.0,
                               4.0, 0.8, ((5, 20), (35, 20)), ("yard",)),
               ExplainedRegion((90, 2, 99, 9), 40, False, "is too small"))
    return Explanation(
        moment=(BEGIN, PEAK)[number % 2], at=NOON + number, size=(400, 300), area=7.5,
        min_area=1.0, fps=10.0, settings={"detector": "single", "sensitivity": None},
        regions=regions[:number % 3], left_out=number % 2)


@pytest.fixture(scope="module")
def protected(tmp_path_factory):
    """The app with login, two cameras and a real event store."""
    folder = tmp_path_factory.mktemp("data")
    protected, archive = ProtectedApp(folder / "access", ("front", "yard")), SampleArchive(folder)
    for number in range(1, EVENTS + 1):
        archive.store.begin(some_event(number))
        if number % 5 < 2:
            archive.store.explain(number, explanation(number), b"a mask")
    assert archive.store.flush(60)
    given = Settings(source=("front=demo", "yard=demo"), fixed={
        "post_roll": "--post-roll", "source": "--source"})
    cameras = given.cameras()
    protected.feeds.update({each.name: replace(
        FakeCamera(each.name, archive, protected.feeds[each.name].broadcaster).feed,
        tuning=Tuning(MotionDetection(each),
                      keeping(each, protected.clock, folder / each.name).evidence,
                      protected.clock)) for each in cameras})
    archive.watch("front", "yard")
    privacy = Privacy(protected.folder, cameras, archive.store, protected.clock)
    owner_settings = OwnerSettings(protected.folder, given)
    services = protected.app.extensions["services"]
    protected.app.extensions["services"] = replace(
        services, archive=archive, arming=archive.arming, privacy=privacy,
        owner_settings=owner_settings,
        camera_search=CameraSearch(lambda: given, protected.clock, ImageHubs(), MemoryBudget(),
                                   lambda sources: [NETWORK_CAMERA]),
        alerts=Channels(WORKS, BROKEN))
    with protected.client().get(f"/video_feed?viewer={WATCHING}",
                                headers=protected.bearer(OWNER)):
        yield protected
    archive.close()


@pytest.fixture(scope="module")
def api(protected):
    """The served description, loaded by schemathesis."""
    import schemathesis  # takes seconds

    api = schemathesis.openapi.from_wsgi(
        "/api/openapi.json", protected.app, headers=protected.bearer(OWNER))
    api.config.generation.update(allow_extra_parameters=False)      # unknown parameters are ignored
    return api


# --- description

def test_description_covers_exactly_the_routes(protected):
    there = {(re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule), method.lower())
             for rule in protected.app.url_map.iter_rules()
             for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert {each for each in there if each[0].startswith("/api/")} <= set(DESCRIBED) <= there


MEDIA = ["/video_feed", "/video_feed/front", "/mosaic_feed", "/cameras_feed", "/snapshot/front.jpg",
         "/events/1/thumbnail.jpg", "/events/1/clip.mp4"]


@pytest.mark.parametrize("address", MEDIA)
def test_media_have_the_type_that_is_described(protected, address):
    path = address.replace("/front", "/{name}").replace("/1/", "/{id}/")
    described = PATHS[path]["get"]["responses"]
    with protected.client().get(address, headers=protected.bearer(OWNER)) as answer:
        content = described[str(answer.status_code)]["content"]
        assert answer.headers["Content-Type"] in content


def test_path_parameters_match_the_routes(protected):
    for rule in protected.app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        types = {each["name"]: each["schema"]["type"]
                 for each in PATHS[path].get("parameters", []) if each["in"] == "path"}
        kinds = {name: "integer" if f"<int:{name}>" in rule.rule else "string"
                 for name in rule.arguments}
        assert types == kinds, path


def test_operations_have_unique_ids_and_summaries():
    operations = [PATHS[path][method] for path, method in OPERATIONS]
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(each["summary"] for each in operations)


def test_description_is_valid_openapi(api):
    api.validate()
    assert api.raw_schema["openapi"] == "3.1.0"


def test_description_needs_a_login_and_names_the_base_path(protected, tmp_path):
    assert protected.client().get("/api/openapi.json", headers=BROWSER).status_code == 401
    below = ProtectedApp(tmp_path, base_path="/cam")
    served = below.client().get("/cam/api/openapi.json", headers=below.bearer(VIEWER)).json
    assert (served["servers"], served["security"]) == (
        [{"url": "/cam"}], [{"token": []}, {"password": []}])
    for path, method in OPERATIONS:
        assert served["paths"][path][method].get("security") == (
            None if method == "get" and not path.endswith(FOR_OWNERS) else [{"token": []}]), path
    half_open = ProtectedApp(tmp_path / "half open", open_to=VIEWER)
    served = half_open.client().get("/api/openapi.json").json
    assert (served["security"], served["paths"]["/api/armed"]["post"]["security"]) == (
        [], [{"token": []}])
    below.app.extensions["services"] = replace(
        below.app.extensions["services"], authenticator=open_access())
    assert below.client().get("/cam/api/openapi.json").json["security"] == []


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_refusals_are_documented(protected, path, method):
    """No login, another site's page, another host name."""
    address = path.replace("{id}", "1").replace("{name}", "front")
    described = PATHS[path][method]["responses"]
    client, ask = protected.client(), {"method": method.upper()}
    answers = [client.open(address, **ask),
              client.open(address, **ask, headers={"Host": "evil.example"}),
              client.open(address, **ask, headers={
                  **protected.bearer(OWNER), "Origin": "http://evil.example"}),
              client.open(address, **ask, headers={**protected.bearer(VIEWER), **OURS})]
    assert [answer.status_code for answer in answers[:2]] == [401, 421]
    for answer in answers:
        assert str(answer.status_code) in described
    if method != "get":
        assert answers[2].status_code == 403


# --- conformance

def zones_in(body):
    found = body.get("zones") if isinstance(body, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


@pytest.mark.parametrize("mode", ["good", "bad"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_responses_match_the_description(protected, api, path, method, mode):
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import positive_data_acceptance
    operation = api[path][method]
    modes = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}

    @given(st.data())
    @settings(max_examples=10, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))
    def ask(data):
        case = data.draw(operation.as_strategy(generation_mode=modes[mode]))
        if mode == "good" and data.draw(st.booleans()):     # ids and names that exist
            there = {"id": data.draw(st.integers(1, EVENTS)), "name": "yard",
                     "viewer": WATCHING}
            case.path_parameters.update({
                name: there[name] for name in case.path_parameters})
        if mode == "good":      # 3.0 is an integer in JSON, but not in a URL
            case.query.update({name: int(value) for name, value in case.query.items()
                               if isinstance(value, float)})
            for number, zone in enumerate(zones_in(case.body)):     # together, they make sense
                zone |= {"name": f"zone {number}", "polygon": f"0,0 {number + 1},0 0,9", "counts": True}
            for option in ("alert_hours", "armed_hours") if isinstance(case.body, dict) else ():
                if isinstance(case.body.get(option), str):
                    case.body[option] = "Mon-Fri 22:00-06:00; Sat,Sun"
        protected.clock.now += 61       # it tries wrong passwords too
        case.call_and_validate(headers=protected.bearer(OWNER), excluded_checks=(
            [positive_data_acceptance] if path in WITH_ANY_VALUE else []))

    ask()

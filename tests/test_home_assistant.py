"""The payloads of Home Assistant's discovery, against recorded ones and its schema."""

import json
import os

import jinja2
import pytest
import yaml

from harness import ROOT
from home_assistant_schema import check_payload
from pyimagesearch import __version__
from pyimagesearch.events.event import EVENT_KINDS, Event
from pyimagesearch.notifications.milestones import ENDED, NAMED
from pyimagesearch.notifications.mqtt.event_messages import (
    BEGUN,
    EVENT_TYPES,
    event_message,
)
from pyimagesearch.notifications.mqtt.home_assistant import (
    Offer,
    camera_config,
    server_config,
)
from pyimagesearch.notifications.mqtt.topics import Topics
from pyimagesearch.object_detection.object_groups import GROUPS
from recording_channel import sighting

TOPICS = Topics("webstreaming", "a1b2c3d4", "homeassistant")
GOLDEN = ROOT / "tests" / "home_assistant"
BLUEPRINT = ROOT / "deploy" / "homeassistant-blueprint.yaml"


def offer(control, stills=True, objects=True):
    return Offer(stills=stills, objects=objects, control=control, url="http://pi.local:8000/", host="pi")


@pytest.mark.parametrize("control", [False, True])
def test_payloads_are_those_recorded(control):
    """Set UPDATE_GOLDEN to record them; then read the difference."""
    for name, made in (("server", server_config(TOPICS, offer(control))),
                       ("camera", camera_config(TOPICS, offer(control), "front"))):
        path = GOLDEN / f"{name}{'-control' if control else ''}.json"
        text = json.dumps(made, indent=1).replace(f'"{__version__}"', '"VERSION"') + "\n"
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text)
        assert text == path.read_text()


@pytest.mark.parametrize("control", [False, True])
@pytest.mark.parametrize(("stills", "objects"), [(False, False), (True, True)])
def test_payloads_fit_the_documented_schema(control, stills, objects):
    made = offer(control, stills, objects)
    check_payload(TOPICS.config(), server_config(TOPICS, made))
    check_payload(TOPICS.config("front-2"), camera_config(TOPICS, made, "front-2"))


def test_every_name_of_objects_has_a_sensor_where_they_are_named():
    components = camera_config(TOPICS, offer(False), "front")["components"]
    assert [components[name]["name"] for name in GROUPS] == ["Person", "Vehicle", "Animal"]
    removed = camera_config(TOPICS, offer(False, objects=False), "front")["components"]
    assert [removed[name] for name in GROUPS] == [{"platform": "binary_sensor"}] * 3


def test_ids_are_unique_over_all_devices():
    ids = [component["unique_id"] for made in (
        server_config(TOPICS, offer(True)), camera_config(TOPICS, offer(True), "armed"),
        camera_config(TOPICS, offer(True), "b")) for component in made["components"].values()
        if "unique_id" in component]
    assert len(set(ids)) == len(ids)


def test_nothing_is_offered_that_is_not_obeyed():
    for made in (server_config(TOPICS, offer(False)), camera_config(TOPICS, offer(False), "a")):
        assert not [each for each in made["components"].values() if "command_topic" in each]


def test_events_of_all_kinds_are_announced():
    assert set(EVENT_KINDS) < set(EVENT_TYPES)


class Input(str):
    """``!input NAME`` in a blueprint."""


class BlueprintLoader(yaml.SafeLoader):
    """As Home Assistant loads blueprints."""


BlueprintLoader.add_constructor("!input", lambda loader, node: Input(node.value))


@pytest.fixture(scope="module")
def blueprint():
    return yaml.load(BLUEPRINT.read_text(), BlueprintLoader)


def walk(value):
    yield value
    if isinstance(value, dict):
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from walk(each)


def test_blueprint_fits_the_documented_schema(blueprint):
    head = blueprint["blueprint"]
    assert set(head) == {"name", "description", "domain", "homeassistant", "input"}
    assert head["domain"] == "automation"
    assert set(blueprint) - {"blueprint"} == {
        "mode", "max", "variables", "triggers", "conditions", "actions"}
    for field in head["input"].values():
        assert {"name", "selector"} <= set(field) <= {"name", "selector", "description",
                                                      "default"}
        assert len(field["selector"]) == 1
    used = {str(each) for each in walk(blueprint) if isinstance(each, Input)}
    assert used == set(head["input"])


def test_blueprint_offers_only_events_that_there_are(blueprint):
    kinds = blueprint["blueprint"]["input"]["kinds"]
    assert set(kinds["default"]) <= set(kinds["selector"]["select"]["options"])
    assert set(kinds["selector"]["select"]["options"]) < set(EVENT_TYPES)


def in_blueprint(values, template):
    """Render a *template* of the blueprint, as far as jinja does."""
    environment = jinja2.Environment()
    environment.filters["timestamp_custom"] = lambda when, pattern: {
        1.8e9: "08:00", 1.8e9 + 60: "08:01"}[when]
    return " ".join(environment.from_string(template).render(values).split())


def values_of(blueprint, change, *names, kinds=("motion", "motion named", "motion ended"),
              objects=()):
    """Return what templates see at the *change* of an event with objects of these *names*."""
    seen = json.loads(event_message(Event(
        id=17, camera="front", kind="motion", begin=1.8e9,
        end=1.8e9 + 60 if change == ENDED else None,
        sightings=tuple(map(sighting, names))), "http://pi/", change))
    values = {"still": "image.front", "kinds": kinds, "objects": objects, "quiet": 60,
              "trigger": {"to_state": {"attributes": seen}}}
    for name, template in blueprint["variables"].items():
        if isinstance(template, str) and not isinstance(template, Input):
            values[name] = seen if name == "seen" else (
                in_blueprint(values, template) == "True")
    assert set(blueprint["variables"]) < set(values)
    return values


@pytest.mark.parametrize(("change", "names", "message", "sound"), [
    (BEGUN, (), "motion at 08:00", "default"), (BEGUN, ("person",), "person at 08:00", "default"),
    (NAMED, ("person",), "person at 08:00", "none"), (ENDED, (), "motion ended at 08:01", "none")])
def test_blueprint_says_what_happened(blueprint, change, names, message, sound):
    values = values_of(blueprint, change, *names)
    (notify,) = blueprint["actions"]

    def shown(template):
        return in_blueprint(values, template)

    assert shown(notify["title"]) == "front"
    assert shown(notify["message"]) == message
    assert shown(notify["data"]["image"]) == "/api/image_proxy/image.front"
    assert shown(notify["data"]["url"]) == "http://pi/events/17"
    assert shown(notify["data"]["push"]["sound"]) == sound


@pytest.mark.parametrize(("change", "names", "kinds", "objects", "passes", "is_update"), [
    (BEGUN, (), ("motion",), (), True, False),
    (BEGUN, (), ("motion",), ("person",), False, False),
    (BEGUN, ("person",), ("motion",), ("person", "animal"), True, False),
    (NAMED, ("person",), ("motion", "motion named"), (), True, True),
    (NAMED, ("person",), ("motion", "motion named"), ("person",), True, False),
    (NAMED, ("person",), ("motion named",), (), True, False),
    (NAMED, ("vehicle",), ("motion named",), ("person",), False, False),
    (NAMED, ("person",), ("motion",), (), False, True),
    (ENDED, ("person",), ("motion", "motion ended"), ("person",), True, True)])
def test_blueprint_can_wait_for_certain_objects(
        blueprint, change, names, kinds, objects, passes, is_update):
    values = values_of(blueprint, change, *names, kinds=kinds, objects=objects)
    templates = [each["value_template"] for each in blueprint["conditions"]
                 if each["condition"] == "template" and "last_triggered" not in each["value_template"]]
    assert all(in_blueprint(values, each) == "True" for each in templates) == passes
    assert not passes or values["is_update"] == is_update

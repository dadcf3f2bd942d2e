"""
Home Assistant's discovery payloads: one device for the server, one for each camera.

The fields are those of https://www.home-assistant.io/integrations/mqtt/ ("Device
discovery payload") and of each platform's page there. A component with nothing but its
platform is removed: so is what the settings do not offer any more.
"""

from typing import Any, NamedTuple

from pyimagesearch import __version__
from pyimagesearch.status import ARMING_MODES, MODE_OFF

from .event_messages import EVENT_TYPES
from .topics import Topics

ON, OFF = "ON", "OFF"
PRESS = "PRESS"
OBJECT_ICONS = {"person": "mdi:account", "vehicle": "mdi:car", "animal": "mdi:paw"}
PAUSE_MINUTES = 30      # of the button that disarms for a while

Component = dict[str, Any]


class Offer(NamedTuple):
    """What the settings let Home Assistant see and do."""

    stills: bool
    objects: bool               # what moves is named
    control: bool
    url: str                    # of the server's pages
    host: str                   # the name of this machine


def server_config(topics: Topics, offer: Offer) -> dict[str, Any]:
    """Return the payload for the server."""
    def one(key: str, platform: str, name: str, icon: str = "", **fields: Any
            ) -> Component:
        return component(topics, "", key, platform, name, icon, **fields)

    return envelope(topics, {
        "identifiers": [topics.device], "name": f"Surveillance {offer.host}",
        "manufacturer": "webstreaming", "model": "Surveillance server",
        "sw_version": __version__, "configuration_url": offer.url}, {
        **switch(topics, "", "armed", "Armed", "mdi:shield-home", offer.control),
        **mode(topics, offer),
        **button(topics, "", "pause", f"Off for {PAUSE_MINUTES} minutes",
                 "mdi:shield-off", offer.control,
                 command_topic=topics.server("mode/set"),
                 payload_press=f"{MODE_OFF} {PAUSE_MINUTES}"),
        **switch(topics, "", "cameras", "Cameras", "mdi:cctv", offer.control),
        "kept": one("kept", "sensor", "Clips", device_class="data_size",
                    unit_of_measurement="MB", state_class="measurement",
                    entity_category="diagnostic"),
        "problem": one("problem", "binary_sensor", "Recording trouble",
                       device_class="problem", entity_category="diagnostic",
                       json_attributes_topic=topics.server("problem/attributes")),
        "event": one("event", "event", "Event", "mdi:bell", event_types=EVENT_TYPES)})


def camera_config(topics: Topics, offer: Offer, name: str) -> dict[str, Any]:
    """Return the payload for camera *name*."""
    def one(key: str, platform: str, label: str | None, icon: str = "", **fields: Any
            ) -> Component:
        return component(topics, name, key, platform, label, icon, **fields)

    still: Component = {"platform": "image"}
    if offer.stills:
        still = one("still", "image", "Last event", content_type="image/jpeg")
        still["image_topic"] = still.pop("state_topic")
    return envelope(topics, {
        "identifiers": [f"{topics.device}_{name}"], "name": device_name(name),
        "manufacturer": "webstreaming", "model": "Camera",
        "via_device": topics.device, "configuration_url": offer.url}, {
        "motion": one("motion", "binary_sensor", "Motion", device_class="motion"),
        **objects(topics, name, offer.objects),
        "connected": one("connected", "binary_sensor", "Connected",
                         device_class="connectivity", entity_category="diagnostic",
                         json_attributes_topic=topics.camera(
                             name, "connected/attributes")),
        "armed": one("armed", "binary_sensor", "Armed", "mdi:shield-home"),
        "still": still,
        "event": one("event", "event", "Event", "mdi:motion-sensor",
                     event_types=EVENT_TYPES),
        **switch(topics, name, "recording", "Recording", "mdi:record-rec",
                 offer.control),
        **button(topics, name, "snapshot", "Keep a still", "mdi:camera", offer.control,
                 command_topic=topics.camera(name, "snapshot/set"),
                 payload_press=PRESS)})


def device_name(camera: str) -> str:
    """Return what *camera* is called as a device; the only one is called "camera"."""
    return "Camera" if camera.lower() == "camera" else f"Camera {camera}"


def envelope(topics: Topics, device: dict[str, Any],
             components: dict[str, Component]) -> dict[str, Any]:
    """Return the payload of a *device* with its *components*."""
    return {"device": device,
            "origin": {"name": "webstreaming", "sw_version": __version__},
            "availability_topic": topics.availability, "qos": 1,
            "components": components}


def component(topics: Topics, camera: str, key: str, platform: str, name: str | None,
              icon: str = "", **fields: Any) -> Component:
    """Return an entity whose state is published to the topic of *key*."""
    subject = topics.camera(camera, key) if camera else topics.server(key)
    owner = f"{topics.node}_{camera}" if camera else topics.node
    found = {"platform": platform, "unique_id": f"{owner}_{key}_{platform}",
             "name": name, "state_topic": subject, **fields}
    return {**found, "icon": icon} if icon else found


def switch(topics: Topics, camera: str, key: str, name: str, icon: str, control: bool
           ) -> dict[str, Component]:
    """Return a switch; or, without *control*, a sensor of its state in its place."""
    subject = topics.camera(camera, key) if camera else topics.server(key)
    if not control:
        return {f"{key}_switch": {"platform": "switch"},
                key: component(topics, camera, key, "binary_sensor", name, icon)}
    return {key: {"platform": "binary_sensor"},
            f"{key}_switch": component(topics, camera, key, "switch", name, icon,
                                       command_topic=f"{subject}/set")}


def objects(topics: Topics, camera: str, are_named: bool) -> dict[str, Component]:
    """Return a sensor for each name of objects; nothing in its place without names."""
    return {name: component(topics, camera, name, "binary_sensor", name.capitalize(),
                            icon, device_class="occupancy") if are_named
            else {"platform": "binary_sensor"} for name, icon in OBJECT_ICONS.items()}


def button(topics: Topics, camera: str, key: str, name: str, icon: str, control: bool,
           **fields: str) -> dict[str, Component]:
    """Return a button, which *control* permits to press; else nothing in its place."""
    found: Component = {"platform": "button"}
    if control:
        found = component(topics, camera, key, "button", name, icon, **fields)
        del found["state_topic"]
    return {key: found}


def mode(topics: Topics, offer: Offer) -> dict[str, Component]:
    """Return the mode of arming: to select, or only to see."""
    select: Component = {"platform": "select"}
    sensor: Component = {"platform": "sensor"}
    if offer.control:
        select = component(topics, "", "mode", "select", "Mode", "mdi:shield-account",
                           options=list(ARMING_MODES),
                           command_topic=topics.server("mode/set"))
    else:
        sensor = component(topics, "", "mode", "sensor", "Mode", "mdi:shield-account",
                           device_class="enum", options=list(ARMING_MODES))
    return {"mode": sensor, "mode_select": select}

"""
What Home Assistant documents of device discovery by MQTT, as far as the product uses it.

Made by hand from https://www.home-assistant.io/integrations/mqtt/ ("Device discovery
payload"), from the pages of the platforms linked there, and from the lists of device
classes of binary sensors and sensors.
"""

import re

TOPIC = re.compile(r"[^+#\0]{1,200}")
URL = re.compile(r"(?:https?|homeassistant)://\S+")
OBJECT_ID = re.compile(r"[a-zA-Z0-9_-]+")
SHARED = {"availability_topic", "availability_mode", "payload_available", "encoding", "qos",
          "payload_not_available", "state_topic", "command_topic"}
DEVICE = {"identifiers", "connections", "name", "manufacturer", "model", "model_id",
          "hw_version", "sw_version", "serial_number", "suggested_area", "via_device",
          "configuration_url"}
ENTITY = {"platform", "unique_id", "name", "icon", "entity_category", "qos",
          "json_attributes_topic", "json_attributes_template", "enabled_by_default",
          "default_entity_id", "availability_topic", "encoding", "entity_picture"}
PLATFORMS = {       # required, and optional
    "binary_sensor": ({"state_topic"}, {"device_class", "payload_on", "payload_off",
                                        "expire_after", "off_delay", "force_update"}),
    "sensor": ({"state_topic"}, {"device_class", "unit_of_measurement", "state_class",
                                 "options", "suggested_display_precision"}),
    "switch": ({"command_topic"}, {"state_topic", "payload_on", "payload_off", "optimistic",
                                   "device_class", "retain"}),
    "select": ({"command_topic", "options"}, {"state_topic", "optimistic", "retain"}),
    "button": ({"command_topic"}, {"payload_press", "device_class", "retain"}),
    "image": ({"image_topic"}, {"content_type", "image_encoding"}),
    "event": ({"state_topic", "event_types"}, {"device_class"})}
DEVICE_CLASSES = {"binary_sensor": {"motion", "connectivity", "occupancy", "problem", "running"},
                  "sensor": {"data_size", "enum"}, "event": {"motion"}}


def check_payload(topic, payload):
    """Assert that Home Assistant accepts *payload* on *topic*."""
    _, kind, object_id, last = topic.split("/")
    assert (kind, last) == ("device", "config")
    assert OBJECT_ID.fullmatch(object_id)
    assert set(payload) <= {"device", "origin", "components"} | SHARED
    assert set(payload["device"]) <= DEVICE
    assert payload["device"]["identifiers"]
    assert URL.fullmatch(payload["device"]["configuration_url"])
    assert {"name"} <= set(payload["origin"]) <= {"name", "sw_version", "support_url"}
    for component in payload["components"].values():
        if set(component) != {"platform"}:      # that removes it
            check_component(component)


def check_component(component):
    required, optional = PLATFORMS[component["platform"]]
    assert required | {"unique_id", "name"} <= set(component) <= required | optional | ENTITY
    assert all(TOPIC.fullmatch(value) for key, value in component.items()
               if key.endswith("_topic"))
    device_class = component.get("device_class")
    assert device_class is None or device_class in DEVICE_CLASSES[component["platform"]]
    assert component.get("entity_category") in (None, "diagnostic", "config")
    assert component.get("icon", "mdi:").startswith("mdi:")
    if component["platform"] == "sensor" and "options" in component:
        assert device_class == "enum"
        assert not {"state_class", "unit_of_measurement"} & set(component)

"""Connect the alerts and MQTT of a server to its program."""

from collections.abc import Mapping
from functools import partial

from pyimagesearch.folders import DataFolder
from pyimagesearch.notifications import Alerts, AlertSources
from pyimagesearch.notifications.alert_stills import AlertStills
from pyimagesearch.notifications.channels import ConfiguredChannels
from pyimagesearch.notifications.delivery.web_push import PushChannels
from pyimagesearch.notifications.mqtt.broker import broker_of
from pyimagesearch.notifications.mqtt.controlled import ControlledServer
from pyimagesearch.program import Program
from pyimagesearch.settings import Settings


def make_alerts(settings: Settings, own_url: str, data: DataFolder,
                program: Program) -> Alerts:
    """Connect the channels of alerts, which link to *own_url*; nothing is sent yet."""
    archive, owner = program.archive, program.owner_settings
    url = settings.public_url or own_url
    alerts = Alerts(AlertSources(
        store=archive.store, settings=settings, camera=owner.current_or_common,
        armed=program.arming.is_armed,
        trouble=lambda: archive.status().trouble, objects_off=program.model.why,
        still=AlertStills(archive.clips, program.privacy.polygons,
                          lambda: program.privacy.off_since is not None).of,
        ready=archive.ready,
        url=f"{url.rstrip('/')}/", clock=program.clock))
    channels = ConfiguredChannels(alerts, settings)
    owner.file.preparations.append(channels.prepare)
    owner.file.listeners += [channels.follow, partial(follow, alerts, own_url)]
    if broker := broker_of(settings):
        from pyimagesearch.notifications.mqtt.mqtt_publisher import (  # with paho: 5 MB
            make_publisher,
        )
        alerts.attach(make_publisher(broker, alerts.sources, controlled_server(program),
                                     data.path))
    browsers = PushChannels(program.push, alerts, program.clock)
    program.push.on_change.append(browsers.follow)
    browsers.follow()
    return alerts


def follow(alerts: Alerts, own_url: str, settings: Settings,
           renamed: Mapping[str, str]) -> None:
    """Let *alerts* follow new *settings*."""
    alerts.sources.settings = settings
    alerts.sources.url = f"{(settings.public_url or own_url).rstrip('/')}/"


def controlled_server(program: Program) -> ControlledServer:
    """Return what MQTT shows and controls."""
    archive, arming, privacy = program.archive, program.arming, program.privacy
    return ControlledServer(
        cameras=program.controlled,
        archive=archive.status, mode=lambda: arming.mode.mode,
        is_armed=lambda: arming.armed,
        is_camera_armed=lambda name: arming.camera(name).armed,
        are_cameras_on=lambda: privacy.off_since is None,
        set_mode=arming.set_mode, switch_cameras=privacy.switch)

"""Connect the pages and the API to the parts of the program."""

from typing import Any

from pyimagesearch.access import Authenticator, Role
from pyimagesearch.host_names import HostNames
from pyimagesearch.program import Program
from pyimagesearch.settings import Settings
from pyimagesearch.streaming import ViewerLimits
from pyimagesearch.streaming.message_log import MessageLog
from pyimagesearch.system.camera_search import CameraSearch
from pyimagesearch.web import Services
from pyimagesearch.web.request_origin import origin_of


def make_services(settings: Settings, authenticator: Authenticator, program: Program,
                  **of_server: Any) -> Services:
    """Return what the views use; the rest is *of_server*, such as its pools."""
    def limits() -> ViewerLimits:
        return ViewerLimits(settings.max_viewers, settings.max_viewers_per_address)

    return Services(
        program.feeds, authenticator, mosaic=program.mosaic, archive=program.archive,
        arming=program.arming, hosts=HostNames(settings.host or ()),
        frame_origins=tuple(map(origin_of, settings.allow_frame or ())),
        limits=limits(), privacy=program.privacy, owner_settings=program.owner_settings,
        camera_memory=program.camera_memory, alerts=program.alerts, push=program.push,
        objects=program.objects_status,
        camera_search=CameraSearch(lambda: program.owner_settings.file.settings,
                                   program.clock, program.image_hubs,
                                   program.camera_memory),
        messages=MessageLog(limits=limits()), **of_server)


def open_role(settings: Settings) -> Role | None:
    """Return the role of clients without a login; ``None`` if they must log in."""
    return {"on": None, "changes": Role.VIEWER, "off": Role.OWNER}[settings.auth]

"""About this server: version, addresses, disk and the last lines of the log."""

from pyimagesearch import __version__

from ..live import page
from ..services import get_services, owner_settings_or_404
from .overview import bp


@bp.get("/settings/about")
def about() -> str:
    """Show what an owner needs to report a problem, and the backup."""
    services = get_services()
    return page("settings/about.html", version=__version__,
                path=owner_settings_or_404().file.path,
                url=services.alerts.sources.url if services.alerts else "",
                lines=services.log_tail.lines() if services.log_tail else [])

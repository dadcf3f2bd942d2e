"""``webstreaming objects``: fetch the model that names what moves."""

from pathlib import Path

from pyimagesearch.folders import DataFolder
from pyimagesearch.settings.settings import Settings

from .model_download import fetch
from .model_files import YOLOX_NANO, model_for


def objects(settings: Settings, *, picture: str | None, get: bool) -> int:
    """
    Fetch the model into the data folder of *settings*, or print which one is used.

    Returns the exit status: 1 if nothing is named. Raises :exc:`SettingsError` and
    :exc:`ModelNotFetched`.
    """
    data = DataFolder(settings.data).path
    if get:
        print(get_model(data))
        return 0
    choice = model_for(settings, data)
    print(choice.words)
    return 0 if choice.path else 1


def get_model(data: Path) -> str:
    """Fetch the model into the folder *data*, unless it is there; return a sentence."""
    path = YOLOX_NANO.path(data)
    if not YOLOX_NANO.trouble(data):
        return f"the model that names what moves is in {path.parent}"
    fetch(YOLOX_NANO, data)
    return (f"fetched the model that names what moves into {path.parent} (YOLOX-Nano "
            "by Megvii, Apache-2.0)")

"""Errors caused by users, cameras and disks, each explained in one sentence."""


class SurveillanceError(Exception):
    """An error that is no defect; its text is one sentence for people."""


class SettingsError(SurveillanceError, ValueError):
    """A setting has a wrong value; the text names both, and what is allowed."""


class SettingFixed(SettingsError):
    """A setting is given where the pages cannot change it; the text says where."""


class DetectorFailed(SurveillanceError):
    """A motion detector raised an error, or returned no mask with boxes."""


class BackgroundDamaged(SurveillanceError):
    """The file of a learnt background cannot be used."""


class CameraLost(SurveillanceError):
    """The camera gives no frames now; reopening it may help."""


class PollFailed(SurveillanceError):
    """A request for one picture failed; the next one may succeed."""


class BadPicture(SurveillanceError):
    """The data are no picture; the next ones may be."""


class SourceEnded(SurveillanceError):
    """The source has given its last frame; do not reopen it."""


class TooManyViewers(SurveillanceError):
    """The limit of live streams is reached."""


class TooManyStreams(TooManyViewers):
    """The limit of live streams to one address is reached."""


class ServerBusy(SurveillanceError):
    """Too many requests wait for the same part of the server."""


class FolderError(SurveillanceError):
    """The data or config folder cannot be used."""


class EventsError(SurveillanceError):
    """The events cannot be read or written now."""


class RecordingError(SurveillanceError):
    """A clip or a still cannot be written or read now."""


class UnplayableClip(RecordingError):
    """A clip begins without a picture that decodes; another try does not help."""


class AccessError(SurveillanceError):
    """A password or link cannot be set or read."""


def explain_import(error: ImportError) -> str:
    """Return the remedy for a failed import, in one line."""
    if isinstance(error, ModuleNotFoundError):
        package = {"cv2": "opencv-contrib-python"}.get(error.name or "", error.name)
        return f"{error.name} is not installed; run: pip install {package}"
    if ".so" not in str(error):
        return str(error)
    return ("OpenCV needs system libraries that are missing "
            f"({error}); run: sudo apt install libgl1 libglib2.0-0")


def reason(error: Exception) -> str:
    """Return in a few words why something could not be written or read."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

"""What can go wrong through no fault of the program, each as one sentence."""


class SurveillanceError(Exception):
    """Something that a user or a camera caused; its text is one clear sentence."""


class SettingsError(SurveillanceError, ValueError):
    """A setting has a value it cannot have; the text names both and what may be."""


class CameraLost(SurveillanceError):
    """The camera gives no frames now; it may come back, so it is tried again."""


class BadPicture(SurveillanceError):
    """These data are no picture; the next ones may be."""


class SourceEnded(SurveillanceError):
    """The source has given its last frame; trying again would be pointless."""


class ListenError(SurveillanceError):
    """The server cannot listen where it was told to."""


class TooManyViewers(SurveillanceError):
    """The server has as many live streams as it may have; there may be room later."""


class TooManyStreams(TooManyViewers):
    """One address has as many live streams as it may have."""


class FolderError(SurveillanceError):
    """The data or config folder cannot be used; the text says why."""


class EventsError(SurveillanceError):
    """The events cannot be read or written now; the text says why."""


class RecordingError(SurveillanceError):
    """A clip or a still cannot be written or read now; the text says why."""


class AccessError(SurveillanceError):
    """A password or link cannot be set or read; the text says why."""


class ServiceError(SurveillanceError):
    """The unit cannot be installed; the text says why."""


def explain_import(error: ImportError) -> str:
    """Return what to do about a failed import, in one line."""
    if isinstance(error, ModuleNotFoundError):
        package = {"cv2": "opencv-contrib-python"}.get(error.name or "", error.name)
        return f"{error.name} is not installed; run: pip install {package}"
    if ".so" not in str(error):
        return str(error)
    return ("OpenCV needs system libraries that are missing "
            f"({error}); run: sudo apt install libgl1 libglib2.0-0")


def reason(error: Exception) -> str:
    """Say in a few words why something could not be written or read."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

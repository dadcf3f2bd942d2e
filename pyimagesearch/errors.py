"""Errors caused by users, cameras and disks, each explained in one sentence."""

MAX_REASON_CHARACTERS = 400     # of what went wrong with a camera


class SurveillanceError(Exception):
    """An error that is no defect; its text is one sentence for people."""


class SettingsError(SurveillanceError, ValueError):
    """
    A setting has a wrong value; the text names both, and what is allowed.

    *option* is the name of the setting, where one alone is wrong.
    """

    option = ""


class SettingFixed(SettingsError):
    """A setting is given where the pages cannot change it; the text says where."""


class BackgroundDamaged(SurveillanceError):
    """The file of a learnt background cannot be used."""


class EncoderFailed(SurveillanceError):
    """The live picture cannot be encoded as H.264."""


class CameraError(SurveillanceError):
    """Something is wrong with a camera; the text may quote what it sent, escaped."""

    def __init__(self, text: str) -> None:
        super().__init__(printable(text, MAX_REASON_CHARACTERS))


class CameraLost(CameraError):
    """The camera gives no frames now; reopening it may help."""


class LoginRefused(CameraLost):
    """The camera refuses user and password; many lock a user after a few tries."""


class PollFailed(CameraError):
    """A request for one picture failed; the next one may succeed."""


class BadPicture(CameraError):
    """The data are no picture; the next ones may be."""


class SourceEnded(CameraError):
    """The source has given its last frame; do not reopen it."""


class DetectorFailed(CameraError):
    """A motion detector raised an error, or returned no mask with boxes."""


class ModelNotFetched(SurveillanceError):
    """The model that recognises objects cannot be fetched."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the model that recognises objects cannot be fetched: {why}")


class ObjectsFailed(SurveillanceError):
    """The model that names what moves cannot be run on a picture."""


class TooManyViewers(SurveillanceError):
    """The limit of live streams is reached."""


class TooManyStreams(TooManyViewers):
    """The limit of live streams to one address is reached."""


class ServerBusy(SurveillanceError):
    """Too many requests wait for the same part of the server."""


class FolderError(SurveillanceError):
    """The data or config folder cannot be used."""


class NewerFormat(SurveillanceError):
    """A file was written by a newer version; it must not be written over."""

    def __init__(self) -> None:
        super().__init__("it was written by a newer version of this program; install "
                         "that version again, or move the file away")


class EventsError(SurveillanceError):
    """The events cannot be read or written now."""


class SlowDisk(EventsError):
    """The disk did not respond in time."""


class RecordingError(SurveillanceError):
    """A clip or a still cannot be written or read now."""


class UnplayableClip(RecordingError):
    """A clip begins without a picture that decodes; another try does not help."""


class AccessError(SurveillanceError):
    """A password or link cannot be set or read."""


def printable(text: str, most: int | None = None, *, keep: str = "") -> str:
    """
    Return *text*, at most *most* characters of it, with what is not visible escaped.

    That is what a terminal or a browser would act on: control characters, line
    separators, changes of the writing direction. Those in *keep* stay.
    """
    if most is not None and len(text) > most:
        text = text[:most - 3] + "..."
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep
                   else each.encode("unicode_escape").decode() for each in text)


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

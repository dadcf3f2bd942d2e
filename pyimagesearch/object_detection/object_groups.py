"""The three groups of classes that matter to a surveillance camera."""

from collections.abc import Iterable, Iterator

from pyimagesearch.events.event import OBJECT_GROUPS
from pyimagesearch.settings.camera_settings import CameraSettings

PERSON, VEHICLE, ANIMAL = GROUPS = OBJECT_GROUPS

# Classes of COCO, Open Images, Objects365, KITTI, BDD100K and VisDrone, in lower case.
# Without elephant, zebra and giraffe: models take striped clothes and trees for them
LABELS_OF_GROUPS = {
    PERSON: "person, people, human, man, woman, boy, girl, child, pedestrian, rider, "
            "cyclist",
    VEHICLE: "vehicle, car, truck, pickup truck, van, bus, train, tram, motorcycle, "
             "motorbike, motor, bicycle, bike, tricycle, awning-tricycle, scooter, "
             "land vehicle, boat, ship, tractor",
    ANIMAL: "animal, bird, cat, dog, horse, sheep, cow, cattle, bull, goat, pig, "
            "bear, deer, fox, raccoon, squirrel, rabbit, chicken, duck, goose"}
GROUP_OF_LABEL = {label: group for group, labels in LABELS_OF_GROUPS.items()
                  for label in labels.split(", ")}


def group_of(label: str) -> str:
    """Return the group of a model's class *label*; empty if it is of none."""
    return GROUP_OF_LABEL.get(label.replace("_", " ").strip().lower(), "")


def unknown_objects(cameras: Iterable[CameraSettings]) -> Iterator[str]:
    """Yield a sentence for each of *cameras* with objects that no model recognises."""
    for camera in cameras:
        if words := unknown_words(camera):
            yield (f"alert_only of camera {camera.name} has {', '.join(words)}, which "
                   f"is never recognised; the names are {', '.join(GROUPS)}, or labels "
                   "of the model, such as dog")


def unknown_words(camera: CameraSettings) -> list[str]:
    """Return the words of alert_only of *camera* that no model recognises."""
    return [] if camera.has_own_detector else sorted(
        word for word in camera.alert_objects - {*GROUPS} if not group_of(word))

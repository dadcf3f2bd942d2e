"""The groups into which the classes of models are sorted."""

PERSON, VEHICLE, ANIMAL = GROUPS = ("person", "vehicle", "animal")
LABELS = {
    PERSON: ("person",),
    VEHICLE: ("vehicle", "bicycle", "car", "motorcycle", "bus", "train", "truck"),
    ANIMAL: ("animal", "bird", "cat", "dog", "horse", "sheep", "cow", "cattle", "bear"),
}
GROUP_OF = {label: group for group, labels in LABELS.items() for label in labels}


def group_of(label: str) -> str:
    """Return person, vehicle or animal; empty if *label* is none of them."""
    return GROUP_OF.get(label.lower(), "")

"""What ``--sensitivity`` changes."""

from typing import NamedTuple


class Sensitivity(NamedTuple):
    """How much a region must differ, how large it must be, and how far it must go."""

    threshold: float    # grey levels that a pixel differs by, at least
    area: float         # pixels of a region, at a width of 200 px
    travel: float       # times as far as normal


SENSITIVITIES = {
    "low": Sensitivity(16.0, 40.0, 1.5),
    "normal": Sensitivity(16.0, 15.0, 1.0),
    "high": Sensitivity(14.0, 8.0, 0.75),
}


def sensitivity_named(name: str) -> Sensitivity:
    """Return the sensitivity *name*; raises :exc:`ValueError` if there is none."""
    if name not in SENSITIVITIES:
        raise ValueError(f"sensitivity is {name!r}, but must be one of "
                         f"{', '.join(SENSITIVITIES)}")
    return SENSITIVITIES[name]

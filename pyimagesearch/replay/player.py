"""Play recordings through the trials of all contenders, each frame decoded once."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .progress import Progress
from .recordings import NoVideo, Recording, frames_of
from .trial import Contender, Outcome, Trial

READABLE_SHARE = 0.9    # of a file's length; its sound may last longer
MAX_LEARNING_SHARE = 0.25   # of a video, above which learning is worth a note
MIN_PRE_ROLL_FRAMES = 10    # that teach the background well enough


@dataclass
class Replay:
    """What the contenders made of one recording."""

    recording: Recording
    outcomes: list[Outcome]
    took: float = 0.0           # [s]
    notes: list[str] = field(default_factory=list)      # sentences for people
    trouble: str = ""           # why it was not read to its end, or at all

    @property
    def seconds(self) -> float:
        """How long the recording is, as far as it was read."""
        return max((each.seconds for each in self.outcomes), default=0.0)


def play(recording: Recording, contenders: Sequence[Contender], progress: Progress, *,
         pictures: bool, now: Callable[[], float] = time.perf_counter) -> Replay:
    """
    Return what *contenders* make of *recording*; keep *pictures* for a report.

    Raises :exc:`SettingsError` and :exc:`DetectorFailed`.
    """
    begin = now()
    trials = [Trial(each, recording, pictures=pictures) for each in contenders]
    trouble, at = "", 0.0
    try:
        for frame in frames_of(recording):
            at = frame.at
            for trial in trials:
                trial.on_frame(frame)
            progress.show(at, recording.name)
    except NoVideo as error:
        trouble = str(error)
    progress.finish(at)
    replay = Replay(recording, [trial.close() for trial in trials], now() - begin,
                    trouble=trouble)
    replay.notes = notes_on(replay)
    if not trouble and at < READABLE_SHARE * recording.length - 1.0:
        replay.notes.append(f"only {at:.1f} of its {recording.length:.1f} seconds have "
                            "pictures that can be read")
    return replay


def notes_on(replay: Replay) -> list[str]:
    """Return what limits the results of *replay*, in sentences."""
    notes = []
    outcome = replay.outcomes[0]
    count, taught = len(outcome.levels), outcome.frame_count
    if count and outcome.learnt_at is None:
        frames = "1 frame is" if count == 1 else f"{count} frames are"
        notes.append(f"{frames} too few: the first {taught} teach the background "
                     "(--frame-count)")
    learnt_at = max((each.learnt_at or 0.0) for each in replay.outcomes)
    if replay.recording.learning_seconds is None and (
            learnt_at > MAX_LEARNING_SHARE * replay.seconds):
        notes.append(f"its first {learnt_at:.1f} of {replay.seconds:.1f} seconds only "
                     "teach the background (--frame-count)")
    wanted = outcome.contender.settings.frame_count
    if replay.recording.learning_seconds is not None and (
            taught < min(wanted, MIN_PRE_ROLL_FRAMES)):
        notes.append(f"its pre-roll has only {taught} frames to learn the background "
                     "from, so what it shows from the beginning may be missed")
    return notes

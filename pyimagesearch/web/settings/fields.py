"""The fields of a form of settings: one for each option."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from werkzeug.datastructures import MultiDict

from pyimagesearch.settings.option import Option
from pyimagesearch.settings.page_values import masked
from pyimagesearch.settings.settings import needs_restart

from .labels import label_of

Form = MultiDict[str, str]
COMMON_OPTIONS = frozenset({"rotate", "flip", "clock"})


class Field(NamedTuple):
    """
    One option as a form shows it.

    What is secret is shown without its login, or not at all: then *is_hidden*, and an
    empty field leaves it as it is.
    """

    option: Option
    value: str          # as text; of several values, one a line
    given: str          # what holds if the owner sets nothing
    fixed: str = ""     # the flag or variable that sets it, so that a page cannot
    error: str = ""     # why what was entered is not accepted
    is_hidden: bool = False

    @property
    def label(self) -> str:
        """The name of the option in words, in English."""
        return label_of(self.option.name)

    @property
    def is_common(self) -> bool:
        """Whether many need it, so that the form shows it at once."""
        return not self.option.advanced or self.option.name in COMMON_OPTIONS

    @property
    def needs_restart(self) -> bool:
        """Whether a change takes effect after a restart of the server only."""
        return needs_restart(self.option.name)

    @property
    def kind(self) -> str:
        """How it is entered: by a "check", "choice", "number", "lines" or "text"."""
        if self.option.kind is bool:
            return "check"
        if self.option.choices:
            return "choice"
        if self.option.kind is tuple and self.option.name != "source":
            return "lines"
        return "number" if self.option.kind in (int, float) else "text"


def fields_of(options: Iterable[Option], current: Any, given: Any,
              fixed: Mapping[str, str]) -> list[Field]:
    """
    Return a field for each of *options*.

    *current* and *given* have the values in force, and what holds if the owner sets
    none, as attributes; *fixed* says where those are set that a page cannot change.
    """
    return [field_of(option, getattr(current, option.name),
                     getattr(given, option.name), fixed.get(option.name, ""))
            for option in options]


def field_of(option: Option, value: Any, given: Any, fixed: str) -> Field:
    """Return the field of *option*, which has this *value*."""
    hides = option.secret and option.name != "source" and bool(value)
    return Field(option, "" if hides else as_text(option, value),
                 "" if option.secret else as_text(option, given), fixed,
                 is_hidden=hides)


def as_text(option: Option, value: Any) -> str:
    """Return *value* of *option* as a form shows it."""
    if value is None:
        return ""
    if option.kind is bool:
        return "true" if value else ""
    if option.kind is tuple:
        return "\n".join(map(masked, [value] if isinstance(value, str) else value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return masked(str(value))


def entered(form: Form, fields: Iterable[Field]) -> dict[str, Any]:
    """
    Return what was changed in *form*, by option; ``None`` for what was emptied.

    Options that are fixed, or that the form does not show, are left out.
    """
    changed: dict[str, Any] = {}
    for field in fields:
        name = field.option.name
        if field.fixed or name not in (
                form.getlist("shown") if field.kind == "check" else form):
            continue
        text = "\n".join(form.get(name, "").splitlines()).strip()
        if text != field.value or (field.is_hidden and f"remove_{name}" in form):
            changed[name] = value_of(field, text)
    return changed


def value_of(field: Field, text: str) -> Any:
    """Return what was entered as *text*, for the settings file to check."""
    if field.kind == "check":
        return text == "true"
    if not text:
        return None
    return text.splitlines() if field.kind == "lines" else text


def as_entered(fields: Iterable[Field], form: Form, option: str, sentence: str
               ) -> list[Field]:
    """Return *fields* as entered in *form*, with the *sentence* at that *option*."""
    return [field._replace(
        value=form.get(field.option.name, "" if field.kind == "check" else field.value),
        error=sentence if field.option.name == option else "") for field in fields]


def as_sentence(error: Exception) -> str:
    """Return the text of *error* as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text[-1:] in ".?" else ".")

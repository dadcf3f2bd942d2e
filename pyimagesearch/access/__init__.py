"""Access control: roles, passwords, sessions, tokens and login limits."""

from .authenticator import Authenticator

__all__ = ["Authenticator"]

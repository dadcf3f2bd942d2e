"""Access control: roles, passwords, sessions, tokens and login limits."""

from .authenticator import Authenticator
from .refused_logins import RefusedLogins
from .roles import Role

__all__ = ["Authenticator", "RefusedLogins", "Role"]

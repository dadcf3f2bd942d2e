"""Access control: roles, passwords, sessions, tokens and login limits."""

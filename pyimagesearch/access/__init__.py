"""Who may do what: passwords, sessions, tokens and roles."""

"""Who may look, without the web: passwords, links, sessions, keys, wrong tries."""

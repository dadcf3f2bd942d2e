"""The machine around the program: process limits, systemd, diagnosis."""

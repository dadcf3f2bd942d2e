"""Overlay, JPEG, the latest-frame broadcaster and the ways out of it."""

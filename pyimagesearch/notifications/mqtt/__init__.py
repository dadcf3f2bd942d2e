"""Publish states and events by MQTT, for Home Assistant and others."""

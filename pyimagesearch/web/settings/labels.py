"""What the options are called on pages, in English; the catalogues translate it."""

LABELS = {
    "source": "Address of the camera", "fps": "Frames per second at most",
    "verify": "Check the certificate", "fingerprint": "Fingerprint of the certificate",
    "proxy": "HTTP proxy", "rtsp_transport": "Transport of RTSP",
    "loop": "Repeat a video file", "width": "Width of the live picture",
    "quality": "Quality of the live picture", "overlay": "Time and boxes are drawn by",
    "live_rate": "Bit rate for slow links",
    "frame_count": "Frames to learn the background from", "detector": "Motion detector",
    "detect_fps": "Frames looked at a second", "min_area": "Smallest movement",
    "min_frames": "Frames with motion", "object_score": "Certainty of objects",
    "scene_changes": "Report when the camera is moved or covered",
    "accum_weight": "Weight of a new frame",
    "record": "Record motion", "record_from": "Video to record",
    "pre_roll": "Seconds before an event", "post_roll": "Seconds after an event",
    "pre_roll_memory": "Memory for the seconds before",
    "max_clip": "Longest clip", "flip": "Mirror", "rotate": "Rotate",
    "clock": "Time in the picture", "clock_format": "Format of the time",
    "ip": "Listen address", "host": "More names of the server",
    "base_path": "Path behind a reverse proxy", "trusted_proxies": "Trusted proxies",
    "max_viewers": "Live streams at most",
    "max_viewers_per_address": "Live streams of one address at most",
    "tls": "Encryption (https)", "key": "Private key of the certificate",
    "objects": "Name what moves", "labels": "File with the names of classes",
    "keep": "Space for clips", "reserve": "Space to leave free",
    "keep_days": "Days to keep clips",
    "unnamed_first": "Delete motion without a named object first",
    "auth": "What takes a login", "allow_frame": "Sites that may show the pages",
    "alert_quiet": "Seconds between alerts of a camera",
    "alert_most": "Alerts an hour at most", "alert_stills": "Attach a picture",
    "public_url": "Address of this server", "place": "Place, for sunrise and sunset",
    "webhook": "Webhooks", "webhook_secret": "Key that signs webhooks",
    "webhook_stills": "Send webhooks with a picture", "ntfy": "Topics of ntfy",
    "ntfy_token": "Access token of ntfy", "apprise": "Services by Apprise",
    "mqtt": "MQTT broker", "mqtt_prefix": "Prefix of MQTT topics",
    "mqtt_discovery": "Discovery prefix of Home Assistant",
    "mqtt_stills": "Publish pictures by MQTT", "mqtt_control": "Commands by MQTT",
}


def label_of(name: str) -> str:
    """Return what option *name* is called on pages, in English."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()

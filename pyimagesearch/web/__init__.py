"""Flask's side: pages, streams and JSON; knows no camera and no detector."""

"""The machine-readable side: OpenAPI and Prometheus."""

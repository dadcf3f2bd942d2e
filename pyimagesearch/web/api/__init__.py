"""The JSON API's OpenAPI description, and Prometheus metrics."""

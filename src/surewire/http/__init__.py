"""The HTTP front: one port for WebSocket and HTTP, its guards, and the routes of the HTTP API."""

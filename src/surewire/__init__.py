"""One server for durable chat and live event streams over WebSocket, which measures the service levels it promises."""

__version__ = "0.1.0"

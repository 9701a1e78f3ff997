"""What the server says about itself: instruments, their exposition to Prometheus, structured logs, readiness."""

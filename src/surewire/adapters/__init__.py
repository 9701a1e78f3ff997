"""What the ports ask for, one folder a technology. No adapter knows another, and none knows a service."""

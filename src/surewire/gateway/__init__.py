"""The connection plane: from an accepted upgrade to the frames of one client, and from one event to many clients."""

"""The wire, sans-I/O: message structs, codec, the session's state machine, error and close codes. No socket and no clock."""

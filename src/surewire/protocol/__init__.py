"""The wire, sans-I/O: message structs, codec, the session's state machine, error and close codes. Nothing here touches a socket or a clock."""

"""What the operating system gives: clocks."""

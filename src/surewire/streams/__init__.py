"""What rides on the planes: the events stream, totally ordered, committed before it is delivered, and replayable."""

"""The default back end: SQLite through apsw, write-ahead log, synchronous commits, one writer thread a file."""

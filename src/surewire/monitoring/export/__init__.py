"""The same definitions in the languages of other tools. A generator is a pure function from the catalogues to files by their paths."""

"""A statement as a file, a module a format. Each writes what it is told line by line, and holds none of it."""

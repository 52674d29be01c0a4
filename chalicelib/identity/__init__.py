"""Who is there: log-in, sessions, tokens."""

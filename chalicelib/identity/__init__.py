"""Who is there: log-in, sessions, tokens, confirmation codes."""

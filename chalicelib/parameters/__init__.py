"""The bank's policy as data: typed, with a default, overridden by rows of ParametersTable."""

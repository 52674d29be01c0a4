"""The phones a customer logs in with: bound by a code, known by a key that never leaves them, ended at once."""

"""What staff do with blanks, one use case a file."""

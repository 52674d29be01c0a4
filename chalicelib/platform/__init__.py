"""What every context stands on: clock, money, errors, HTTP edge, workers, DynamoDB. Knows no context."""

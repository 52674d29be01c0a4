"""What customers are told: codes, balance alerts; by SMS, push and inbox."""

"""Monthly bills (月度账单): by schedule, fanned out through SQS, opening + movements = closing or none."""

"""By which channel a payment to another bank goes: by amount, speed, day and time, as the bank's table says."""

"""By which channel a payment to another bank goes, by amount, speed, day and time: the bank's table (XJ-5.3-smart)."""

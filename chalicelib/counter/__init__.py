"""What tellers do at the counter: tills and vouchers, cash in and out, and orders of courts (NB-5.2.6)."""

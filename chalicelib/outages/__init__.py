"""Unplanned suspensions of service and customers' emergencies: two registers (NB-5.1.8-7, NB-5.1.8-2)."""

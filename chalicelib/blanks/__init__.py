"""Blank tokens and USB keys: serial-numbered vouchers (重要空白凭证), accounted for by branch for life."""

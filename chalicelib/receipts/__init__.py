"""E-receipts (电子回单): one for each executed transfer, issued once by a worker."""

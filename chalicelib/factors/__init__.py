"""What a customer confirms with: codes by SMS, tokens, certificates; and what proves it afterwards."""

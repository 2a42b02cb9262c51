"""The proof and the payment: what was used, what it costs, what is owed for it."""

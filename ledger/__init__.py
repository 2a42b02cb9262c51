"""The books: what is promised, owed and paid, and the proof of it. Knows no voucher, person or centre."""

"""Vouchers: issued on an award, held by one beneficiary, valid for a time. What one has is read from the books."""

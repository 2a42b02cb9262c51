"""Orders: an enterprise orders time of a device class at a centre; value of its voucher is held for it in the books."""

"""Rating: device time becomes charges, cuts and shares, at the grain of the statement line and the price row."""

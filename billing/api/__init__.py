"""The machines' face of the proof and the payment. Thin: who asks, one selector or service, JSON."""

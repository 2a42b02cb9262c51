"""The machines' face of the promise. Thin: who asks, one selector or service, JSON."""

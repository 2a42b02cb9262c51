"""The promise: who may spend what, where and until when. Stands on the books."""

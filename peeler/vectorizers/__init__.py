"""Layer → paths."""

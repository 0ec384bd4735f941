"""Stack → file."""

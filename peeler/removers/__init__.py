"""Take it away."""

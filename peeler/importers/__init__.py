"""File → stack. What comes in is not trusted: its size is known before it is decoded, and nothing else is opened."""

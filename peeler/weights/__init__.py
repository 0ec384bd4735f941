"""Models on disk: which are known, where they are, how they are fetched, and whether they are whole. No torch here."""

"""Training what the embedded engine has learned: from pictures with known layers to weights in the package."""

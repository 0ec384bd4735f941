"""Networks: torch lives in this room and nowhere else."""

import os

# The libraries say at import what they would need for models that Peeler does not use.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")

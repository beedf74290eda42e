"""What `build.py` does, step by step: one module per thing a step makes."""

"""Request to Comparison: every model, GPU, runtime, precision and batch asked for."""

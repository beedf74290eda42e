"""TOML text to GpuProfile and Runtime, checked, with a source for each value."""

"""Node and shapes to Demand: what each operator asks of a GPU, one file per operator family."""

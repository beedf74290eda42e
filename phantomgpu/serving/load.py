"""What is asked of a model that generates tokens, or of one that takes steps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """The requests of every user, all alike.

    Attributes:
        prompt_tokens: Of each request; what an encoder reads, where there is one.
        output_tokens: Generated for each request, at least 1.
        kv_precision: A key of ``KV_PRECISIONS``: what the cache is stored in.
        steps: Of a diffusion run; 0 takes the model's usual number.
    """

    prompt_tokens: int = 1024
    output_tokens: int = 256
    kv_precision: str = "fp16"
    steps: int = 0

    @property
    def later_tokens(self) -> int:
        """Tokens after the first one, which the pass over the prompt gives."""
        return self.output_tokens - 1

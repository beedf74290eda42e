"""What a server of one model on one GPU gives its users."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Served:
    """One model on one GPU with so many requests at once.

    Times are None where it cannot run.

    Attributes:
        concurrency: Requests at once.
        output_tokens: Of each request.
        ttft_s: Time to first token, mean over requests.
        ttft_low_s: Lower end of its 80 % prediction interval.
        ttft_high_s: Upper end.
        tpot_s: Time per output token after the first.
        tpot_low_s: Lower end of its 80 % prediction interval.
        tpot_high_s: Upper end.
        kv_bytes: Cache of all requests, each at its full length.
        kv_bytes_per_token: What one token adds to it.
        weight_bytes: Resident weights.
        largest_batch: Most requests at once that fit; 0 where not even one does.
    """

    concurrency: int
    output_tokens: int
    ttft_s: float | None
    ttft_low_s: float | None
    ttft_high_s: float | None
    tpot_s: float | None
    tpot_low_s: float | None
    tpot_high_s: float | None
    kv_bytes: int
    kv_bytes_per_token: int
    weight_bytes: int
    largest_batch: int

    def without_times(self) -> "Served":
        """The memory alone, where it cannot run."""
        return replace(
            self,
            ttft_s=None,
            ttft_low_s=None,
            ttft_high_s=None,
            tpot_s=None,
            tpot_low_s=None,
            tpot_high_s=None,
        )

    @property
    def requests_per_s(self) -> float | None:
        """Requests that end in a second."""
        if self.ttft_s is None or self.tpot_s is None:
            return None
        return self.concurrency / (self.ttft_s + (self.output_tokens - 1) * self.tpot_s)

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens that all users together get in a second."""
        rate = self.requests_per_s
        return None if rate is None else rate * self.output_tokens

    @property
    def tokens_per_s_per_user(self) -> float | None:
        """Tokens that one user gets in a second once the first has come."""
        return None if self.tpot_s is None else 1.0 / self.tpot_s

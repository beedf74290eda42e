"""Times of one request among others, from the times of single passes.

A request lives through its prompt and ``n`` steps, each of which gives a token to every sequence.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Times:
    """What a user waits for.

    Attributes:
        ttft_s: Until the first token. [gpu]
        tpot_s: Between one token and the next. [gpu]
    """

    ttft_s: FloatArray
    tpot_s: FloatArray

    def latency_s(self, later_tokens: int) -> FloatArray:
        """The whole request. [gpu]."""
        return self.ttft_s + later_tokens * self.tpot_s


def in_flight(
    *,
    prompt_s: FloatArray,
    step_s: FloatArray,
    passes: float,
    concurrency: int,
    later_tokens: int,
    result_steps: float,
    request_s: float,
    together: bool = False,
) -> Times:
    """Requests that join the running ones: the steady state with ``concurrency`` of them.

    Whenever a request ends, the next one begins. Passes over prompts and steps share the board,
    so in the life of a request the prompts of all the others pass once: ``ttft + n · tpot`` is
    ``c · prompt + (n + w) · step``, whichever request waits for which prompt. A new request waits
    for the step under way, takes its own, and its token returns ``result_steps`` later: ``w``
    steps, each with ``y`` prompts of others on average.

    Args:
        prompt_s: All passes over one prompt. [gpu]
        step_s: One step of ``concurrency`` sequences. [gpu]
        passes: Passes that a prompt takes, at least 1.
        concurrency: Requests at once.
        later_tokens: ``n``: tokens of a request after its first.
        result_steps: See ``hardware.runtime.Serving``.
        request_s: Host time of a request beside its steps.
        together: The prompts and outputs of all requests are equally long, so that requests
            which once began one behind the other stay so: each of the ``w`` steps has one prompt.

    Returns:
        Means over requests.

    Source:
        Yu et al., "Orca", OSDI 2022: scheduling by iteration. Little, "A Proof for the Queuing
        Formula L = λW", Operations Research 9 (1961): work that is conserved fixes the sum.

    >>> t = in_flight(prompt_s=np.array([0.2]), step_s=np.array([0.01]), passes=1.0, concurrency=1,
    ...     later_tokens=10, result_steps=1.0, request_s=0.0)
    >>> [round(float(part[0]), 6) for part in (t.ttft_s, t.tpot_s)]
    [0.2, 0.01]
    """
    others = concurrency - 1
    waiting = 2.0 + result_steps
    share = others * passes / (later_tokens + waiting * passes)
    met = min(others, waiting - 1.0) if together else waiting * share
    ttft_s = prompt_s * (1.0 + met) + step_s * waiting_steps(passes, result_steps, concurrency)
    spread_s = prompt_s * (others - met) / later_tokens if later_tokens else 0.0
    return Times(ttft_s + request_s, np.asarray(step_s + spread_s))


def waiting_steps(passes: float, result_steps: float, concurrency: int) -> float:
    """Steps of others that a request lives through before its first token.

    >>> waiting_steps(1.0, 1.0, 1), waiting_steps(1.0, 1.0, 2)
    (0.0, 1.5)
    """
    return (1.0 + result_steps + passes) * (concurrency - 1) / concurrency


def static(*, prompts_s: FloatArray, step_s: FloatArray, request_s: float) -> Times:
    """All prompts first, then all sequences grow together; no request joins on the way.

    Args:
        prompts_s: Passes over the prompts of all sequences. [gpu]
        step_s: One step of all sequences. [gpu]
        request_s: Host time of a request beside its steps.
    """
    return Times(prompts_s + request_s, step_s)

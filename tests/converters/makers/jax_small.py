"""A model in JAX that the tests convert: ``jax_small.py:small``."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

_RNG = np.random.default_rng(0)
_FILTER = _RNG.standard_normal((3, 3, 3, 8)).astype("float32")
_HIDDEN = _RNG.standard_normal((8, 32)).astype("float32")
_LAST = _RNG.standard_normal((32, 10)).astype("float32")


def convolution(image, weight):
    """A 3x3 convolution, channels last; without padding, which JAX does not count."""
    numbers = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(image, weight, (1, 1), "VALID", dimension_numbers=numbers)


def dense(x, weight):
    return jnp.dot(x, weight)


def network(image):
    x = jax.nn.relu(convolution(image, _FILTER)).mean(axis=(1, 2))
    return dense(jax.nn.relu(dense(x, _HIDDEN)), _LAST)


def small():
    """The function and the shapes of its inputs; the batch is free."""
    return network, [("batch", 16, 16, 3)]

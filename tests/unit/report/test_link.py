"""A share link opens as what was sent, or is called damaged; it never opens as something else."""

import base64
import random
import zlib

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.comparison import Request
from phantomgpu.dtype import PRECISIONS
from phantomgpu.errors import LinkError
from phantomgpu.report.link import MOST_BYTES, PREFIX, decode_link, encode_link
from tests.unit.comparison.builders import a_gpu_text, a_request

CATALOG = {"round": a_gpu_text(), "fast": a_gpu_text(name="Fast", bandwidth=2000)}

FOUR_GPUS = Request(
    models=("resnet50",),
    gpus=("t4", "a100-sxm-80gb", "h100-sxm-80gb", "mi300x"),
    batches=(1, 8, 32),
    precisions=("fp16", "int8"),
)


def a_link_of(content, *, checksum=None):
    """A link around any bytes, whole as far as its form goes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(content) + deflate.flush()
    body = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{PREFIX}{body}.{checksum or format(zlib.crc32(body.encode()), '08x')}"


def with_parsed_profiles(request):
    """The request with what its profiles say in the place of how they are written."""
    return (
        request.models, request.gpus, request.runtimes, request.precisions, request.batches,
        request.dims, {name: parsed(text) for name, text in request.profiles.items()},
    )  # fmt: skip


def parsed(text):
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError:
        return text


def a_random_request(dice):
    """Any names, precisions, batches, dimensions and profile texts, unicode among them."""

    def names(most):
        signs = "abcXYZ0189-_./ äπ漢\"\\'=[]#"
        found = {
            "".join(dice.choice(signs) for _ in range(dice.randint(1, 20)))
            for _ in range(dice.randint(1, most))
        }
        return tuple(found)

    return Request(
        models=names(3),
        gpus=names(8),
        runtimes=names(3),
        precisions=tuple(dice.sample(sorted(PRECISIONS), dice.randint(1, 4))),
        batches=tuple(dice.sample(range(1, 1_000_000), dice.randint(1, 10))),
        dims={name: dice.randint(1, 2**31 - 1) for name in names(3)} if dice.random() < 0.5 else {},
        profiles={name: "\n\t".join(names(9)) for name in names(2)} if dice.random() < 0.5 else {},
    )


def test_a_thousand_random_requests_survive_the_link():
    dice = random.Random(0)
    for _ in range(1000):
        request = a_random_request(dice)

        assert decode_link(encode_link(request, CATALOG), CATALOG).request == request


@pytest.mark.parametrize("seed", range(5))
def test_every_cut_and_every_flip_is_called_damaged(seed):
    dice = random.Random(seed)
    link = encode_link(FOUR_GPUS if seed % 2 else a_request(dims={"sequence": seed + 1}), CATALOG)
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.#+/=% "

    broken = [link[:-count] for count in range(1, 21)]
    broken += [link[count:] for count in range(1, 21)]
    for count in range(1, 21):
        start = dice.randrange(len(link) - count)
        broken.append(link[:start] + link[start + count :])
    for at, sign in enumerate(link):
        other = dice.choice([each for each in signs if each != sign])
        broken.append(link[:at] + other + link[at + 1 :])

    for text in broken:
        with pytest.raises(LinkError, match="damaged"):
            decode_link(text, CATALOG)


@given(st.text(max_size=80) | st.text("#p1.AZaz09-_", max_size=80))
def test_junk_is_a_link_error_and_never_a_crash(text):
    with pytest.raises(LinkError):
        decode_link(text, CATALOG)


@given(st.binary(max_size=60))
def test_any_content_in_a_whole_link_is_a_request_or_a_link_error(content):
    try:
        found = decode_link(a_link_of(content), CATALOG).request
    except LinkError as error:
        found = error.fix

    assert found


def test_a_bomb_is_refused():
    with pytest.raises(LinkError, match=f"more than {MOST_BYTES:,} bytes"):
        decode_link(a_link_of(b"#" * 10_000_000), CATALOG)


def test_what_follows_the_content_is_damage():
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(b'models=["a"]\ngpus=["b"]\n') + deflate.flush() + b"more"
    body = base64.urlsafe_b64encode(packed).decode().rstrip("=")

    with pytest.raises(LinkError, match="damaged"):
        decode_link(f"{PREFIX}{body}.{zlib.crc32(body.encode()):08x}", CATALOG)


def test_a_field_of_a_newer_version_is_not_ignored():
    link = a_link_of(b'models=["resnet50"]\ngpus=["t4"]\nmoney=3\n')

    with pytest.raises(LinkError, match="this version cannot use it"):
        decode_link(link, CATALOG)


def test_a_whole_address_opens_like_its_link():
    link = encode_link(FOUR_GPUS, CATALOG)

    assert decode_link(f"https://example.org/phantom/{link}\n", CATALOG).request == FOUR_GPUS


def test_a_built_in_model_on_four_gpus_takes_at_most_200_characters():
    assert len(encode_link(FOUR_GPUS, CATALOG)) <= 200


def test_a_changed_profile_adds_no_more_than_200_characters():
    changed = a_gpu_text().replace("bandwidth_gb_per_s = 1000", "bandwidth_gb_per_s = 1250")
    request = a_request(
        models=FOUR_GPUS.models, gpus=(*FOUR_GPUS.gpus, "round"), profiles={"round": changed}
    )

    assert len(encode_link(request, CATALOG)) <= 400


def test_a_changed_profile_is_restored_from_what_differs():
    changed = a_gpu_text(memory_gb=32, fp8=400, int8=None)
    request = a_request(profiles={"round": changed})

    found = decode_link(encode_link(request, CATALOG), CATALOG).request

    assert with_parsed_profiles(found) == with_parsed_profiles(request)


def test_a_short_profile_keeps_its_comments():
    text = 'extends = "round" # my own\nname = "Mine"\n[spec]\nmemory_gb = 32\n'
    request = a_request(profiles={"round": text, "mine": text})

    assert decode_link(encode_link(request, CATALOG), CATALOG).request == request


def test_a_profile_with_a_mistake_travels_as_it_is():
    request = a_request(profiles={"round": "[spec\nmemory_gb = 32"})

    assert decode_link(encode_link(request, CATALOG), CATALOG).request == request


def test_a_change_to_a_profile_that_is_gone_is_said():
    link = encode_link(a_request(profiles={"round": a_gpu_text(memory_gb=32)}), CATALOG)

    with pytest.raises(LinkError, match="'round', which this catalogue does not have"):
        decode_link(link, {})


def test_what_the_sender_saw_travels_along():
    saw = {"engine": "0.1.0", "latency_ms": 3.21}

    assert decode_link(encode_link(FOUR_GPUS, CATALOG, saw=saw), CATALOG).saw == saw


@pytest.mark.parametrize("saw", ["3", "[1]", "{ a = [1] }"])
def test_what_the_sender_saw_must_be_figures(saw):
    link = a_link_of(f'models=["a"]\ngpus=["b"]\nsaw={saw}\n'.encode())

    with pytest.raises(LinkError, match="not a table of figures"):
        decode_link(link, CATALOG)


def test_a_request_too_large_for_a_link_is_refused():
    dice = random.Random(1)
    text = "".join(chr(dice.randrange(0x4E00, 0x9FFF)) for _ in range(90_000))

    with pytest.raises(LinkError, match="more than a link may hold"):
        encode_link(a_request(profiles={"mine": text}), CATALOG)

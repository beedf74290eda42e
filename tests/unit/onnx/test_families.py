"""Small models of families that the corpus has none of, run with ONNX Runtime beside our shapes."""

import numpy as np
import pytest

from phantomgpu.onnx import BytesSource, infer_shapes, read_model

onnx = pytest.importorskip("onnx", reason="its parser writes these models; absent in Pyodide")
runtime = pytest.importorskip("onnxruntime", reason="the peer that runs them; absent in Pyodide")

HEAD = '<ir_version: 8, opset_import: ["" : 17, "com.microsoft": 1, "ai.onnx.ml": 3]>\n'
RNG = np.random.default_rng(0)


def weight(*dims):
    return RNG.standard_normal(dims).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


FAMILIES = {
    "detection head with suppression": (
        """g (float[N,100,4] boxes, float[N,5,100] scores) => (int64[n,3] sel, float[k,4] out) {
          sel = NonMaxSuppression(boxes, scores, most, half, half)
          col = Gather<axis=1>(sel, two)
          which = Squeeze(col, one)
          first = Gather<axis=0>(boxes, zero0)
          picked = Gather(first, which)
          out = Slice(picked, zero, fifty, zero) }""",
        {"most": ints(10), "half": weight(1) * 0 + np.float32(0.5), "two": ints(2),
         "one": ints(1), "zero": ints(0), "fifty": ints(50), "zero0": np.array(0)},
    ),
    "proposals as in Mask R-CNN": (
        """g (float[1,256,14,14] features, float[300] objectness, float[300,4] deltas)
          => (float[r,256,7,7] pooled, float[r,91] classes) {
          n = Shape(objectness)
          both = Concat<axis=0>(n, thousand)
          k1 = ReduceMin<keepdims=1>(both)
          top, at = TopK(objectness, k1)
          boxes = Gather(deltas, at)
          zerof = Constant<value_float=0.0>()
          keep = Greater(top, zerof)
          nz = NonZero(keep)
          index = Squeeze(nz, zero)
          kept = Gather(boxes, index)
          m = Shape(kept)
          rows = Slice(m, zero, one, zero)
          batches = ConstantOfShape<value=int64[1]{0}>(rows)
          pooled = RoiAlign<output_height=7, output_width=7, sampling_ratio=2>
            (features, kept, batches)
          flat = Flatten(pooled)
          classes = Gemm<transB=1>(flat, w) }""",
        {"thousand": ints(1000), "zero": ints(0), "one": ints(1), "w": weight(91, 256 * 49)},
    ),
    "relative positions as in T5": (
        """g (int64[B,S] ids) => (float[b,s,d] y) {
          dims = Shape(ids)
          one0 = Constant<value_int=1>() zero0 = Constant<value_int=0>()
          s = Gather(dims, one0)
          at = Range(zero0, s, one0)
          column = Unsqueeze(at, one)
          row = Unsqueeze(at, zero)
          distance = Sub(row, column)
          far = Abs(distance)
          limit = Constant<value_int=31>()
          bucket = Min(far, limit)
          looked = Gather(table, bucket)
          turned = Transpose<perm=[2,0,1]>(looked)
          bias = Unsqueeze(turned, zero)
          x = Gather(words, ids)
          heads = Reshape(x, split)
          q = Transpose<perm=[0,2,1,3]>(heads)
          kt = Transpose<perm=[0,2,3,1]>(heads)
          scores = MatMul(q, kt)
          biased = Add(scores, bias)
          p = Softmax(biased)
          mixed = MatMul(p, q)
          back = Transpose<perm=[0,2,1,3]>(mixed)
          y = Reshape(back, join) }""",
        {"one": ints(1), "zero": ints(0), "table": weight(32, 4), "words": weight(100, 32),
         "split": ints(0, 0, 4, 8), "join": ints(0, 0, 32)},
    ),
    "speech encoder as in Whisper": (
        """g (float[B,80,T] mel) => (float[b,t,d] y) {
          a = Conv<pads=[1,1]>(mel, w1)
          b = Conv<pads=[1,1], strides=[2]>(a, w2)
          c = Transpose<perm=[0,2,1]>(b)
          d = Shape<start=1, end=2>(c)
          places = Slice(table, zero, d, zero)
          e = Add(c, places)
          y = LayerNormalization(e, g1, g1) }""",
        {"w1": weight(16, 80, 3), "w2": weight(16, 16, 3), "table": weight(1500, 16),
         "zero": ints(0), "g1": weight(16)},
    ),
    "decoder that branches on its cache": (
        """g (bool[1] use_cache, float[B,past_length,8] past, float[B,S,8] x)
          => (float[b,t,8] present) {
          present = If (use_cache) <
            then_branch = t () => (float[b,t1,8] o) { o = Concat<axis=1>(past, x) },
            else_branch = e () => (float[b,t2,8] p) { p = Identity(x) }> }""",
        {},
    ),
    "dynamically quantised layer": (
        """g (float[N,S,16] x) => (float[n,s,8] y) {
          q, scale, zero = DynamicQuantizeLinear(x)
          product = MatMulInteger(q, w, zero)
          f = Cast<to=1>(product)
          y = Mul(f, scale) }""",
        {"w": RNG.integers(0, 255, (16, 8)).astype(np.uint8)},
    ),
    "statically quantised convolution": (
        """g (float[N,3,8,8] x) => (float[n,4,8,8] y) {
          q = QuantizeLinear(x, s, z)
          c = QLinearConv<pads=[1,1,1,1]>(q, s, z, w, s, z, s, z)
          a = com.microsoft.QLinearAdd(c, s, z, c, s, z, s, z)
          p = com.microsoft.QLinearGlobalAveragePool(a, s, z, s, z)
          y = DequantizeLinear(a, s, z)
          v = DequantizeLinear(p, s, z) }""",
        {"s": np.array(0.1, np.float32), "z": np.array(128, np.uint8),
         "w": RNG.integers(0, 255, (4, 3, 3, 3)).astype(np.uint8)},
    ),
    "image layout of TensorFlow": (
        """g (float[unk__1,H,W,3] x) => (float[n,k] y) {
          a = Transpose<perm=[0,3,1,2]>(x)
          b = Conv<auto_pad="SAME_UPPER", strides=[2,2]>(a, w)
          dims = Shape(b)
          low = Slice(dims, two, four)
          d = Mul(low, twice)
          head = Slice(dims, zero, two)
          size = Concat<axis=0>(head, d)
          u = Resize<mode="nearest", coordinate_transformation_mode="asymmetric",
            nearest_mode="floor">(b, , , size)
          m = ReduceMean<axes=[2,3], keepdims=0>(u)
          y = Gemm(m, v) }""",
        {"w": weight(8, 3, 3, 3), "two": ints(2), "four": ints(4), "zero": ints(0),
         "twice": ints(2), "v": weight(8, 10)},
    ),
    "recurrent layers in both directions": (
        """g (float[S,B,10] x) => (float[s,b,12] y) {
          a, h = GRU<hidden_size=6, direction="bidirectional">(x, w, r)
          b = Transpose<perm=[0,2,1,3]>(a)
          shape = Constant<value_ints=[0,0,-1]>()
          c = Reshape(b, shape)
          d, e, f = LSTM<hidden_size=12>(c, w2, r2)
          y = Squeeze(d, one) }""",
        {"w": weight(2, 18, 10), "r": weight(2, 18, 6), "w2": weight(1, 48, 12),
         "r2": weight(1, 48, 12), "one": ints(1)},
    ),
    "a loop that gathers": (
        """g (float[B,8] x) => (float[b,8] last, float[t,b,8] all) {
          trips = Constant<value_int=6>()
          on = Constant<value=bool {1}>()
          last, all = Loop (trips, on, x) <body = step (int64 i, bool c, float[B,8] state)
            => (bool go, float[B,8] next, float[B,8] out) {
              go = Identity(c)
              next = Tanh(state)
              out = Exp(next) }> }""",
        {},
    ),
    "features of scikit-learn": (
        """g (float[N,4] x) => (int64[n] label, float[n,3] scores) {
          a = ai.onnx.ml.Scaler<offset=[0.0,0.0,0.0,0.0], scale=[1.0,1.0,1.0,1.0]>(x)
          b = ai.onnx.ml.Normalizer<norm="L2">(a)
          label, scores = ai.onnx.ml.LinearClassifier<classlabels_ints=[0,1,2],
            coefficients=[1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0],
            intercepts=[0.0,0.0,0.0], post_transform="SOFTMAX">(b) }""",
        {},
    ),
}  # fmt: skip


def a_family(name):
    text, stored = FAMILIES[name]
    model = onnx.parser.parse_model(HEAD + text)
    for key, value in stored.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), key))
    return model


def ran(model, shaped):
    """Arrays of every tensor the runtime gives, by name."""
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    feeds = {}
    for each in session.get_inputs():
        tensor = shaped.tensors[each.name]
        feeds[each.name] = np.abs(RNG.standard_normal(tensor.dims)).astype(tensor.dtype)
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_shapes_are_those_of_a_run_or_bounds_of_them(name):
    model = a_family(name)
    shaped = infer_shapes(read_model(BytesSource(name, model.SerializeToString())), {})

    for each, array in ran(model, shaped).items():
        dims = shaped.tensors[each].dims
        assert shaped.tensors[each].dtype == array.dtype.name
        assert len(dims) == array.ndim
        if shaped.assumptions:
            assert all(bound >= dim for bound, dim in zip(dims, array.shape, strict=True))
        else:
            assert dims == array.shape


def test_only_what_data_decide_is_flagged():
    flagged = set()
    for name in FAMILIES:
        source = BytesSource(name, a_family(name).SerializeToString())
        flagged |= {flag.op_type for flag in infer_shapes(read_model(source), {}).assumptions}

    assert flagged == {"NonMaxSuppression", "NonZero", "If"}

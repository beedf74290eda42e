"""Small real models of TensorFlow and Keras in every format; prints what TensorFlow counts in each.

``python tensorflow_models.py FOLDER``, with the Python that has TensorFlow.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

MATRIX = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Conv2DBackpropInput")


def small() -> keras.Model:
    """A convolutional network with what mobile ones are made of."""
    keras.utils.set_random_seed(0)
    image = layers.Input((32, 32, 3), name="image")
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    y = layers.DepthwiseConv2D(3, padding="same")(x)
    y = layers.Conv2D(16, 1, activation="relu")(y)
    x = layers.Add()([x, y])
    pooled = layers.MaxPooling2D(2)(x)
    x = layers.Concatenate()([pooled, layers.AveragePooling2D(2)(x)])
    x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(24, 3, activation="relu")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(64, activation="sigmoid")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x), name="small")


def frozen(model: keras.Model):
    """The model as one frozen function of batch 1."""
    shape = (1, *model.inputs[0].shape[1:])
    run = tf.function(lambda x: model(x, training=False))
    return convert_variables_to_constants_v2(
        run.get_concrete_function(tf.TensorSpec(shape, tf.float32, name="image"))
    )


def macs(function) -> int:
    """Multiply-adds of the matrix operators, as TensorFlow's own profiler counts them."""
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    profile = tf.compat.v1.profiler.profile(function.graph, cmd="op", options=options)
    flops = {child.name: child.total_float_ops for child in walk(profile)}
    return sum(flops.get(name, 0) for name in MATRIX) // 2


def walk(node):
    for child in node.children:
        if child.name:
            yield from [_alone(child)]
        yield from walk(child)


class _Own:
    def __init__(self, name: str, flops: int) -> None:
        self.name, self.total_float_ops = name, flops


def _alone(node) -> _Own:
    """A node of the profiler's chain: its own share, without those below it."""
    below = sum(child.total_float_ops for child in node.children)
    return _Own(node.name, node.total_float_ops - below)


def resnet50(first_stride_in_3x3: bool) -> keras.Model:
    """ResNet-50 as torchvision has it (v1.5): a block strides in its 3x3 convolution.

    ``keras.applications.ResNet50`` is v1, which strides in the first 1x1: 6 % fewer multiply-adds.
    """

    def conv(x, filters, size, stride=1, activation=True):
        if size > 1:
            x = layers.ZeroPadding2D(size // 2)(x)
        x = layers.Conv2D(filters, size, strides=stride, use_bias=False)(x)
        x = layers.BatchNormalization(epsilon=1e-5)(x)
        return layers.ReLU()(x) if activation else x

    image = layers.Input((224, 224, 3), name="image")
    x = conv(image, 64, 7, 2)
    # Padded in the pooling itself, as PyTorch's is: a layer of its own would be a kernel more.
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, (filters, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            before, in_3x3 = (1, stride) if first_stride_in_3x3 else (stride, 1)
            y = conv(conv(x, filters, 1, before), filters, 3, in_3x3)
            y = conv(y, 4 * filters, 1, activation=False)
            x = x if block else conv(x, 4 * filters, 1, stride, activation=False)
            x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(1000)(x), name="resnet50")


def tflite(model: keras.Model, *, int8: bool) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if int8:
        rng = np.random.default_rng(0)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        shape = (1, *model.inputs[0].shape[1:])
        converter.representative_dataset = lambda: (
            [rng.random(shape, np.float32)] for _ in range(4)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter.convert()


def main(folder: Path) -> None:
    model = small()
    model.export(folder / "savedmodel")
    model.save(folder / "small.keras")
    model.save(folder / "small.h5")
    model.save_weights(folder / "only.weights.h5")
    (folder / "frozen.pb").write_bytes(frozen(model).graph.as_graph_def().SerializeToString())
    (folder / "small.tflite").write_bytes(tflite(model, int8=False))
    (folder / "small-int8.tflite").write_bytes(tflite(model, int8=True))
    code = keras.Sequential([layers.Input((4,)), layers.Lambda(lambda x: x + 1)])
    code.save(folder / "lambda.keras")
    like_torch = resnet50(first_stride_in_3x3=True)
    like_torch.save(folder / "resnet50.keras")
    counted = {"small": macs(frozen(model)), "resnet50": macs(frozen(like_torch))}
    print(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

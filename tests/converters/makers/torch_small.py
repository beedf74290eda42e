"""Models in PyTorch that the tests convert; also the factories that ``--module`` calls."""

import torch
from torch import nn


class Small(nn.Module):
    """A convolutional network with a branch, and attention over what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU6()
        )
        self.deep = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.wide = nn.Conv2d(16, 32, 1)
        self.queries = nn.Linear(32, 32)
        self.head = nn.Linear(32, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.stem(image)
        x = self.wide(x + self.deep(x)).flatten(2).transpose(1, 2)
        scores = torch.softmax(self.queries(x) @ x.transpose(1, 2), dim=-1)
        return self.head((scores @ x).mean(1))


class Bottleneck(nn.Module):
    """A block of ResNet-50 as torchvision has it (v1.5): it strides in its 3x3 convolution."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        self.side = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.side = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.side(x))


def resnet50() -> nn.Module:
    """ResNet-50 v1.5."""
    stages: list[nn.Module] = []
    inputs = 64
    for stage, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            stages.append(Bottleneck(inputs, width, 2 if stage and not block else 1))
            inputs = 4 * width
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(3, 2, 1), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(2048, 1000),
    )  # fmt: skip


def small() -> tuple[nn.Module, tuple[torch.Tensor]]:
    """For ``--module torch_small.py:small``."""
    return Small(), (torch.zeros(1, 3, 32, 32),)


def resnet() -> tuple[nn.Module, tuple[torch.Tensor]]:
    """For ``--module torch_small.py:resnet``."""
    return resnet50(), (torch.zeros(1, 3, 224, 224),)

"""Small real models of PyTorch in every format; prints what PyTorch counts in each.

``python torch_models.py FOLDER``, with the Python that has PyTorch.
"""

import json
import pickle
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent))
from torch_small import Small, resnet50


def macs(model: torch.nn.Module, *inputs: torch.Tensor) -> int:
    """Multiply-adds as PyTorch's own counter has them."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(*inputs)
    return counter.get_total_flops() // 2


class Marker:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def main(folder: Path) -> None:
    torch.manual_seed(0)
    model, image = Small().eval(), torch.zeros(1, 3, 32, 32)
    torch.save(model, folder / "whole.pt")
    torch.save(model.state_dict(), folder / "weights.pt")
    torch.save(model.state_dict(), folder / "old.pth", _use_new_zipfile_serialization=False)
    torch.jit.script(model).save(str(folder / "scripted.pt"))
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.export.export(model, (torch.zeros(2, 3, 32, 32),), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "program.pt2")
    marker = folder / "it-ran"
    torch.save(Marker(str(marker)), folder / "malicious.pt")
    (folder / "malicious.pkl").write_bytes(pickle.dumps(Marker(str(marker)), protocol=2))
    malicious = torch.export.export(model, (image,))
    torch.export.save(malicious, folder / "malicious.pt2")
    counted = {
        "small": macs(model, image),
        "resnet50": macs(resnet50().eval(), torch.zeros(1, 3, 224, 224)),
    }
    print(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Trains the bird network on the few pictures of this folder and exports it now and then.

    python train.py                  # writes birds.onnx; needs torch, onnxscript, numpy and Pillow

So few pictures are soon learnt by heart; look at what the network looks at while it does.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from models.birds.net import BirdNet

PICTURES = Path("models/birds/pictures")


def load() -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Pictures as float32 [count, 3, 64, 64] in 0..1, class indices, class names."""
    labels = sorted(folder.name for folder in PICTURES.iterdir() if folder.is_dir())
    files = [(file, index) for index, name in enumerate(labels) for file in sorted((PICTURES / name).glob("*.png"))]
    pictures = np.stack([np.asarray(Image.open(file).convert("RGB")) for file, _ in files])
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    return x, torch.tensor([index for _, index in files]), labels


def export(net: BirdNet, file: str) -> None:
    """The exporter notes which line of net.py each node comes from; ONNX Lens shows it beside the layer."""
    net.eval()
    torch.onnx.export(
        net,
        (torch.randn(2, 3, 64, 64),),
        file,
        dynamo=True,
        external_data=False,
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )


def main() -> None:
    torch.manual_seed(0)
    x, y, labels = load()
    net = BirdNet(len(labels))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    for epoch in range(1, 31):
        net.train()
        for batch in torch.randperm(len(y)).split(8):
            loss = F.cross_entropy(net(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}  loss {loss.item():.3f}", flush=True)
        if epoch % 10 == 0:
            export(net, "birds.onnx")


if __name__ == "__main__":
    main()

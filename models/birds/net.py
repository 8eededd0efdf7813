"""The networks of the field guide: residual CNNs, small and less small, and a small vision transformer.

All take `[batch, 3, height, width]` (RGB, normalised) and return logits `[batch, classes]`.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016, arXiv:1512.03385). The first may halve the resolution."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x))


class BirdNet(nn.Module):
    """Stem of 7x7 filters that are large enough to look at, three residual stages, global average pooling, linear head.

    The last stage keeps 8x8 places, so that a class activation map can tell the crown from the breast.
    """

    def __init__(self, classes: int, width: int = 24):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 7, padding=3, bias=False)
        self.stem_bn = nn.BatchNorm2d(width)
        # Start small: the batch norm makes the scale irrelevant, and what is then seen in a filter was learned.
        nn.init.normal_(self.stem.weight, std=0.005)
        self.stage1 = Block(width, 32)
        self.stage2 = Block(32, 56, stride=2)
        self.stage3 = Block(56, 88, stride=2)
        self.head = nn.Linear(88, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem_bn(self.stem(x)))
        x = F.max_pool2d(x, 2)
        x = self.stage1(x)
        x = self.stage2(x)
        x = self.stage3(x)
        x = x.mean(dim=(2, 3))
        return self.head(x)


class Attention(nn.Module):
    """Multi-head self-attention, written out so that the attention weights are a value in the exported graph."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens, dim = x.shape[1], x.shape[2]
        q, k, v = self.qkv(x).reshape(-1, tokens, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        attention = (q * self.scale @ k.transpose(-2, -1)).softmax(dim=-1)
        x = (attention @ v).transpose(1, 2).reshape(-1, tokens, dim)
        return self.proj(x)


class Layer(nn.Module):
    """One pre-norm transformer layer."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, dim * 3), nn.GELU(), nn.Linear(dim * 3, dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class BirdViT(nn.Module):
    """A vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929): 64 patches of 8x8 pixels and a class token."""

    def __init__(self, classes: int, dim: int = 64, depth: int = 4, heads: int = 4, patch: int = 8, size: int = 64):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, patch, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (size // patch) ** 2, dim) * 0.02)
        self.layers = nn.ModuleList(Layer(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embed
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x)[:, 0])


class ResidualNet(nn.Module):
    """The residual nets of He et al. 2016 (arXiv:1512.03385, section 4.2): three stages of `blocks` blocks, 6 blocks + 2 layers.

    The stem has 7x7 filters, large enough to look at, and halves the picture; the last stage keeps 8x8 places of 64x64.
    """

    def __init__(self, classes: int, blocks: int = 3, widths: tuple[int, int, int] = (16, 32, 48)):
        super().__init__()
        first, second, third = widths
        self.stem = nn.Conv2d(3, first, 7, 2, padding=3, bias=False)
        self.stem_bn = nn.BatchNorm2d(first)
        self.stage1 = self.stage(first, first, blocks, 1)
        self.stage2 = self.stage(first, second, blocks, 2)
        self.stage3 = self.stage(second, third, blocks, 2)
        self.head = nn.Linear(third, classes)

    @staticmethod
    def stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
        return nn.Sequential(Block(inputs, outputs, stride), *(Block(outputs, outputs) for _ in range(blocks - 1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem_bn(self.stem(x)))
        x = self.stage1(x)
        x = self.stage2(x)
        x = self.stage3(x)
        x = x.mean(dim=(2, 3))
        return self.head(x)

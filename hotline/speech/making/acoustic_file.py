"""`am/final.mdl`: transitions and network as libvosk reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from hotline.speech.making import kaldi_binary as kaldi
from hotline.speech.making.features import CEPSTRA
from hotline.speech.making.inventory import Inventory
from hotline.speech.making.network import AROUND, CONTEXT, HIDDEN, STEPS, STRIDE, TINY
from hotline.speech.making.training import Trained
from hotline.speech.making.types import Array

HALF = math.log(0.5)
_Part = tuple[str, str, bytes]
"""Name, input, the component's bytes."""


def acoustic_model(trained: Trained, inventory: Inventory, priors: Array) -> bytes:
    """The whole file; `priors` are the shares of the network's states."""
    parts = list(_parts(trained))
    lines = [f"input-node name=input dim={CEPSTRA}"]
    lines += [f"component-node name={name} component={name} input={source}" for name, source, _ in parts]
    lines.append(f"output-node name=output input={parts[-1][0]} objective=linear")
    content = kaldi.BINARY + _transitions(inventory)
    content += kaldi.token("<Nnet3>") + b"\n" + "\n".join(lines).encode() + b"\n\n"
    content += kaldi.token("<NumComponents>") + kaldi.integer(len(parts))
    for name, _, component in parts:
        content += kaldi.token("<ComponentName>") + kaldi.token(name) + component
    content += kaldi.token("</Nnet3>")
    for side in ("<LeftContext>", "<RightContext>"):
        content += kaldi.token(side) + kaldi.integer(CONTEXT)
    return content + kaldi.token("<Priors>") + kaldi.vector(priors)


def _transitions(inventory: Inventory) -> bytes:
    phones = sorted(inventory.phones.values())
    states = {phone: len(inventory.transitions[phone]) for phone in phones}
    content = kaldi.token("<TransitionModel>") + kaldi.token("<Topology>") + kaldi.integers(phones)
    content += kaldi.integers([-1] + [states[phone] - 1 for phone in phones]) + kaldi.integer(2)
    content += _topology(1) + _topology(2) + kaldi.token("</Topology>")
    content += kaldi.token("<Triples>") + kaldi.integer(len(inventory.triples))
    for triple in inventory.triples:
        content += b"".join(kaldi.integer(number) for number in triple)
    content += kaldi.token("</Triples>") + kaldi.token("<LogProbs>")
    content += kaldi.vector([0.0] + [HALF] * (2 * len(inventory.triples)))
    return content + kaldi.token("</LogProbs>") + kaldi.token("</TransitionModel>")


def _topology(states: int) -> bytes:
    content = kaldi.integer(states + 1)
    for state in range(states):
        content += kaldi.integer(state) + kaldi.integer(2)
        for target in (state, state + 1):
            content += kaldi.integer(target) + kaldi.single(0.5)
    return content + kaldi.integer(-1) + kaldi.integer(0)


def _parts(trained: Trained) -> Iterator[_Part]:
    """The layers in order; normalisations are folded into the affine layer after them."""
    p = {name: value.astype(np.float64) for name, value in trained.network.parameters.items()}
    moments = 2 * AROUND + 1
    scale, shift = 1 / trained.deviation, -trained.mean / trained.deviation
    source = _spliced("input", list(range(-AROUND, AROUND + 1)))
    scale, shift = np.tile(scale, moments), np.tile(shift, moments)
    weight, bias = _folded(p["first.weight"], p["first.bias"], scale, shift)
    yield "first.affine", source, _affine(weight, bias)
    yield "first.relu", "first.affine", _unweighted("RectifiedLinearComponent", HIDDEN)
    before = "first.relu"
    for layer, step in enumerate(STEPS):
        scale, shift = _norm(trained, layer)
        down = p[f"down{layer}.weight"]
        weight, bias = _folded(down, np.zeros(down.shape[1]), np.tile(scale, 3), np.tile(shift, 3))
        source = _spliced(before, [-STRIDE * step, 0, STRIDE * step])
        yield f"layer{layer}.linear", source, _affine(weight, bias)
        up = _affine(p[f"up{layer}.weight"], p[f"up{layer}.bias"])
        yield f"layer{layer}.affine", f"layer{layer}.linear", up
        before = f"layer{layer}.relu"
        yield before, f"layer{layer}.affine", _unweighted("RectifiedLinearComponent", HIDDEN)
    last = p["last.weight"]
    weight, bias = _folded(last, np.zeros(last.shape[1]), *_norm(trained, len(STEPS)))
    yield "last.linear", before, _affine(weight, bias)
    yield "out.affine", "last.linear", _affine(p["out.weight"], p["out.bias"])
    yield "out.logsoftmax", "out.affine", _unweighted("LogSoftmaxComponent", p["out.bias"].shape[0])


def _norm(trained: Trained, number: int) -> tuple[Array, Array]:
    norm = trained.network.norms[number]
    scale = 1 / np.sqrt(norm.variance.astype(np.float64) + TINY)
    return scale, -norm.mean * scale


def _folded(weight: Array, bias: Array, scale: Array, shift: Array) -> tuple[Array, Array]:
    """What an affine layer is when its inputs are scaled and shifted before it."""
    return weight * scale[:, None], bias + shift @ weight


def _spliced(source: str, offsets: list[int]) -> str:
    return "Append(" + ", ".join(f"Offset({source}, {k})" if k else source for k in offsets) + ")"


def _affine(weight: Array, bias: Array) -> bytes:
    return (
        kaldi.token("<AffineComponent>") + kaldi.token("<LearningRate>") + kaldi.single(0.001)
        + kaldi.token("<LinearParams>") + kaldi.matrix(weight.T)
        + kaldi.token("<BiasParams>") + kaldi.vector(bias) + kaldi.token("</AffineComponent>")
    )  # fmt: skip


def _unweighted(kind: str, size: int) -> bytes:
    content = kaldi.token(f"<{kind}>") + kaldi.token("<Dim>") + kaldi.integer(size)
    content += kaldi.token("<ValueAvg>") + kaldi.vector([]) + kaldi.token("<DerivAvg>") + kaldi.vector([])
    content += kaldi.token("<Count>") + kaldi.double(0) + kaldi.token("<OderivRms>") + kaldi.vector([])
    for counter in ("<OderivCount>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
        content += kaldi.token(counter) + kaldi.double(0)
    return content + kaldi.token(f"</{kind}>")

"""A GPU that is none: tensors say that they are on device "cuda" and hold their numbers on the processor.

As on a GPU, an operation whose tensors lie on both devices is an error, but for copies, indices and single numbers, and
NumPy takes nothing that was not brought to the processor. Kernels are the processor's: what is shown is that the code
keeps to one device and gives its numbers, not what a GPU's kernels round.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode

GPU = torch.device("cuda", 0)
ACROSS = ("copy_", "_to_copy", "index", "index_put_", "_index_put_impl_")
"""Operations that take tensors of both devices, as CUDA's do."""
MATH = 0
"""What torch calls attention that is made of plain products."""


class OnGpu(Tensor):
    """A tensor that says that it is on the GPU."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> OnGpu:
        made = Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype, device=GPU
        )
        made.held = held
        return made

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"OnGpu({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})


@contextmanager
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it, tensors that are made on, or brought to, the GPU are `OnGpu`."""
    torch._C._ensureCUDADeviceGuardSet()  # as torch's own FakeTensor does where no GPU is
    monkeypatch.setattr("torch.cuda._lazy_init", lambda: None)
    # views that are taken in inference mode of a subclass made outside of it are an error of torch's
    for name in ("__enter__", "__exit__", "clone"):
        monkeypatch.setattr(torch.inference_mode, name, getattr(_NoGradient, name))
    with _Operations(), _Constructors():
        yield


class _NoGradient:
    """In the place of inference mode."""

    def __enter__(self) -> None:
        self.own = torch.no_grad()
        self.own.__enter__()

    def __exit__(self, *error: Any) -> None:
        self.own.__exit__(*error)

    def clone(self) -> Any:
        return torch.inference_mode()


class _Operations(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})


class _Constructors(TorchFunctionMode):
    """What copies numbers of Python's to the device before any operation is seen."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = dict(kwargs or {})
        if func is torch.tensor and options.get("device") is not None and torch.device(options["device"]) == GPU:
            return OnGpu(torch.tensor(*args, **options | {"device": "cpu"}))
        if func is Tensor.tolist and isinstance(args[0], OnGpu):  # of a subclass torch has none
            return args[0].held.tolist()
        if func is Tensor.__getitem__ and isinstance(args[1], list):
            args = args[0], torch.tensor(args[1], dtype=torch.int64)
        return func(*args, **options)


def run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run an operation on what its tensors hold; its result is where it would be on a machine with a GPU."""
    name = func.overloadpacket.__name__
    leaves, structure = _pytree.tree_flatten((args, kwargs))
    tensors = [each for each in leaves if isinstance(each, Tensor)]
    there = [each for each in tensors if isinstance(each, OnGpu)]
    if there and name not in ACROSS and any(not isinstance(each, OnGpu) and each.ndim for each in tensors):
        raise RuntimeError(f"{name}: expected all tensors to be on the same device")
    if name == "_fused_sdp_choice":
        return MATH
    wanted = next((each for each in leaves if isinstance(each, torch.device)), None)
    goes_there = bool(there) if wanted is None else wanted.type == "cuda"
    if name in ("copy_", "index_put_", "_index_put_impl_"):
        goes_there = isinstance(args[0], OnGpu)
    own, options = _pytree.tree_unflatten([_open(each) for each in leaves], structure)
    made = func(*own, **options)
    return _pytree.tree_map_only(Tensor, OnGpu, made) if goes_there else made


def _open(leaf: Any) -> Any:
    """What a tensor holds in its place, and the processor in the GPU's."""
    if isinstance(leaf, OnGpu):
        return leaf.held
    return torch.device("cpu") if isinstance(leaf, torch.device) else leaf


def move(model: nn.Module) -> None:
    """Bring a model's parameters and buffers to the GPU; what is shared stays shared."""
    known: dict[int, nn.Parameter] = {}
    for module in model.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                moved = known.setdefault(id(parameter), nn.Parameter(OnGpu(parameter.data), requires_grad=False))
                module._parameters[name] = moved
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = OnGpu(buffer)

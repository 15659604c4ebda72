"""Runs cases with PyTorch on CUDA (or ROCm) devices.

Launches are captured in a CUDA graph where that works, so that the host isn't timed. Weights and inputs rotate
through copies that together exceed the second-level cache, as they would between the layers of a model.
"""

import math


class Unsupported(Exception):
    """The case can't run on this device or with this version of PyTorch."""


class TorchWork:
    """Launches that go round a list of functions, each the same operator on its own copy of the data."""

    GRAPH_LAUNCHES = 32

    def __init__(self, torch, functions, graphs=True):
        self.torch, self.functions = torch, functions
        self.per_round = len(functions)
        self.graph = self.captured() if graphs else None

    def captured(self):
        torch = self.torch
        rounds = max(1, math.ceil(self.GRAPH_LAUNCHES / len(self.functions)))
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for function in self.functions:
                function()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                for _ in range(rounds):
                    for function in self.functions:
                        function()
        except RuntimeError:
            torch.cuda.synchronize()
            return None
        self.per_round = rounds * len(self.functions)
        return graph

    def seconds(self, launches):
        """Device time of that many launches (measured over whole rounds)."""
        torch = self.torch
        rounds = max(1, math.ceil(launches / self.per_round))
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(rounds):
            if self.graph is not None:
                self.graph.replay()
            else:
                for function in self.functions:
                    function()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3 * launches / (rounds * self.per_round)


class TorchBackend:
    """Makes work of cases on one device."""

    framework = "pytorch"
    MOST_COPIES = 32

    def __init__(self, device=0):
        import torch

        if not torch.cuda.is_available():
            raise RuntimeError("PyTorch sees no GPU")
        self.torch = torch
        self.device = torch.device("cuda", device)
        torch.cuda.set_device(self.device)
        self.properties = torch.cuda.get_device_properties(self.device)
        self.version = torch.__version__
        self.name = self.properties.name
        self.accelerators = torch.cuda.device_count()
        self.uuid = getattr(self.properties, "uuid", None)
        self.cache_bytes = getattr(self.properties, "L2_cache_size", 64 << 20)

    def described(self):
        return {
            "device": self.name, "multiprocessors": self.properties.multi_processor_count,
            "memory_bytes": self.properties.total_memory, "cache_bytes": self.cache_bytes,
            "runtime": self.torch.version.cuda or getattr(self.torch.version, "hip", None)}

    def dtypes(self):
        """Number formats of GEMMs that this device multiplies natively."""
        capability = (self.properties.major, self.properties.minor)
        fp8 = capability >= (8, 9) and hasattr(self.torch, "float8_e4m3fn") and hasattr(self.torch, "_scaled_mm")
        return ("bf16", "fp8") if fp8 else ("bf16",)

    def copies(self, bytes_each):
        """How many copies of the data outgrow the cache twice."""
        return max(1, min(self.MOST_COPIES, math.ceil(2 * self.cache_bytes / max(bytes_each, 1))))

    def random(self, *shape, dtype=None):
        return self.torch.randn(*shape, device=self.device, dtype=dtype or self.torch.bfloat16)

    def prepare(self, case):
        """(work, kernel label) of a case. Raises Unsupported."""
        try:
            functions, label = getattr(self, case.family)(**case.shape, **case.load)
            self.torch.cuda.synchronize()
            return TorchWork(self.torch, functions, graphs=case.family != "collectives"), label
        except self.torch.cuda.OutOfMemoryError as error:
            raise Unsupported("not enough memory") from error
        except (RuntimeError, NotImplementedError, AttributeError, TypeError) as error:
            raise Unsupported(str(error).splitlines()[0]) from error

    def gemm(self, dtype, n, k, m):
        torch = self.torch
        if dtype == "bf16":
            count = self.copies((n * k + m * k) * 2)
            data = [(self.random(m, k), self.random(n, k)) for _ in range(count)]
            return [lambda a=a, w=w: torch.nn.functional.linear(a, w) for a, w in data], "torch_linear"
        if dtype == "fp8":
            count = self.copies(n * k + m * k)
            one = torch.ones((), device=self.device)
            data = [
                (self.random(m, k).to(torch.float8_e4m3fn), self.random(n, k).to(torch.float8_e4m3fn).t())
                for _ in range(count)]
            return [
                lambda a=a, w=w: torch._scaled_mm(a, w, scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
                for a, w in data], "torch_scaled_mm"
        raise Unsupported(f"no GEMM in {dtype}")

    def prefill_attention(self, query_heads, kv_heads, head_dimension, batch, new_tokens, **others):
        torch = self.torch
        query = self.random(batch, query_heads, new_tokens, head_dimension)
        key, value = (self.random(batch, kv_heads, new_tokens, head_dimension) for _ in range(2))
        return [lambda: torch.nn.functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, enable_gqa=query_heads != kv_heads)], "torch_sdpa"

    def decode_attention(self, query_heads, kv_heads, head_dimension, batch, context_tokens, **others):
        torch = self.torch
        cache_bytes = 4 * batch * kv_heads * context_tokens * head_dimension
        count = self.copies(cache_bytes)
        try:
            from flash_attn import flash_attn_with_kvcache
        except ImportError:
            shape, label = (batch, kv_heads, context_tokens, head_dimension), "torch_sdpa"
            query = self.random(batch, query_heads, 1, head_dimension)

            def attend(key, value):
                return torch.nn.functional.scaled_dot_product_attention(
                    query, key, value, enable_gqa=query_heads != kv_heads)
        else:
            shape, label = (batch, context_tokens, kv_heads, head_dimension), "flash_attn_with_kvcache"
            query = self.random(batch, 1, query_heads, head_dimension)
            lengths = torch.full((batch,), context_tokens, device=self.device, dtype=torch.int32)

            def attend(key, value):
                return flash_attn_with_kvcache(query, key, value, cache_seqlens=lengths)
        data = [(self.random(*shape), self.random(*shape)) for _ in range(count)]
        return [lambda key=key, value=value: attend(key, value) for key, value in data], label

    def moe(self, hidden, intermediate, top_k, experts, num_tokens, **others):
        """Up and gate, activation, down: as grouped products over tokens spread evenly over the experts."""
        torch = self.torch
        if not hasattr(torch, "_grouped_mm"):
            raise Unsupported("this PyTorch has no grouped GEMM")
        rows = num_tokens * top_k
        counts = [rows // experts + (expert < rows % experts) for expert in range(experts)]
        ends = torch.tensor(counts, device=self.device).cumsum(0).to(torch.int32)
        tokens = self.random(rows, hidden)
        up = self.random(experts, 2 * intermediate, hidden).transpose(1, 2)
        down = self.random(experts, hidden, intermediate).transpose(1, 2)

        def layer():
            both = torch._grouped_mm(tokens, up, offs=ends)
            gate, value = both.chunk(2, dim=-1)
            return torch._grouped_mm(torch.nn.functional.silu(gate) * value, down, offs=ends)

        return [layer], "torch_grouped_mm"

    def elementwise(self, operation, dtype, width, rows):
        torch = self.torch
        count = self.copies(2 * rows * width)
        inputs = [self.random(rows, width) for _ in range(count)]
        other = self.random(rows, width)
        weight = self.random(width)
        work = {
            "rms_norm": lambda x: torch.nn.functional.rms_norm(x, (width,), weight),
            "silu_and_multiply": lambda x: torch.nn.functional.silu(x).mul_(other),
            "add": lambda x: x + other,
            "copy": lambda x: other.copy_(x)}[operation]
        return [lambda x=x: work(x) for x in inputs], f"torch_{operation}"

    def memory_copy(self, direction, message_bytes):
        torch = self.torch
        count = self.copies(message_bytes) if direction == "device_to_device" else 1
        peer = torch.device("cuda", (self.device.index + 1) % self.accelerators)
        ends = {
            "device_to_device": (self.device, self.device), "host_to_device": ("cpu", self.device),
            "device_to_host": (self.device, "cpu"), "peer_to_peer": (self.device, peer)}[direction]
        functions = []
        for _ in range(count):
            source, target = (
                torch.empty(message_bytes, dtype=torch.uint8, device=end, pin_memory=end == "cpu") for end in ends)
            functions.append(lambda s=source, t=target: t.copy_(s, non_blocking=True))
        return functions, "torch_copy"

    def collectives(self, operation, dtype, accelerators, implementation, message_bytes):
        """Sizes as the store counts them; needs an initialised process group of `accelerators` ranks."""
        torch = self.torch
        group = torch.distributed
        elements = message_bytes // 2 // accelerators * accelerators
        whole, other = self.random(elements), self.random(elements)
        part = self.random(elements // accelerators)
        work = {
            "all_reduce": lambda: group.all_reduce(whole),
            "all_gather": lambda: group.all_gather_into_tensor(whole, part),
            "reduce_scatter": lambda: group.reduce_scatter_tensor(part, whole),
            "all_to_all": lambda: group.all_to_all_single(other, whole)}[operation]
        return [work], f"torch_{group.get_backend()}"


class Agreeing:
    """A backend of several ranks whose works report the slowest rank's time, so that all decide alike how many
    launches come next (each rank deciding by its own clock would leave some waiting for ever)."""

    def __init__(self, backend):
        self.backend = backend
        self.framework, self.version, self.name = backend.framework, backend.version, backend.name

    def prepare(self, case):
        work, label = self.backend.prepare(case)
        return AgreeingWork(self.backend.torch, work), label


class AgreeingWork:
    def __init__(self, torch, work):
        self.torch, self.work = torch, work

    def seconds(self, launches):
        slowest = self.torch.tensor([self.work.seconds(launches)], device="cuda", dtype=self.torch.float64)
        self.torch.distributed.all_reduce(slowest, op=self.torch.distributed.ReduceOp.MAX)
        return slowest.item()

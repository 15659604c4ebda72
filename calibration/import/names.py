"""Names as the project's catalogue has them, for the names that sources use."""

# The package's folder of a system: (catalogue id, accelerators that one node joins).
SYSTEMS = {
    "a100_pcie": ("a100-pcie", 8),
    "a100_sxm": ("a100-sxm", 8),
    "h100_pcie": ("h100-pcie", 8),
    "h100_sxm": ("h100-sxm", 8),
    "h200_sxm": ("h200-sxm", 8),
    "l40s": ("l40s", 8),
    "rtx_pro_6000_server": ("rtx-pro-6000", 8),  # measured on the Server Edition
    "b200_sxm": ("b200-sxm", 8),
    "b300_sxm": ("b300-sxm", 8),
    "gb200": ("gb200-nvl72", 4),
    "gb300": ("gb300-nvl72", 4),
    "b60": ("b60", 8),  # Intel Arc Pro B60, not in the catalogue
}
# Other names of systems in published points.
SYSTEM_ALIASES = {"rtx-pro-6000-server": "rtx-pro-6000"}
FRAMEWORKS = {
    "trtllm": "tensorrt-llm", "vllm": "vllm", "sglang": "sglang", "nccl": "nccl", "oneccl": "oneccl"}
DTYPES = {
    "bfloat16": "bf16", "half": "fp16", "float16": "fp16", "fp8_e4m3": "fp8", "sq": "int8_smooth_quant"}
DTYPE_BYTES = {"bf16": 2, "fp16": 2, "int8": 1, "fp8": 1, "float32": 4}


def system(folder):
    return SYSTEMS[folder][0]


def accelerators_per_node(folder):
    return SYSTEMS[folder][1]


def dtype(name):
    """One name for one number format; the variants of a quantised GEMM (fp8_block, int8_wo, ...) keep theirs."""
    return DTYPES.get(name, name)


def framework(name):
    return FRAMEWORKS.get(name.lower(), name.lower())

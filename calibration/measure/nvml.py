"""Power, clock and temperature of one NVIDIA GPU through NVML (the Python package nvidia-ml-py)."""

import time


class NvmlMeter:
    """Reads one GPU. Raises where NVML or the package isn't there."""

    def __init__(self, uuid=None, index=0):
        """`uuid`: as PyTorch gives it; NVML counts GPUs differently from CUDA when some are hidden."""
        import pynvml

        self.nvml = pynvml
        pynvml.nvmlInit()
        self.handle = (
            pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}".encode()) if uuid
            else pynvml.nvmlDeviceGetHandleByIndex(index))
        self.power_limit_watts = self.quietly(lambda: pynvml.nvmlDeviceGetEnforcedPowerLimit(self.handle) / 1e3)

    def described(self, seconds=2.0):
        """Limits, and the mean power (W) of that time: call it while nothing runs."""
        nvml, handle = self.nvml, self.handle
        began = self.read()
        time.sleep(seconds)
        ended = self.read()
        energies = began[1] is not None and ended[1] is not None
        return {
            "power_limit_watts": self.power_limit_watts,
            "idle_watts": (ended[1] - began[1]) / (ended[0] - began[0]) if energies else ended[2],
            "idle_sm_clock_hertz": ended[3],
            "most_sm_clock_hertz": self.quietly(lambda: nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM) * 1e6),
            "memory_clock_hertz": self.quietly(lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM) * 1e6),
            "driver": self.quietly(lambda: nvml.nvmlSystemGetDriverVersion()),
        }

    def quietly(self, reading):
        """A reading, or None on GPUs that don't have it."""
        try:
            return reading()
        except self.nvml.NVMLError:
            return None

    def read(self):
        nvml, handle = self.nvml, self.handle
        return (
            time.monotonic(),
            self.quietly(lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3),
            self.quietly(lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1e3),
            self.quietly(lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM) * 1e6),
            self.quietly(lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))))

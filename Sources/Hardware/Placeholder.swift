enum HardwarePlaceholder {}

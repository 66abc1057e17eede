# A one-wire probe on a GPIO pin: the kernel gives whole thousandths of a degree.
platform=armv7
probe_files='/sys/bus/w1/devices/28-*/temperature'

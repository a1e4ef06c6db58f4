"""The invented world: services, centres and patients that do not exist, for demonstration, tests and benchmarks."""

"""The parts of `streams demo`: its processes, its screen, its alerts, and its last comparison."""

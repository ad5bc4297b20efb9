"""Angles to begin with on a device, found without one."""

"""Noise: channels behind the gates of a circuit, from rates, devices and noise models."""

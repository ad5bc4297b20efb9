"""The command line."""

from qtrain.cli.app import main as main

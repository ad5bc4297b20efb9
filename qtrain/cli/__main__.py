"""``python -m qtrain.cli``."""

from qtrain.cli.app import main

if __name__ == "__main__":
    main()

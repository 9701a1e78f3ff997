"""`python -m surewire` is the `surewire` command."""

from surewire.cli import main

if __name__ == "__main__":
    main()

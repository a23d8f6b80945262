"""`python -m humo_mini train`: see `humo_mini.cli`."""

from humo_mini.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

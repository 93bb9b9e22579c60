"""The long checks of what is promised: `python -m tests.soak`."""

"""The crisis flow: cases, their steps and clocks, and what must happen when nobody answers."""

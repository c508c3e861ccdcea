"""What the generated pages of ``docs/`` are made of."""

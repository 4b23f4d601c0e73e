"""What is done with one word: to check, to explore, to train, to evaluate."""

__all__: list[str] = []

"""Writes what follows from each story again: ``python -m tests.regenerate``, then read the diff."""

from tests.spec.stories import stories

if __name__ == "__main__":
    for story in stories():
        for name, text in story.results().items():
            (story.folder / name).write_text(text, "utf-8")

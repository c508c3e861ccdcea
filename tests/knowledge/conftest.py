"""The shipped knowledge as texts that a test may damage, and as the model they make."""

from collections.abc import Callable, Mapping

import pytest

from service.clinical.model import Model
from service.errors import KnowledgeError
from service.knowledge.files import load_model, model_from, read_contents

Damage = Callable[..., str]


@pytest.fixture(scope="session")
def contents() -> Mapping[str, str]:
    return read_contents()


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


@pytest.fixture
def refusal(contents: Mapping[str, str]) -> Damage:
    """Replace one passage of one file, or add lines to it, and return why the knowledge is refused."""

    def damaged(name: str, old: str = "", new: str = "", *, more: str = "") -> str:
        text = contents[name]
        assert old in text
        with pytest.raises(KnowledgeError) as refused:
            model_from({**contents, name: text.replace(old, new, 1) + more})
        return str(refused.value)

    return damaged

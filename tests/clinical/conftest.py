import pytest

from service.knowledge.files import load_model


@pytest.fixture(scope="session")
def model():
    return load_model()

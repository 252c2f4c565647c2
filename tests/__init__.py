"""The tests, in folders named after the packages they test. They share what is in `tests.conftest`: SHARED, data(),
stores."""
